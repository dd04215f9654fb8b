//! `/accounts/{id}/log-out`: ends the account's session at Telegram, after a question.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::account;
use crate::app::App;
use crate::directory::Entry;
use crate::domain::privilege::can;
use crate::ops;
use crate::web::error::AppError;
use crate::web::extract::Allowed;
use crate::web::shell::{Shell, dialog_or_page};

#[derive(Template)]
#[template(path = "pages/log_out.html", blocks = ["dialog"])]
struct LogOutPage<'a> {
    shell: Shell,
    entry: &'a Entry,
}

/// The question.
pub async fn form(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    allowed: Allowed<can::RemoveAccount>,
) -> Result<Response, AppError> {
    let page = LogOutPage { shell: Shell::of(&app, &allowed.actor), entry: &allowed.entry };
    dialog_or_page(&headers, StatusCode::OK, &page.as_dialog(), &page)
}

/// Ends the session.
pub async fn log_out(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    allowed: Allowed<can::RemoveAccount>,
) -> Result<Response, AppError> {
    let done = ops::remove::log_out(&app, allowed.grant()).await;
    account::after_dialog(&app, &headers, &allowed.actor, &allowed.entry, done, "The session is over.").await
}
