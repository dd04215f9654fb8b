//! `/accounts/{account}/password`: stores the account's two-step password.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use axum_extra::extract::Form;
use serde::Deserialize;

use crate::domain::Secret;
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

#[derive(Debug, Deserialize)]
pub struct PasswordForm {
    password: Secret,
}

/// The field is always shown empty.
struct EmptyForm;

impl Fields for EmptyForm {
    const NAMES: &'static [&'static str] = &["password"];
}

#[derive(Template)]
#[template(path = "pages/accounts/password.html", blocks = ["dialog"])]
struct PasswordPage<'a> {
    layout: Layout,
    entry: &'a Entry,
    form: FormState<EmptyForm>,
}

pub async fn form(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::EditTwoFactorPassword>,
) -> Result<Response, AppError> {
    let form = FormState::new(EmptyForm);
    let page = PasswordPage { layout: Layout::of(&app, &allowed.actor), entry: &allowed.entry, form };
    request_type.dialog(StatusCode::OK, &page.as_dialog(), &page)
}

pub async fn save(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::EditTwoFactorPassword>,
    Form(sent): Form<PasswordForm>,
) -> Result<Response, AppError> {
    match ops::two_step::store_password(&app, allowed.grant(), &sent.password).await {
        Ok(()) => {
            Ok(request_type.dialog_done(words::PASSWORD_STORED, &paths::account(allowed.entry.account.id)))
        }
        Err(error) => {
            let (status, form) = FormState::rejected(EmptyForm, error)?;
            let page = PasswordPage { layout: Layout::of(&app, &allowed.actor), entry: &allowed.entry, form };
            request_type.dialog(status, &page.as_dialog(), &page)
        }
    }
}
