//! `/accounts/{account}/remove`: removes the account, after a confirmation.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use axum_extra::extract::Form;
use serde::Deserialize;

use crate::domain::privilege::can;
use crate::live::accounts::Entry;
use crate::ops;
use crate::web::error::AppError;
use crate::web::extract::Allowed;
use crate::web::form::{Fields, FormState, RequestType};
use crate::web::layout::Layout;
use crate::web::paths;
use crate::web::state::AppState;
use crate::web::words::accounts as words;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct RemoveForm {
    digits: String,
}

impl Fields for RemoveForm {
    const NAMES: &'static [&'static str] = &["digits"];
}

#[derive(Template)]
#[template(path = "pages/accounts/remove.html", blocks = ["dialog"])]
struct RemovePage<'a> {
    layout: Layout,
    entry: &'a Entry,
    form: FormState<RemoveForm>,
}

pub async fn form(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::RemoveAccount>,
) -> Result<Response, AppError> {
    let form = FormState::new(RemoveForm::default());
    let page = RemovePage { layout: Layout::of(&app, &allowed.actor), entry: &allowed.entry, form };
    request_type.dialog(StatusCode::OK, &page.as_dialog(), &page)
}

/// Begins to remove the account.
pub async fn remove(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::RemoveAccount>,
    Form(form): Form<RemoveForm>,
) -> Result<Response, AppError> {
    match ops::accounts::remove::remove(&app, allowed.grant(), &form.digits).await {
        Ok(()) => Ok(request_type.dialog_done(words::REMOVING, &paths::account(allowed.entry.account.id))),
        Err(error) => {
            let (status, form) = FormState::rejected(form, error)?;
            let page = RemovePage { layout: Layout::of(&app, &allowed.actor), entry: &allowed.entry, form };
            request_type.dialog(status, &page.as_dialog(), &page)
        }
    }
}

/// Lets a removal try again now.
pub async fn retry(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::RemoveAccount>,
) -> Result<Response, AppError> {
    ops::accounts::remove::retry(&app, allowed.grant()).await?;
    Ok(request_type.done(words::REMOVAL_CONTINUES, paths::JOBS))
}

/// Lets a removal continue although the session at Telegram was not ended.
pub async fn skip(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::RemoveAccount>,
) -> Result<Response, AppError> {
    ops::accounts::remove::without_log_out(&app, allowed.grant()).await?;
    Ok(request_type.done(words::REMOVAL_CONTINUES, paths::JOBS))
}
