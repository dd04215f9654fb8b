//! `/accounts/{id}/remove`: removes the account, after a question that wants an answer.

use askama::Template;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use crate::domain::privilege::can;
use crate::live::accounts::Entry;
use crate::ops::{self, OpError};
use crate::web::error::AppError;
use crate::web::extract::Allowed;
use crate::web::layout::{Layout, dialog_or_page, wants_fragment};
use crate::web::pages::accounts::show;
use crate::web::state::AppState;

/// What a person typed.
#[derive(Debug, Deserialize)]
pub struct Typed {
    #[serde(default)]
    digits: String,
}

#[derive(Template)]
#[template(path = "pages/accounts/remove.html", blocks = ["dialog"])]
struct RemovePage<'a> {
    layout: Layout,
    entry: &'a Entry,
    error: Option<String>,
}

/// The question.
pub async fn form(
    app: AppState,
    headers: HeaderMap,
    allowed: Allowed<can::RemoveAccount>,
) -> Result<Response, AppError> {
    let page = RemovePage { layout: Layout::of(&app, &allowed.actor), entry: &allowed.entry, error: None };
    dialog_or_page(&headers, StatusCode::OK, &page.as_dialog(), &page)
}

/// Begins to remove the account.
pub async fn remove(
    app: AppState,
    headers: HeaderMap,
    allowed: Allowed<can::RemoveAccount>,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    match ops::accounts::remove::remove(&app, allowed.grant(), &typed.digits).await {
        Err(OpError::Invalid { message, .. }) => {
            let layout = Layout::of(&app, &allowed.actor);
            let page = RemovePage { layout, entry: &allowed.entry, error: Some(message) };
            dialog_or_page(&headers, StatusCode::UNPROCESSABLE_ENTITY, &page.as_dialog(), &page)
        }
        done => {
            let words = "The account is being removed.";
            show::after_dialog(&app, &headers, &allowed.actor, &allowed.entry, done, words).await
        }
    }
}

/// Lets a removal try again now.
pub async fn retry(
    app: AppState,
    headers: HeaderMap,
    allowed: Allowed<can::RemoveAccount>,
) -> Result<Response, AppError> {
    to_jobs(&headers, ops::accounts::remove::retry(&app, allowed.grant()).await)
}

/// Lets a removal go on though the session at Telegram was not ended.
pub async fn skip(
    app: AppState,
    headers: HeaderMap,
    allowed: Allowed<can::RemoveAccount>,
) -> Result<Response, AppError> {
    to_jobs(&headers, ops::accounts::remove::without_log_out(&app, allowed.grant()).await)
}

fn to_jobs(headers: &HeaderMap, done: Result<(), OpError>) -> Result<Response, AppError> {
    done?;
    if wants_fragment(headers) {
        return Ok(crate::web::fragment::done("It goes on."));
    }
    Ok(Redirect::to("/jobs").into_response())
}
