//! `/accounts/{id}/log-out`: ends the account's session at Telegram, after a question.

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
use crate::web::pages::accounts::show;
use crate::web::state::AppState;

#[derive(Template)]
#[template(path = "pages/accounts/log_out.html", blocks = ["dialog"])]
struct LogOutPage<'a> {
    layout: Layout,
    entry: &'a Entry,
}

/// The question.
pub async fn form(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::RemoveAccount>,
) -> Result<Response, AppError> {
    let page = LogOutPage { layout: Layout::of(&app, &allowed.actor), entry: &allowed.entry };
    request_type.dialog(StatusCode::OK, &page.as_dialog(), &page)
}

/// Ends the session.
pub async fn log_out(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::RemoveAccount>,
) -> Result<Response, AppError> {
    let done = ops::accounts::remove::log_out(&app, allowed.grant()).await;
    show::after_dialog(&app, request_type, &allowed.actor, &allowed.entry, done, "The session is over.").await
}
