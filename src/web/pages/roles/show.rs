//! `/roles/{role}`: one role, its members and its permissions.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use axum_extra::extract::Query;
use serde::Deserialize;

use crate::domain::RoleId;
use crate::domain::access::Principal;
use crate::domain::privilege::{SystemPrivilege, SystemPrivileges, can};
use crate::ops::access::MAX_NAME;
use crate::store::roles::{Member, Role};
use crate::store::{self, Conn, StoreError};
use crate::web::error::AppError;
use crate::web::extract::{May, Path};
use crate::web::form::{FieldError, Fields, FormState};
use crate::web::layout::{Layout, html_with};
use crate::web::pages::access::cell::{GrantLink, names};
use crate::web::pages::access::named::NameForm;
use crate::web::pages::access::notice::NoticeQuery;
use crate::web::state::{AppState, State};
use crate::web::words::access::changed_meanwhile;
use crate::web::words::privileges::{Choice, system_choices, system_labels};
use crate::web::{paths, words};

/// Members on a page.
const PAGE: usize = 100;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MembersQuery {
    /// The address of the last member of the page before.
    after: String,
}

#[derive(Template)]
#[template(path = "pages/roles/show.html")]
pub struct RolePage {
    layout: Layout,
    tab: &'static str,
    done: Option<&'static str>,
    pub role: Role,
    /// Whether the reader has it, so that they can't change it.
    own: bool,
    choices: Vec<Choice>,
    /// The system permissions that the form was made from.
    pub system: SystemPrivileges,
    system_error: Option<String>,
    grants: Vec<GrantLink>,
    members: Vec<Member>,
    /// Whether there is a page before.
    later: bool,
    /// Where the next page begins.
    after: Option<String>,
    name: NameForm,
    people: FormState<PeopleValues>,
    /// The error of the form that removes them.
    selection_error: Option<&'static str>,
}

#[derive(Debug, Default)]
struct PeopleValues {
    people: String,
}

impl Fields for PeopleValues {
    const NAMES: &'static [&'static str] = &["people"];
}

impl RolePage {
    pub fn was(&self) -> String {
        names(self.system.iter().map(SystemPrivilege::name))
    }

    /// The page again after others have changed the system permissions, with what was ticked.
    pub fn stale_system(self, ticked: SystemPrivileges) -> Result<Response, AppError> {
        let system_error = Some(changed_meanwhile(&system_labels(self.system)));
        let page = Self { choices: system_choices(ticked), system_error, ..self };
        html_with(StatusCode::CONFLICT, &page)
    }

    pub fn invalid_people(self, people: &str, message: String) -> Result<Response, AppError> {
        let errors = vec![FieldError::on("people", message)];
        let people = FormState { values: PeopleValues { people: people.to_owned() }, errors };
        html_with(StatusCode::UNPROCESSABLE_ENTITY, &Self { people, ..self })
    }

    pub fn invalid_selection(self, message: &'static str) -> Result<Response, AppError> {
        html_with(StatusCode::UNPROCESSABLE_ENTITY, &Self { selection_error: Some(message), ..self })
    }
}

pub async fn show(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<RoleId>,
    Query(notice): Query<NoticeQuery>,
    Query(query): Query<MembersQuery>,
) -> Result<Response, AppError> {
    if query.after.chars().any(char::is_control) {
        return Err(AppError::bad(StatusCode::UNPROCESSABLE_ENTITY, words::access::UNREADABLE_SEARCH));
    }
    let page = page(&app, &may, id, &query.after).await?;
    html_with(StatusCode::OK, &RolePage { done: notice.message(), ..page })
}

/// The page with an error in the new name.
pub async fn name_again(
    app: &State,
    may: &May<can::ManageAccess>,
    id: RoleId,
    name: NameForm,
) -> Result<Response, AppError> {
    let page = RolePage { name, ..page(app, may, id, "").await? };
    html_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

pub async fn page(
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
    let policy = app.live.policy.current();
    let system = policy.role(id).map(|rights| rights.system).unwrap_or_default();
    Ok(RolePage {
        layout: Layout::of(app, &may.actor),
        tab: "roles",
        done: None,
        own: matches!(&may.actor, Principal::User(person) if policy.roles_of(person.id).contains(&id)),
        choices: system_choices(system),
        system,
        system_error: None,
        grants: groups.into_iter().map(|group| GrantLink::new(&policy, group.id, id, group.name)).collect(),
        members,
        later: !after.is_empty(),
        after: next,
        name: NameForm::of(&role.name),
        people: FormState::default(),
        selection_error: None,
        role,
    })
}

/// A page of members, and where the next begins.
async fn members(
    conn: &mut Conn<'_>,
    role: RoleId,
    after: &str,
) -> Result<(Vec<Member>, Option<String>), StoreError> {
    let mut members = store::roles::members(conn, role, after, PAGE as u32 + 1).await?;
    let more = members.len() > PAGE;
    members.truncate(PAGE);
    let next = members.last().filter(|_| more).map(|member| member.email.to_string());
    Ok((members, next))
}
