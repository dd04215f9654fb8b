//! Adding accounts to a group, and removing them.

use axum::response::Response;
use axum_extra::extract::Form;

use super::show::{GroupQuery, page, visible};
use crate::domain::error::ErrorCode;
use crate::domain::privilege::can;
use crate::domain::{AccountId, GroupId, Identifier};
use crate::ops::access::{Edit, Failed};
use crate::web::error::AppError;
use crate::web::extract::{May, Path};
use crate::web::pages::access::confirm::{Confirmation, confirm};
use crate::web::pages::access::fields::FormFields;
use crate::web::pages::access::named::{Named, existing_name};
use crate::web::state::AppState;
use crate::web::{paths, words};

/// Adds accounts: the selected ones, and those whose numbers were entered.
pub async fn add(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<GroupId>,
    Form(fields): Form<FormFields>,
) -> Result<Response, AppError> {
    let title = words::access::add_accounts_to(&existing_name(&app, id).await?);
    let mut confirmation = Confirmation::new(paths::group_put_in(id), id.url(), title);
    let selected = fields.ids::<AccountId>("account").into_iter();
    let mut edits: Vec<Edit> = selected.map(|account| Edit::PutIn(account, id)).collect();
    let visible = visible(&app, &may.actor);
    for typed in fields.list("numbers") {
        let named = Identifier::parse(typed).ok();
        match named.and_then(|named| visible.iter().find(|entry| entry.account.identifier == named)) {
            Some(entry) => edits.push(Edit::PutIn(entry.account.id, id)),
            None => confirmation.unknown.push(no_account(typed)),
        }
    }
    if edits.is_empty() && confirmation.unknown.is_empty() {
        let page = page(&app, &may.actor, id, GroupQuery::default()).await?;
        return page.invalid("numbers", words::access::ENTER_NUMBERS);
    }
    confirm(&app, &may, &fields, &edits, &confirmation).await?.response()
}

/// The same for an account that does not exist and for one that the reader can't see.
fn no_account(typed: &str) -> Failed {
    Failed {
        what: typed.to_owned(),
        field: None,
        error: ErrorCode::UnknownAccount { phone: typed.to_owned() },
    }
}

/// Removes the selected accounts.
pub async fn remove(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<GroupId>,
    Form(fields): Form<FormFields>,
) -> Result<Response, AppError> {
    let title = words::access::remove_accounts_from(&existing_name(&app, id).await?);
    let selected = fields.ids::<AccountId>("account").into_iter();
    let edits: Vec<Edit> = selected.map(|account| Edit::TakeOut(account, id)).collect();
    if edits.is_empty() {
        let page = page(&app, &may.actor, id, GroupQuery::default()).await?;
        return page.invalid("account", words::access::SELECT_ACCOUNTS);
    }
    confirm(&app, &may, &fields, &edits, &Confirmation::new(paths::group_take_out(id), id.url(), title))
        .await?
        .response()
}
