//! `/accounts/add-test`: adds an account with a random number of Telegram's test environment.

use axum::response::Response;

use super::add::{LoginWith, unseen_path};
use crate::domain::privilege::can;
use crate::ops;
use crate::web::error::AppError;
use crate::web::extract::May;
use crate::web::form::RequestType;
use crate::web::paths;
use crate::web::state::AppState;
use crate::web::words::accounts as words;

/// Adds an account. An open list gets its row from the events.
pub async fn add_test(
    app: AppState,
    request_type: RequestType,
    may: May<can::AddAccount>,
) -> Result<Response, AppError> {
    let id = ops::accounts::add_test(&app, may.grant()).await?;
    let entry = id.and_then(|id| app.live.accounts.get(id));
    let notice = words::added(entry.as_ref().map(|entry| &entry.account.identifier));
    let next =
        id.map_or_else(|| unseen_path(LoginWith::Phone), |id| format!("{}#account-{id}", paths::ACCOUNTS));
    Ok(request_type.done(&notice, &next))
}
