//! `/accounts/{account}/devices/idle`: after how many days without use Telegram ends a session.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use axum_extra::extract::Form;
use serde::Deserialize;

use crate::domain::device::IDLE_DAYS;
use crate::domain::privilege::can;
use crate::live::accounts::Entry;
use crate::ops;
use crate::web::error::AppError;
use crate::web::extract::Allowed;
use crate::web::form::{Fields, FormState, RequestType};
use crate::web::layout::Layout;
use crate::web::paths;
use crate::web::state::AppState;
use crate::web::words::devices as words;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct IdleForm {
    days: String,
}

impl Fields for IdleForm {
    const NAMES: &'static [&'static str] = &["days"];
}

#[derive(Template)]
#[template(path = "pages/devices/idle.html", blocks = ["dialog"])]
struct IdlePage<'a> {
    layout: Layout,
    entry: &'a Entry,
    form: FormState<IdleForm>,
}

pub async fn form(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::ManageSessions>,
) -> Result<Response, AppError> {
    ops::devices::refuse_bot(&allowed.entry)?;
    let list = app.live.devices.get(allowed.entry.account.id);
    let days = list.map(|list| list.idle_days.to_string()).unwrap_or_default();
    let form = FormState::new(IdleForm { days });
    let page = IdlePage { layout: Layout::of(&app, &allowed.actor), entry: &allowed.entry, form };
    request_type.dialog(StatusCode::OK, &page.as_dialog(), &page)
}

pub async fn save(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::ManageSessions>,
    Form(sent): Form<IdleForm>,
) -> Result<Response, AppError> {
    match ops::devices::set_idle_days(&app, allowed.grant(), &sent.days).await {
        Ok(()) => Ok(request_type.dialog_done(words::IDLE_SET, &paths::account(allowed.entry.account.id))),
        Err(error) => {
            let (status, form) = FormState::rejected(sent, error)?;
            let page = IdlePage { layout: Layout::of(&app, &allowed.actor), entry: &allowed.entry, form };
            request_type.dialog(status, &page.as_dialog(), &page)
        }
    }
}
