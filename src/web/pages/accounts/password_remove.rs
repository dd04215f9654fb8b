//! `/accounts/{account}/password/remove`: removes the stored two-step password, after a question.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use axum_extra::extract::Form;
use serde::Deserialize;

use crate::domain::Millis;
use crate::domain::privilege::can;
use crate::live::accounts::Entry;
use crate::ops;
use crate::web::error::AppError;
use crate::web::extract::Allowed;
use crate::web::form::{Fields, FormState, RequestType};
use crate::web::layout::Layout;
use crate::web::pages::accounts::password::stored_at;
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::words::accounts as words;

#[derive(Template)]
#[template(path = "pages/accounts/password_remove.html", blocks = ["dialog"])]
struct RemovePage<'a> {
    layout: Layout,
    entry: &'a Entry,
    seen: i64,
    form: FormState<RemoveForm>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct RemoveForm {
    seen: String,
}

impl Fields for RemoveForm {
    const NAMES: &'static [&'static str] = &[];
}

impl<'a> RemovePage<'a> {
    async fn new(
        app: &State,
        allowed: &'a Allowed<can::EditTwoFactorPassword>,
        form: FormState<RemoveForm>,
    ) -> Result<Self, AppError> {
        let entry = &allowed.entry;
        let seen = stored_at(app, entry.account.id).await?;
        Ok(Self { layout: Layout::of(app, &allowed.actor), entry, seen, form })
    }
}

pub async fn form(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::EditTwoFactorPassword>,
) -> Result<Response, AppError> {
    ops::accounts::phone_of(&allowed.entry.account)?;
    let page = RemovePage::new(&app, &allowed, FormState::default()).await?;
    request_type.dialog(StatusCode::OK, &page.as_dialog(), &page)
}

pub async fn remove(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::EditTwoFactorPassword>,
    Form(form): Form<RemoveForm>,
) -> Result<Response, AppError> {
    let seen = form.seen.parse().ok().map(Millis);
    match ops::two_step::remove_password(&app, allowed.grant(), seen).await {
        Ok(()) => {
            Ok(request_type.dialog_done(words::PASSWORD_REMOVED, &paths::account(allowed.entry.account.id)))
        }
        Err(error) => {
            let (status, form) = FormState::rejected(form, error)?;
            let page = RemovePage::new(&app, &allowed, form).await?;
            request_type.dialog(status, &page.as_dialog(), &page)
        }
    }
}
