//! `/accounts/{account}/devices/end`: ends the session of one device, after a question.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use axum_extra::extract::{Form, Query};
use serde::Deserialize;

use crate::domain::device::DeviceError;
use crate::domain::privilege::can;
use crate::domain::{Device, DeviceId, Millis};
use crate::live::accounts::Entry;
use crate::ops::{self, OpError};
use crate::web::error::AppError;
use crate::web::extract::Allowed;
use crate::web::form::{Fields, FormState, RequestType};
use crate::web::layout::Layout;
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::words::devices as words;
use crate::web::words::moments::{Moment, ago, moment};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct DeviceForm {
    device: String,
}

impl DeviceForm {
    /// What is no id is no device.
    pub(super) fn id(&self) -> Result<DeviceId, OpError> {
        self.device.trim().parse().map_err(|_| OpError::Refused(DeviceError::Gone.into()))
    }
}

impl Fields for DeviceForm {
    const NAMES: &'static [&'static str] = &[];
}

#[derive(Template)]
#[template(path = "pages/devices/end.html", blocks = ["dialog"])]
struct EndPage<'a> {
    layout: Layout,
    entry: &'a Entry,
    /// None if its session has ended.
    device: Option<Device>,
    form: FormState<DeviceForm>,
}

impl<'a> EndPage<'a> {
    fn new(app: &State, allowed: &'a Allowed<can::ManageSessions>, form: FormState<DeviceForm>) -> Self {
        let entry = &allowed.entry;
        let list = app.live.devices.get(entry.account.id);
        let listed = |id| list.as_ref()?.others().find(|device| device.id == id).cloned();
        let device = form.values.id().ok().and_then(listed);
        Self { layout: Layout::of(app, &allowed.actor), entry, device, form }
    }

    fn at(&self, at: &Millis) -> Moment {
        moment(*at)
    }

    fn ago(&self, at: &Millis) -> Moment {
        ago(*at)
    }
}

pub async fn ask(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::ManageSessions>,
    Query(form): Query<DeviceForm>,
) -> Result<Response, AppError> {
    ops::devices::refuse_bot(&allowed.entry)?;
    let page = EndPage::new(&app, &allowed, FormState::new(form));
    request_type.dialog(StatusCode::OK, &page.as_dialog(), &page)
}

pub async fn end(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::ManageSessions>,
    Form(form): Form<DeviceForm>,
) -> Result<Response, AppError> {
    let done = match form.id() {
        Ok(device) => ops::devices::end(&app, allowed.grant(), device).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(()) => Ok(request_type.dialog_done(words::ENDED, &paths::account(allowed.entry.account.id))),
        Err(error) => {
            let (status, form) = FormState::rejected(form, error)?;
            let page = EndPage::new(&app, &allowed, form);
            request_type.dialog(status, &page.as_dialog(), &page)
        }
    }
}
