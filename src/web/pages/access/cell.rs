//! `/access/{group}/{role}`: what one role may do with the accounts of one group.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use axum_extra::extract::{Form, Query};

use crate::domain::access::Principal;
use crate::domain::privilege::{AccountPrivilege, AccountPrivileges, can};
use crate::domain::{GroupId, RoleId};
use crate::ops::access::Edit;
use crate::store;
use crate::store::groups::Group;
use crate::store::roles::Role;
use crate::web::error::AppError;
use crate::web::extract::{May, Path};
use crate::web::layout::{Layout, html_with};
use crate::web::pages::access::confirm::{Done, Fields, Outcome, Plan, confirm};
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::words::privileges::{Choice, account_choices};

#[derive(Template)]
#[template(path = "pages/access/cell.html")]
struct Cell {
    layout: Layout,
    done: Option<&'static str>,
    group: Group,
    role: Role,
    /// How many people have the role.
    people: usize,
    /// Whether the reader is one of them, so that he can't change it.
    own: bool,
    choices: Vec<Choice>,
    error: Option<String>,
}

/// The form.
pub async fn form(
    app: AppState,
    may: May<can::ManageAccess>,
    Path((group, role)): Path<(GroupId, RoleId)>,
    Query(done): Query<Done>,
) -> Result<Response, AppError> {
    let page = page(&app, &may.actor, group, role).await?;
    html_with(StatusCode::OK, &Cell { done: done.words(), ..page })
}

/// Shows what would change, or changes it.
pub async fn save(
    app: AppState,
    may: May<can::ManageAccess>,
    Path((group, role)): Path<(GroupId, RoleId)>,
    Form(fields): Form<Fields>,
) -> Result<Response, AppError> {
    let page = page(&app, &may.actor, group, role).await?;
    let set: AccountPrivileges = fields.all("privilege").filter_map(AccountPrivilege::from_name).collect();
    let here = format!("/access/{group}/{role}");
    let plan = Plan {
        title: format!("What “{}” may do in “{}”", page.role.name, page.group.name),
        then: format!("{here}?done=saved"),
        action: here.clone(),
        back: here,
        button: "Save",
        unknown: Vec::new(),
    };
    match confirm(&app, &may, &fields, &[Edit::Cell(group, role, set)], &plan).await? {
        Outcome::Answer(answer) => Ok(answer),
        Outcome::Wrong(failed) => {
            let page = Cell { choices: account_choices(set), error: Some(failed.why), ..page };
            html_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
    }
}

async fn page(app: &State, reader: &Principal, group: GroupId, id: RoleId) -> Result<Cell, AppError> {
    let mut conn = app.db.read().await?;
    let group = store::groups::get(&mut conn, group).await?.ok_or(AppError::NotFound)?;
    let role = store::roles::get(&mut conn, id).await?.ok_or(AppError::NotFound)?;
    drop(conn);
    let rules = app.live.policy.current();
    let set = rules.role(id).map_or(AccountPrivileges::NONE, |rights| rights.in_group(group.id));
    Ok(Cell {
        layout: Layout::of(app, reader),
        done: None,
        people: rules.holders().filter(|(_, roles)| roles.contains(&id)).count(),
        own: matches!(reader, Principal::User(person) if rules.roles_of(person.id).contains(&id)),
        choices: account_choices(set),
        error: None,
        group,
        role,
    })
}
