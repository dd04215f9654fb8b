//! `/roles/{role}`: one role, who has it, and what it may do where.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::{Form, Query};
use serde::Deserialize;

use crate::domain::access::Principal;
use crate::domain::privilege::{SystemPrivilege, SystemPrivileges, can};
use crate::domain::{Email, GroupId, RoleId};
use crate::ops::access::{Edit, MAX_NAME, UserRef};
use crate::store::roles::{Member, Role};
use crate::store::{self, StoreError};
use crate::web::error::AppError;
use crate::web::extract::{May, Path};
use crate::web::layout::{Layout, html_with};
use crate::web::pages::access::confirm::{Done, Fields, Outcome, Plan, confirm, make};
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::words::privileges::{Choice, account_labels, system_choices};

/// People on a page.
const PAGE: u32 = 100;

/// What to show, from the URL.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    after: String,
}

#[derive(Template)]
#[template(path = "pages/roles/show.html")]
struct RolePage {
    layout: Layout,
    tab: &'static str,
    done: Option<&'static str>,
    role: Role,
    /// Whether the reader has it himself, so that he can't change it.
    own: bool,
    choices: Vec<Choice>,
    cells: Vec<Cell>,
    members: Vec<Member>,
    /// Whether these are not the first.
    later: bool,
    /// Where the next page begins.
    after: Option<String>,
    name: String,
    people: String,
    error: Option<(&'static str, String)>,
}

/// What the role may do with the accounts of a group.
struct Cell {
    group: GroupId,
    name: String,
    labels: Vec<&'static str>,
}

impl RolePage {
    fn about(&self, field: &str) -> Option<&str> {
        self.error.as_ref().filter(|(at, _)| *at == field).map(|(_, message)| message.as_str())
    }

    fn wrong(self, field: &'static str, message: String) -> Result<Response, AppError> {
        let page = Self { error: Some((field, message)), ..self };
        html_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
    }
}

/// The page.
pub async fn show(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<RoleId>,
    Query(done): Query<Done>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, AppError> {
    let page = page(&app, &may, id, &wanted.after).await?;
    html_with(StatusCode::OK, &RolePage { done: done.words(), ..page })
}

/// Calls it otherwise.
pub async fn rename(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<RoleId>,
    Form(fields): Form<Fields>,
) -> Result<Response, AppError> {
    let page = page(&app, &may, id, "").await?;
    let name = fields.one("name").to_owned();
    match make(&app, &may, Edit::RenameRole(id, name.clone())).await? {
        Ok(()) => Ok(Redirect::to(&format!("/roles/{id}?done=renamed")).into_response()),
        Err(failed) => RolePage { name, ..page }.wrong("name", failed.why),
    }
}

/// Deletes it, after a look at what that takes away.
pub async fn delete(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<RoleId>,
    Form(fields): Form<Fields>,
) -> Result<Response, AppError> {
    let role = role(&app, id).await?;
    let plan = Plan {
        then: "/roles?done=deleted".into(),
        button: "Delete the role",
        ..plan(&role, "delete", format!("Delete the role “{}”", role.name))
    };
    confirm(&app, &may, &fields, &[Edit::DeleteRole(id)], &plan).await?.answer()
}

/// Lets it do the ticked with the system.
pub async fn system(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<RoleId>,
    Form(fields): Form<Fields>,
) -> Result<Response, AppError> {
    let role = role(&app, id).await?;
    let set: SystemPrivileges = fields.all("privilege").filter_map(SystemPrivilege::from_name).collect();
    let plan = plan(&role, "system", format!("What “{}” may do with Telescope itself", role.name));
    confirm(&app, &may, &fields, &[Edit::System(id, set)], &plan).await?.answer()
}

/// Gives it to people, by their addresses.
pub async fn give(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<RoleId>,
    Form(fields): Form<Fields>,
) -> Result<Response, AppError> {
    let page = page(&app, &may, id, "").await?;
    let plan = plan(&page.role, "give", format!("Give the role “{}”", page.role.name));
    let edits = fields.list("people").into_iter().map(|typed| match Email::parse(typed) {
        Ok(email) => Ok(Edit::Give(UserRef::Email(email), id)),
        Err(error) => Err(format!("“{typed}”: {error}")),
    });
    let people = fields.one("people").to_owned();
    match edits.collect::<Result<Vec<Edit>, String>>() {
        Err(message) => RolePage { people, ..page }.wrong("people", message),
        Ok(edits) if edits.is_empty() => page.wrong("people", "Type the addresses of people.".into()),
        Ok(edits) => match confirm(&app, &may, &fields, &edits, &plan).await? {
            Outcome::Answer(answer) => Ok(answer),
            Outcome::Wrong(failed) => RolePage { people, ..page }.wrong("people", failed.why),
        },
    }
}

/// Takes it from the ticked people.
pub async fn take(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<RoleId>,
    Form(fields): Form<Fields>,
) -> Result<Response, AppError> {
    let page = page(&app, &may, id, "").await?;
    let edits: Vec<Edit> =
        fields.ids("person").into_iter().map(|person| Edit::Take(UserRef::Id(person), id)).collect();
    if edits.is_empty() {
        return page.wrong("person", "Tick somebody first.".into());
    }
    let plan = plan(&page.role, "take", format!("Take the role “{}” away", page.role.name));
    confirm(&app, &may, &fields, &edits, &plan).await?.answer()
}

fn plan(role: &Role, place: &str, title: String) -> Plan {
    Plan::below(format!("/roles/{}", role.id), place, title)
}

async fn role(app: &State, id: RoleId) -> Result<Role, AppError> {
    store::roles::get(&mut app.db.read().await?, id).await?.ok_or(AppError::NotFound)
}

async fn page(
    app: &State,
    may: &May<can::ManageAccess>,
    id: RoleId,
    after: &str,
) -> Result<RolePage, AppError> {
    let mut conn = app.db.read().await?;
    let role = store::roles::get(&mut conn, id).await?.ok_or(AppError::NotFound)?;
    let groups = store::groups::all(&mut conn).await?;
    let (members, next) = members(&mut conn, id, after).await?;
    drop(conn);
    let rules = app.live.policy.current();
    let rights = rules.role(id).cloned().unwrap_or_default();
    let cell = |group: store::groups::Group| Cell {
        group: group.id,
        labels: account_labels(rights.in_group(group.id)),
        name: group.name,
    };
    Ok(RolePage {
        layout: Layout::of(app, &may.actor),
        tab: "roles",
        done: None,
        own: matches!(&may.actor, Principal::User(person) if rules.roles_of(person.id).contains(&id)),
        choices: system_choices(rights.system),
        cells: groups.into_iter().map(cell).collect(),
        members,
        later: !after.is_empty(),
        after: next,
        name: role.name.clone(),
        people: String::new(),
        error: None,
        role,
    })
}

/// A page of the people who have it, and where the next begins.
async fn members(
    conn: &mut store::Conn<'_>,
    role: RoleId,
    after: &str,
) -> Result<(Vec<Member>, Option<String>), StoreError> {
    let mut members = store::roles::members(conn, role, after, PAGE + 1).await?;
    let more = members.len() > PAGE as usize;
    members.truncate(PAGE as usize);
    let next = members.last().filter(|_| more).map(|member| member.email.to_string());
    Ok((members, next))
}
