//! Adding people to a role, and removing them.

use axum::response::Response;
use axum_extra::extract::Form;

use super::show::page;
use crate::domain::privilege::can;
use crate::domain::{Email, RoleId, UserId};
use crate::ops::access::{Edit, UserRef};
use crate::web::error::AppError;
use crate::web::extract::{May, Path};
use crate::web::pages::access::confirm::{Confirmation, Outcome, confirm};
use crate::web::pages::access::fields::FormFields;
use crate::web::pages::access::named::Named;
use crate::web::state::AppState;
use crate::web::{paths, words};
use crate::words::quoted;

/// Adds people by their addresses.
pub async fn add(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<RoleId>,
    Form(fields): Form<FormFields>,
) -> Result<Response, AppError> {
    let page = page(&app, &may, id, "").await?;
    let people = fields.one("people");
    let edits = fields.list("people").into_iter().map(|typed| match Email::parse(typed) {
        Ok(email) => Ok(Edit::Give(UserRef::Email(email), id)),
        Err(error) => Err(format!("{}: {error}", quoted(typed))),
    });
    let edits = match edits.collect::<Result<Vec<Edit>, String>>() {
        Ok(edits) if edits.is_empty() => {
            return page.invalid_people(people, words::access::ENTER_ADDRESSES.into());
        }
        Ok(edits) => edits,
        Err(message) => return page.invalid_people(people, message),
    };
    let title = words::access::add_people_to(&page.role.name);
    match confirm(&app, &may, &fields, &edits, &Confirmation::new(paths::role_give(id), id.url(), title))
        .await?
    {
        Outcome::Response(response) => Ok(response),
        Outcome::Invalid(failed) => page.invalid_people(people, failed.why()),
    }
}

/// Removes the selected people.
pub async fn remove(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<RoleId>,
    Form(fields): Form<FormFields>,
) -> Result<Response, AppError> {
    let page = page(&app, &may, id, "").await?;
    let people = fields.ids::<UserId>("person").into_iter();
    let edits: Vec<Edit> = people.map(|person| Edit::Take(UserRef::Id(person), id)).collect();
    if edits.is_empty() {
        return page.invalid_selection(words::access::SELECT_PEOPLE);
    }
    let title = words::access::remove_people_from(&page.role.name);
    confirm(&app, &may, &fields, &edits, &Confirmation::new(paths::role_take(id), id.url(), title))
        .await?
        .response()
}
