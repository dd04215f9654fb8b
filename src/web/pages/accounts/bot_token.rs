//! `/accounts/{account}/token/…`: the stored token of a bot. It is used or removed, and never shown.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use axum_extra::extract::Form;
use serde::Deserialize;

use crate::domain::privilege::can;
use crate::domain::{BotError, StageToken};
use crate::live::accounts::Entry;
use crate::ops::{self, OpError};
use crate::web::error::AppError;
use crate::web::extract::Allowed;
use crate::web::form::RequestType;
use crate::web::layout::Layout;
use crate::web::pages::accounts::actions;
use crate::web::paths;
use crate::web::state::AppState;
use crate::web::words::accounts as words;

/// The stage for which the button was rendered.
#[derive(Debug, Deserialize)]
pub struct UseForm {
    token: StageToken,
}

/// Logs the bot in with its stored token.
pub async fn log_in(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::Login>,
    Form(form): Form<UseForm>,
) -> Result<Response, AppError> {
    let done = ops::bots::log_in_with_stored(&app, allowed.grant(), form.token).await;
    actions::answer(&app, request_type, &allowed, done).await
}

#[derive(Template)]
#[template(path = "pages/accounts/bot_token.html", blocks = ["dialog"])]
struct RemovePage<'a> {
    layout: Layout,
    entry: &'a Entry,
}

pub async fn form(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::Login>,
) -> Result<Response, AppError> {
    if !allowed.entry.account.identifier.is_bot() {
        return Err(OpError::Refused(BotError::NotStored.into()).into());
    }
    let page = RemovePage { layout: Layout::of(&app, &allowed.actor), entry: &allowed.entry };
    request_type.dialog(StatusCode::OK, &page.as_dialog(), &page)
}

pub async fn remove(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::Login>,
) -> Result<Response, AppError> {
    ops::bots::remove_token(&app, allowed.grant()).await?;
    Ok(request_type.dialog_done(words::TOKEN_REMOVED, &paths::account(allowed.entry.account.id)))
}
