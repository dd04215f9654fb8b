//! Adding roles to people, and removing them: one role for several people, or several roles for one person.

use axum::response::Response;
use axum_extra::extract::Form;

use super::{list, show};
use crate::domain::privilege::can;
use crate::domain::{RoleId, UserId};
use crate::ops::access::{Edit, UserRef};
use crate::web::error::AppError;
use crate::web::extract::{May, Path};
use crate::web::pages::access::confirm::{Confirmation, confirm};
use crate::web::pages::access::fields::FormFields;
use crate::web::state::AppState;
use crate::web::{paths, words};

/// Adds one role to the selected people, or removes it.
pub async fn of_selected(
    app: AppState,
    may: May<can::ManageAccess>,
    Form(fields): Form<FormFields>,
) -> Result<Response, AppError> {
    let page = list::page(&app, &may.actor, list::UsersQuery::default()).await?;
    let people = fields.ids::<UserId>("person");
    if people.is_empty() {
        return page.invalid(words::access::SELECT_PEOPLE);
    }
    let chosen = fields.one("role").parse().ok();
    let Some(role) = chosen.and_then(|id: RoleId| page.roles.iter().find(|role| role.id == id)) else {
        return page.invalid(words::access::SELECT_ROLE);
    };
    let edits: Vec<Edit> = people.into_iter().map(|person| edit(&fields, person, role.id)).collect();
    let title = words::access::change_of_roles(removes(&fields), Some(&role.name));
    let confirmation = Confirmation::new(paths::USERS_ROLES.into(), paths::USERS.into(), title);
    confirm(&app, &may, &fields, &edits, &confirmation).await?.response()
}

/// Adds the selected roles to one person, or removes them.
pub async fn of_one(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<UserId>,
    Form(fields): Form<FormFields>,
) -> Result<Response, AppError> {
    let page = show::page(&app, &may.actor, id).await?;
    let roles = fields.ids::<RoleId>("role");
    let Some(first) = roles.first() else { return page.invalid(words::access::SELECT_ROLE) };
    let name = if roles.len() == 1 { page.role_name(*first) } else { None };
    let title = words::access::change_of_roles(removes(&fields), name);
    let edits: Vec<Edit> = roles.iter().map(|role| edit(&fields, id, *role)).collect();
    let title = format!("{title}: {}", page.row.email);
    confirm(&app, &may, &fields, &edits, &Confirmation::new(paths::user_roles(id), paths::user(id), title))
        .await?
        .response()
}

/// Removing has to be asked for, so that no incomplete form removes a role.
fn removes(fields: &FormFields) -> bool {
    fields.one("what") == "take"
}

fn edit(fields: &FormFields, person: UserId, role: RoleId) -> Edit {
    let person = UserRef::Id(person);
    if removes(fields) { Edit::Take(person, role) } else { Edit::Give(person, role) }
}
