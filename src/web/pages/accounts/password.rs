//! `/accounts/{account}/password`: stores the account's two-step password.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use axum_extra::extract::Form;
use serde::Deserialize;

use crate::domain::privilege::can;
use crate::domain::{AccountId, Millis, Secret};
use crate::live::accounts::Entry;
use crate::ops;
use crate::store;
use crate::web::error::AppError;
use crate::web::extract::Allowed;
use crate::web::form::{Fields, FormState, RequestType};
use crate::web::layout::Layout;
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::words::accounts as words;

#[derive(Debug, Deserialize)]
pub struct PasswordForm {
    password: Secret,
    #[serde(default)]
    seen: String,
}

/// When the stored password was stored, 0 if there is none: what a form about it was made from.
pub(super) async fn stored_at(app: &State, account: AccountId) -> Result<i64, AppError> {
    let fact = store::secrets::two_step_password(&mut app.db.read().await?, account).await?;
    Ok(fact.map_or(0, |fact| fact.stored_at.0))
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
    seen: i64,
}

pub async fn form(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::EditTwoFactorPassword>,
) -> Result<Response, AppError> {
    ops::accounts::phone_of(&allowed.entry.account)?;
    let form = FormState::new(EmptyForm);
    let seen = stored_at(&app, allowed.entry.account.id).await?;
    let page = PasswordPage { layout: Layout::of(&app, &allowed.actor), entry: &allowed.entry, form, seen };
    request_type.dialog(StatusCode::OK, &page.as_dialog(), &page)
}

pub async fn save(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::EditTwoFactorPassword>,
    Form(sent): Form<PasswordForm>,
) -> Result<Response, AppError> {
    let seen = sent.seen.parse().ok().map(Millis);
    match ops::two_step::store_password(&app, allowed.grant(), &sent.password, seen).await {
        Ok(()) => {
            Ok(request_type.dialog_done(words::PASSWORD_STORED, &paths::account(allowed.entry.account.id)))
        }
        Err(error) => {
            let (status, form) = FormState::rejected(EmptyForm, error)?;
            let seen = stored_at(&app, allowed.entry.account.id).await?;
            let layout = Layout::of(&app, &allowed.actor);
            let page = PasswordPage { layout, entry: &allowed.entry, form, seen };
            request_type.dialog(status, &page.as_dialog(), &page)
        }
    }
}
