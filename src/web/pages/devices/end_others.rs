//! `/accounts/{account}/devices/end-others`: ends the sessions of all devices but Telescope, after a question.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use crate::domain::Device;
use crate::domain::privilege::can;
use crate::live::accounts::Entry;
use crate::ops;
use crate::web::error::AppError;
use crate::web::extract::Allowed;
use crate::web::form::{Fields, FormState, RequestType};
use crate::web::layout::Layout;
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::words::devices as words;

/// Nothing but a button.
#[derive(Debug, Default, Deserialize)]
struct NoFields;

impl Fields for NoFields {
    const NAMES: &'static [&'static str] = &[];
}

#[derive(Template)]
#[template(path = "pages/devices/end_others.html", blocks = ["dialog"])]
struct EndOthersPage<'a> {
    layout: Layout,
    entry: &'a Entry,
    others: Vec<Device>,
    form: FormState<NoFields>,
}

impl<'a> EndOthersPage<'a> {
    fn new(app: &State, allowed: &'a Allowed<can::ManageSessions>, form: FormState<NoFields>) -> Self {
        let entry = &allowed.entry;
        let list = app.live.devices.get(entry.account.id);
        let others = list.iter().flat_map(|list| list.others()).cloned().collect();
        Self { layout: Layout::of(app, &allowed.actor), entry, others, form }
    }
}

pub async fn ask(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::ManageSessions>,
) -> Result<Response, AppError> {
    ops::devices::refuse_bot(&allowed.entry)?;
    let page = EndOthersPage::new(&app, &allowed, FormState::new(NoFields));
    request_type.dialog(StatusCode::OK, &page.as_dialog(), &page)
}

pub async fn end(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::ManageSessions>,
) -> Result<Response, AppError> {
    match ops::devices::end_others(&app, allowed.grant()).await {
        Ok(()) => {
            Ok(request_type.dialog_done(words::OTHERS_ENDED, &paths::account(allowed.entry.account.id)))
        }
        Err(error) => {
            let (status, form) = FormState::rejected(NoFields, error)?;
            let page = EndOthersPage::new(&app, &allowed, form);
            request_type.dialog(status, &page.as_dialog(), &page)
        }
    }
}
