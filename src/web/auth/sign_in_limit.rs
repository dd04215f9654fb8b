//! Limits attempts to sign in. Guessing secrets of the identity provider is limited by the provider
//! itself.

use axum::http::StatusCode;

use crate::domain::{Email, RequestInfo};
use crate::web::error::AppError;
use crate::web::state::State;
use crate::web::words::limits as words;

/// Counts an attempt to sign in, and refuses it if there were too many from its address.
pub fn check_address(app: &State, origin: &RequestInfo) -> Result<(), AppError> {
    let Some(address) = origin.address else { return Ok(()) };
    let limit = app.config.limits.sign_ins_per_minute;
    if app.sign_in_limit.check_address(address, app.clock.now(), limit) {
        return Ok(());
    }
    tracing::warn!(%address, "too many attempts to sign in from there");
    Err(AppError::Bad(StatusCode::TOO_MANY_REQUESTS, words::sign_ins_from_address(limit)))
}

/// Counts a session that begins with a request's assertion, and refuses it if there were too many: a client that
/// sends the assertion without the session's cookie would fill the audit log.
pub fn check_person(app: &State, person: &Email) -> Result<(), AppError> {
    let limit = app.config.limits.sign_ins_per_minute;
    if app.sign_in_limit.check_person(person, app.clock.now(), limit) {
        return Ok(());
    }
    tracing::warn!(%person, "too many sessions were begun");
    Err(AppError::Bad(StatusCode::TOO_MANY_REQUESTS, words::sessions_of_user(limit)))
}
