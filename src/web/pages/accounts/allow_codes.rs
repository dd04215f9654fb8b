//! `/accounts/{account}/codes/allow`: more login codes for a number than the limit of a day.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use axum_extra::extract::Form;
use serde::Deserialize;

use crate::domain::privilege::can;
use crate::live::accounts::Entry;
use crate::ops;
use crate::web::error::AppError;
use crate::web::extract::{Allowed, May};
use crate::web::form::{Fields, FormState, RequestType};
use crate::web::layout::Layout;
use crate::web::paths;
use crate::web::state::AppState;
use crate::web::words::accounts as words;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct AllowForm {
    reason: String,
}

impl Fields for AllowForm {
    const NAMES: &'static [&'static str] = &["reason"];
}

#[derive(Template)]
#[template(path = "pages/accounts/allow_codes.html", blocks = ["dialog"])]
struct AllowPage<'a> {
    layout: Layout,
    entry: &'a Entry,
    form: FormState<AllowForm>,
}

pub async fn ask(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::Login>,
    _may: May<can::ManageAccess>,
) -> Result<Response, AppError> {
    ops::accounts::phone_of(&allowed.entry.account)?;
    let form = FormState::new(AllowForm::default());
    let page = AllowPage { layout: Layout::of(&app, &allowed.actor), entry: &allowed.entry, form };
    request_type.dialog(StatusCode::OK, &page.as_dialog(), &page)
}

pub async fn allow(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::Login>,
    may: May<can::ManageAccess>,
    Form(form): Form<AllowForm>,
) -> Result<Response, AppError> {
    match ops::login::allow_more_codes(&app, allowed.grant(), may.grant(), &form.reason).await {
        Ok(()) => Ok(request_type.dialog_done(words::MORE_CODES, &paths::account(allowed.entry.account.id))),
        Err(error) => {
            let (status, form) = FormState::rejected(form, error)?;
            let page = AllowPage { layout: Layout::of(&app, &allowed.actor), entry: &allowed.entry, form };
            request_type.dialog(status, &page.as_dialog(), &page)
        }
    }
}
