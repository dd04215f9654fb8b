//! `/accounts/{account}/number`: correcting a number that was entered wrong.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use axum_extra::extract::Form;
use serde::Deserialize;

use crate::domain::Phone;
use crate::domain::privilege::can;
use crate::live::accounts::Entry;
use crate::ops::{self, OpError};
use crate::web::error::AppError;
use crate::web::extract::{Allowed, May};
use crate::web::form::{Fields, FormState, RequestType};
use crate::web::layout::Layout;
use crate::web::paths;
use crate::web::state::AppState;
use crate::web::words::accounts as words;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct NumberForm {
    phone: String,
}

impl Fields for NumberForm {
    const NAMES: &'static [&'static str] = &["phone"];
}

#[derive(Template)]
#[template(path = "pages/accounts/number.html", blocks = ["dialog"])]
struct NumberPage<'a> {
    layout: Layout,
    entry: &'a Entry,
    form: FormState<NumberForm>,
}

impl NumberPage<'_> {
    fn can_be_corrected(&self) -> bool {
        ops::accounts::was_never_logged_in(self.entry)
    }
}

pub async fn form(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::Login>,
    _may: May<can::AddAccount>,
) -> Result<Response, AppError> {
    let entry = &allowed.entry;
    let phone = ops::accounts::phone_of(&entry.account)?.to_string();
    let form = FormState::new(NumberForm { phone });
    let page = NumberPage { layout: Layout::of(&app, &allowed.actor), entry, form };
    request_type.dialog(StatusCode::OK, &page.as_dialog(), &page)
}

pub async fn save(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::Login>,
    may: May<can::AddAccount>,
    Form(form): Form<NumberForm>,
) -> Result<Response, AppError> {
    let saved = match Phone::parse(&form.phone) {
        Ok(phone) => ops::accounts::correct_number(&app, allowed.grant(), may.grant(), phone).await,
        Err(error) => Err(OpError::invalid("phone", error)),
    };
    match saved {
        Ok(()) => {
            let next = paths::account(allowed.entry.account.id);
            Ok(request_type.dialog_done(words::NUMBER_CORRECTED, &next))
        }
        Err(error) => {
            let (status, form) = FormState::rejected(form, error)?;
            let entry = app.live.accounts.get(allowed.entry.account.id).ok_or(AppError::NotFound)?;
            let page = NumberPage { layout: Layout::of(&app, &allowed.actor), entry: &entry, form };
            request_type.dialog(status, &page.as_dialog(), &page)
        }
    }
}
