//! `/accounts/{id}/remove`: removes the account, after a question that wants an answer.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use crate::domain::privilege::can;
use crate::live::accounts::Entry;
use crate::ops::{self, OpError};
use crate::web::error::AppError;
use crate::web::extract::Allowed;
use crate::web::form::RequestType;
use crate::web::layout::Layout;
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
    request_type: RequestType,
    allowed: Allowed<can::RemoveAccount>,
) -> Result<Response, AppError> {
    let page = RemovePage { layout: Layout::of(&app, &allowed.actor), entry: &allowed.entry, error: None };
    request_type.dialog(StatusCode::OK, &page.as_dialog(), &page)
}

/// Begins to remove the account.
pub async fn remove(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::RemoveAccount>,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    match ops::accounts::remove::remove(&app, allowed.grant(), &typed.digits).await {
        Err(OpError::Invalid { message, .. }) => {
            let layout = Layout::of(&app, &allowed.actor);
            let page = RemovePage { layout, entry: &allowed.entry, error: Some(message) };
            request_type.dialog(StatusCode::UNPROCESSABLE_ENTITY, &page.as_dialog(), &page)
        }
        done => {
            let words = "The account is being removed.";
            show::after_dialog(&app, request_type, &allowed.actor, &allowed.entry, done, words).await
        }
    }
}

/// Lets a removal try again now.
pub async fn retry(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::RemoveAccount>,
) -> Result<Response, AppError> {
    to_jobs(request_type, ops::accounts::remove::retry(&app, allowed.grant()).await)
}

/// Lets a removal go on though the session at Telegram was not ended.
pub async fn skip(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::RemoveAccount>,
) -> Result<Response, AppError> {
    to_jobs(request_type, ops::accounts::remove::without_log_out(&app, allowed.grant()).await)
}

fn to_jobs(request_type: RequestType, done: Result<(), OpError>) -> Result<Response, AppError> {
    done?;
    if request_type.is_partial() {
        return Ok(crate::web::fragment::done("It goes on."));
    }
    Ok(Redirect::to("/jobs").into_response())
}
