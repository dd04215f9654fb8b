//! Forms that inject faults: ended sessions, expired codes, network faults, errors.

use std::time::Duration;

use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, State};
use axum::response::Redirect;
use serde::Deserialize;

use super::actions::{FormError, FormResult, back, existing, parse};
use crate::backend::PhoneNumber;
use crate::error::RpcError;
use crate::handle::Handle;
use crate::network::{ConnectionFault, MAX_CLOCK_SKEW, MAX_FAULT_DURATION};
use crate::server::flood::FloodLimit;

/// A number that can be left out.
fn optional(number: &str) -> Result<Option<PhoneNumber>, FormError> {
    match number.trim() {
        "" => Ok(None),
        number => parse(number).map(Some),
    }
}

#[derive(Default, Deserialize)]
pub(super) struct Revocation {
    #[serde(default)]
    why: Reason,
}

/// Why a session is ended.
#[derive(Default, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Reason {
    #[default]
    Revoked,
    Expired,
    Duplicated,
}

impl Reason {
    fn error_name(self) -> &'static str {
        match self {
            Self::Revoked => "SESSION_REVOKED",
            Self::Expired => "SESSION_EXPIRED",
            Self::Duplicated => "AUTH_KEY_DUPLICATED",
        }
    }
}

/// Ends all sessions. A request without a form gives no reason.
pub(super) async fn revoke(
    State(handle): State<Handle>,
    Path(number): Path<String>,
    form: Result<Form<Revocation>, FormRejection>,
) -> FormResult {
    let number = existing(&handle, &number)?;
    let reason = match form {
        Ok(Form(form)) => form.why,
        Err(FormRejection::InvalidFormContentType(_)) => Reason::default(),
        Err(_) => return Err(FormError("The reason is revoked, expired or duplicated.".to_owned())),
    };
    handle.revoke_with_error(&number, reason.error_name()).await;
    Ok(back(&number))
}

pub(super) async fn expire_code(State(handle): State<Handle>, Path(number): Path<String>) -> FormResult {
    let number = existing(&handle, &number)?;
    if handle.expire_code(&number).await {
        Ok(back(&number))
    } else {
        Err(FormError("There is no code for this number.".to_owned()))
    }
}

pub(super) async fn drop_keys(State(handle): State<Handle>, Path(number): Path<String>) -> FormResult {
    let number = existing(&handle, &number)?;
    if handle.drop_temporary_keys(&number).await > 0 {
        Ok(back(&number))
    } else {
        Err(FormError("No client of this number uses a temporary key.".to_owned()))
    }
}

#[derive(Deserialize)]
pub(super) struct Dc {
    #[serde(default)]
    dc: String,
}

/// Assigns the account to one data centre; an empty field to all of them.
pub(super) async fn dc(
    State(handle): State<Handle>,
    Path(number): Path<String>,
    Form(form): Form<Dc>,
) -> FormResult {
    let number = existing(&handle, &number)?;
    let dc = match form.dc.trim() {
        "" => None,
        text => Some(text.parse().ok().filter(|dc| (1..=5).contains(dc)).ok_or_else(invalid_dc)?),
    };
    handle.set_dc(&number, dc).await;
    Ok(back(&number))
}

fn invalid_dc() -> FormError {
    FormError("A data centre is a number from 1 to 5.".to_owned())
}

#[derive(Deserialize)]
pub(super) struct Flood {
    #[serde(default)]
    count: String,
    #[serde(default)]
    seconds: String,
}

const MAX_FLOOD: u64 = 1_000_000;

/// Sends messages as fast as clients take them: a count, or for a time. Zero ends a flood.
pub(super) async fn flood(
    State(handle): State<Handle>,
    Path(number): Path<String>,
    Form(form): Form<Flood>,
) -> FormResult {
    let number = existing(&handle, &number)?;
    let end = match (form.count.trim(), form.seconds.trim()) {
        ("", seconds) => FloodLimit::Duration(duration(seconds)?),
        (count, "") => {
            let count = count.parse().ok().filter(|count| *count <= MAX_FLOOD);
            let invalid = || FormError(format!("A flood has 0 to {MAX_FLOOD} messages."));
            FloodLimit::Count(count.ok_or_else(invalid)?)
        }
        _ => return Err(FormError("Give either a count or seconds.".to_owned())),
    };
    handle.flood(&number, end);
    Ok(back(&number))
}

#[derive(Deserialize)]
pub(super) struct NetworkFault {
    fault: Fault,
    #[serde(default)]
    seconds: String,
    #[serde(default)]
    number: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Fault {
    Silence,
    Down,
    Drop,
    Garbage,
    Truncate,
    Clock,
}

pub(super) async fn network(State(handle): State<Handle>, Form(form): Form<NetworkFault>) -> FormResult {
    let number = optional(&form.number)?;
    if number.is_some() && matches!(form.fault, Fault::Down | Fault::Clock) {
        return Err(FormError("This fault applies to all numbers.".to_owned()));
    }
    match form.fault {
        Fault::Silence => handle.silence(number.as_ref(), duration(&form.seconds)?),
        Fault::Down => handle.go_down(duration(&form.seconds)?),
        Fault::Clock => handle.set_clock_skew(skew(&form.seconds)?),
        Fault::Drop => drop(handle.break_connections(ConnectionFault::Drop, number.as_ref())),
        Fault::Garbage => drop(handle.break_connections(ConnectionFault::Garbage, number.as_ref())),
        Fault::Truncate => drop(handle.break_connections(ConnectionFault::Truncate, number.as_ref())),
    }
    Ok(Redirect::to("/#network"))
}

fn duration(seconds: &str) -> Result<Duration, FormError> {
    let duration = seconds
        .trim()
        .parse()
        .ok()
        .map(Duration::from_secs)
        .filter(|duration| *duration <= MAX_FAULT_DURATION);
    duration.ok_or_else(|| FormError(format!("A fault lasts 0 to {} seconds.", MAX_FAULT_DURATION.as_secs())))
}

fn skew(seconds: &str) -> Result<i64, FormError> {
    let skew = seconds.trim().parse().ok().filter(|skew| (-MAX_CLOCK_SKEW..=MAX_CLOCK_SKEW).contains(skew));
    skew.ok_or_else(|| {
        FormError(format!("The clock error is -{MAX_CLOCK_SKEW} to {MAX_CLOCK_SKEW} seconds."))
    })
}

#[derive(Deserialize)]
pub(super) struct InjectError {
    method: String,
    #[serde(default)]
    number: String,
    code: i32,
    name: String,
    #[serde(default = "once")]
    times: u32,
}

fn once() -> u32 {
    1
}

/// Lets the next calls of a method fail.
pub(super) async fn inject_error(State(handle): State<Handle>, Form(form): Form<InjectError>) -> FormResult {
    let number = optional(&form.number)?;
    let is_name =
        form.name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    if !is_name || form.name.is_empty() || !(1..=1000).contains(&form.times) {
        return Err(FormError(
            "The name has capital letters, digits and underscores, and the times are 1 to 1000.".to_owned(),
        ));
    }
    handle.inject_error(form.method.trim(), number.as_ref(), RpcError::new(form.code, form.name), form.times);
    Ok(Redirect::to("/#refusals"))
}
