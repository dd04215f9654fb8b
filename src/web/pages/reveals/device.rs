//! `/accounts/{account}/device`: logging a device in by its QR code, from a picture of it or from its link.
//!
//! After a form without JavaScript a redirect leads to the page that shows which device came in, so that loading it again
//! sends nothing again.

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::Query;
use serde::Deserialize;

use super::secret::{Outcome, ReasonForm, answer};
use crate::domain::privilege::can;
use crate::domain::reveal::DeviceLogin;
use crate::domain::{AccountId, DeviceFault, LoginLink, NewDevice, Secret};
use crate::ops::approvals::RevealMode;
use crate::ops::{OpError, accounts, device_login};
use crate::web::error::AppError;
use crate::web::extract::Allowed;
use crate::web::form::RequestType;
use crate::web::paths::{self, with_query};
use crate::web::state::{AppState, State};
use crate::web::upload::{PictureUpload, Upload};

/// A device that was logged in.
#[derive(Template)]
#[template(path = "parts/device_logged_in.html")]
pub(super) struct LoggedInPart {
    account: AccountId,
    /// None if its audit entry can't be read.
    device: Option<NewDevice>,
}

/// What the address can say: the reason, after the person confirmed their identity, and the audit entry of a device.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PageQuery {
    reason: String,
    done: Option<i64>,
}

/// The form, or which device was logged in.
pub async fn form(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::Login>,
    Query(query): Query<PageQuery>,
) -> Result<Response, AppError> {
    accounts::phone_of(&allowed.entry.account)?;
    let outcome = match query.done {
        Some(seq) => Outcome::LoggedIn(part(&app, &allowed, seq).await?),
        None => Outcome::Form,
    };
    answer::<DeviceLogin>(&app, request_type, &allowed, ReasonForm { reason: query.reason }, Ok(outcome))
        .await
}

async fn part(app: &State, allowed: &Allowed<can::Login>, seq: i64) -> Result<LoggedInPart, OpError> {
    let account = allowed.entry.account.id;
    let conn = &mut app.db.read().await?;
    let device = device_login::logged_in(conn, &allowed.actor, account, seq).await?;
    Ok(LoggedInPart { account, device })
}

/// Logs the device in.
pub async fn log_in(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::Login>,
    PictureUpload(upload): PictureUpload,
) -> Result<Response, AppError> {
    log_in_with(&app, request_type, &allowed, upload, RevealMode::Normal).await
}

/// Logs it in without the approval that is needed.
pub async fn log_in_in_emergency(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::Login>,
    PictureUpload(upload): PictureUpload,
) -> Result<Response, AppError> {
    log_in_with(&app, request_type, &allowed, upload, RevealMode::Emergency).await
}

async fn log_in_with(
    app: &State,
    request_type: RequestType,
    allowed: &Allowed<can::Login>,
    upload: Upload,
    mode: RevealMode,
) -> Result<Response, AppError> {
    let form = ReasonForm { reason: upload.text("reason") };
    let outcome = match logged_in(app, allowed, upload, &form.reason, mode).await {
        Ok(seq) if !request_type.is_partial() => {
            let page = with_query(&paths::device_login(allowed.entry.account.id), [("done", seq)]);
            return Ok(Redirect::to(&page).into_response());
        }
        Ok(seq) => part(app, allowed, seq).await.map(Outcome::LoggedIn),
        Err(error) => Err(error),
    };
    answer::<DeviceLogin>(app, request_type, allowed, form, outcome).await
}

async fn logged_in(
    app: &State,
    allowed: &Allowed<can::Login>,
    upload: Upload,
    reason: &str,
    mode: RevealMode,
) -> Result<i64, OpError> {
    let grant = allowed.grant();
    let may = device_login::begin(app, &grant, reason, mode).await?;
    let link = link(app, upload).await.map_err(|fault| OpError::invalid("qr", fault))?;
    device_login::log_in(app, may, grant, link, reason, mode).await
}

/// The link that was pasted, or that the picture has.
async fn link(app: &State, mut upload: Upload) -> Result<LoginLink, DeviceFault> {
    let pasted = Secret::new(upload.text("link"));
    let picture = match upload.take("photo") {
        photo if photo.is_empty() => upload.take("picture"),
        photo => photo,
    };
    match (picture.is_empty(), pasted.expose().trim().is_empty()) {
        (true, _) => LoginLink::parse(&pasted),
        (false, true) => app.pictures.login_link(picture).await,
        (false, false) => Err(DeviceFault::Both),
    }
}
