//! Adding people to a role, and removing them.

use axum::response::Response;
use axum_extra::extract::Form;

use super::show::page;
use crate::domain::privilege::can;
use crate::domain::{Email, RoleId, UserId};
use crate::ops::access::{Edit, UserRef};
use crate::web::error::AppError;
use crate::web::extract::{May, Named as Path};
use crate::web::pages::access::confirm::{Confirmation, Outcome, confirm};
use crate::web::pages::access::fields::Fields;
use crate::web::pages::access::named::Named;
use crate::web::state::AppState;
use crate::web::words;

/// Adds people by their addresses.
pub async fn add(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<RoleId>,
    Form(fields): Form<Fields>,
) -> Result<Response, AppError> {
    let mut page = page(&app, &may, id, "").await?;
    page.people = fields.one("people").to_owned();
    let edits = fields.list("people").into_iter().map(|typed| match Email::parse(typed) {
        Ok(email) => Ok(Edit::Give(UserRef::Email(email), id)),
        Err(error) => Err(format!("“{typed}”: {error}")),
    });
    let edits = match edits.collect::<Result<Vec<Edit>, String>>() {
        Ok(edits) if edits.is_empty() => {
            return page.invalid("people", words::access::ENTER_ADDRESSES.into());
        }
        Ok(edits) => edits,
        Err(message) => return page.invalid("people", message),
    };
    let title = words::access::add_people_to(&page.role.name);
    match confirm(&app, &may, &fields, &edits, &Confirmation::below(id.url(), "give", title)).await? {
        Outcome::Response(response) => Ok(response),
        Outcome::Invalid(failed) => page.invalid("people", failed.why),
    }
}

/// Removes the selected people.
pub async fn remove(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<RoleId>,
    Form(fields): Form<Fields>,
) -> Result<Response, AppError> {
    let page = page(&app, &may, id, "").await?;
    let people = fields.ids::<UserId>("person").into_iter();
    let edits: Vec<Edit> = people.map(|person| Edit::Take(UserRef::Id(person), id)).collect();
    if edits.is_empty() {
        return page.invalid("person", words::access::SELECT_PEOPLE.into());
    }
    let title = words::access::remove_people_from(&page.role.name);
    confirm(&app, &may, &fields, &edits, &Confirmation::below(id.url(), "take", title)).await?.response()
}
