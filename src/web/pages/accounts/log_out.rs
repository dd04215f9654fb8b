//! `/accounts/{account}/log-out`: ends the account's session at Telegram, after a confirmation.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::domain::privilege::can;
use crate::live::accounts::Entry;
use crate::ops;
use crate::web::error::AppError;
use crate::web::extract::Allowed;
use crate::web::form::RequestType;
use crate::web::layout::Layout;
use crate::web::pages::accounts::actions;
use crate::web::paths;
use crate::web::state::AppState;
use crate::web::words::accounts as words;

#[derive(Template)]
#[template(path = "pages/accounts/log_out.html", blocks = ["dialog"])]
struct LogOutPage<'a> {
    layout: Layout,
    entry: &'a Entry,
}

pub async fn form(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::RemoveAccount>,
) -> Result<Response, AppError> {
    let page = LogOutPage { layout: Layout::of(&app, &allowed.actor), entry: &allowed.entry };
    request_type.dialog(StatusCode::OK, &page.as_dialog(), &page)
}

pub async fn log_out(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::RemoveAccount>,
) -> Result<Response, AppError> {
    match ops::accounts::remove::log_out(&app, allowed.grant()).await {
        Ok(()) => Ok(request_type.dialog_done(words::LOGGED_OUT, &paths::account(allowed.entry.account.id))),
        Err(error) => actions::answer(&app, request_type, &allowed, Err(error)).await,
    }
}
