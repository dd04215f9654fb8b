//! Forms for the devices that are signed in to a phone's account.

use axum::Form;
use axum::extract::{Path, State};
use serde::Deserialize;

use super::actions::{FormError, FormResult, back, existing};
use crate::backend::{NewDevice, PhoneNumber};
use crate::handle::Handle;

/// The longest text that a device can describe itself with.
const MAX_TEXT: usize = 200;
/// The most hours ago that a session can have begun.
const MAX_HOURS: i64 = 366 * 24;
/// The most devices that one form adds.
const MAX_COUNT: u32 = 1000;

/// A simulated device. What is left out has the defaults.
#[derive(Deserialize)]
pub(super) struct SignIn {
    device: Option<String>,
    system: Option<String>,
    version: Option<String>,
    api_id: Option<i32>,
    ip: Option<String>,
    country: Option<String>,
    #[serde(default)]
    hours: i64,
    #[serde(default)]
    unconfirmed: bool,
    #[serde(default)]
    announced: bool,
    count: Option<u32>,
}

pub(super) async fn sign_in(
    State(handle): State<Handle>,
    Path(number): Path<String>,
    Form(form): Form<SignIn>,
) -> FormResult {
    let number = existing(&handle, &number)?;
    let mut new = NewDevice {
        age: seconds(form.hours)?,
        unconfirmed: form.unconfirmed,
        announced: form.announced,
        ..NewDevice::default()
    };
    new.app.api_id = form.api_id.unwrap_or(new.app.api_id);
    for (text, field) in [
        (form.device, &mut new.app.device_model),
        (form.system, &mut new.app.system_version),
        (form.version, &mut new.app.app_version),
        (form.ip, &mut new.place.ip),
        (form.country, &mut new.place.country),
    ] {
        let Some(text) = text.filter(|text| !text.is_empty()) else { continue };
        if text.chars().count() > MAX_TEXT {
            return Err(FormError(format!("A device describes itself with at most {MAX_TEXT} characters.")));
        }
        *field = text;
    }
    let count = form.count.unwrap_or(1);
    if !(1..=MAX_COUNT).contains(&count) {
        return Err(FormError(format!("1 to {MAX_COUNT} devices can be added.")));
    }
    for _ in 0..count {
        handle.add_device(&number, new.clone()).await;
    }
    Ok(back(&number))
}

fn seconds(hours: i64) -> Result<i64, FormError> {
    let error = || FormError(format!("A session began 0 to {MAX_HOURS} hours ago."));
    (0..=MAX_HOURS).contains(&hours).then_some(hours * 3600).ok_or_else(error)
}

#[derive(Deserialize)]
pub(super) struct Age {
    hours: i64,
}

/// Sets how many hours ago all sessions of the number began.
pub(super) async fn age(
    State(handle): State<Handle>,
    Path(number): Path<String>,
    Form(form): Form<Age>,
) -> FormResult {
    let number = existing(&handle, &number)?;
    handle.age_sessions(&number, seconds(form.hours)?).await;
    Ok(back(&number))
}

pub(super) async fn end(
    State(handle): State<Handle>,
    Path((number, hash)): Path<(String, i64)>,
) -> FormResult {
    let number = existing(&handle, &number)?;
    if is_own(&handle, &number, hash) && handle.end_session(hash).await {
        Ok(back(&number))
    } else {
        Err(FormError("There is no such session.".to_owned()))
    }
}

fn is_own(handle: &Handle, number: &PhoneNumber, hash: i64) -> bool {
    handle.inspect(|backend| backend.devices.get(&hash).is_some_and(|device| device.number == *number))
}
