//! `/accounts/{id}/password`: the stored two-step password, which is typed here.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use crate::domain::Secret;
use crate::domain::privilege::can;
use crate::live::accounts::Entry;
use crate::ops::{self, OpError};
use crate::web::error::AppError;
use crate::web::extract::Allowed;
use crate::web::form::RequestType;
use crate::web::layout::Layout;
use crate::web::state::AppState;

/// What a person typed.
#[derive(Debug, Deserialize)]
pub struct Typed {
    password: Secret,
}

#[derive(Template)]
#[template(path = "pages/accounts/password.html", blocks = ["dialog"])]
struct PasswordPage<'a> {
    layout: Layout,
    entry: &'a Entry,
    error: Option<String>,
}

/// The empty form.
pub async fn form(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::EditTwoFactorPassword>,
) -> Result<Response, AppError> {
    let layout = Layout::of(&app, &allowed.actor);
    let page = PasswordPage { layout, entry: &allowed.entry, error: None };
    request_type.dialog(StatusCode::OK, &page.as_dialog(), &page)
}

/// Stores the password.
pub async fn save(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::EditTwoFactorPassword>,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    match ops::two_step::store_password(&app, allowed.grant(), &typed.password).await {
        Ok(()) if request_type.is_partial() => {
            Ok(([("hx-trigger", "close-dialog")], crate::web::fragment::done("The password is stored."))
                .into_response())
        }
        Ok(()) => Ok(Redirect::to(&format!("/accounts/{}", allowed.entry.account.id)).into_response()),
        Err(OpError::Invalid { message, .. }) => {
            let layout = Layout::of(&app, &allowed.actor);
            let page = PasswordPage { layout, entry: &allowed.entry, error: Some(message) };
            request_type.dialog(StatusCode::UNPROCESSABLE_ENTITY, &page.as_dialog(), &page)
        }
        Err(error) => Err(error.into()),
    }
}
