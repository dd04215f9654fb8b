//! How often people may try to sign in. What could be guessed here are the identity provider's secrets, and the provider
//! counts for itself.

use std::net::IpAddr;

use axum::http::StatusCode;

use crate::domain::{Email, RequestInfo};
use crate::web::error::AppError;
use crate::web::state::State;
use crate::web::words::limits as words;

/// Refuses an attempt to sign in if too many from its address have failed. Those that succeed are not counted: an office
/// may have one address.
pub fn check_address(app: &State, origin: &RequestInfo) -> Result<(), AppError> {
    let Some(address) = origin.address else { return Ok(()) };
    let limit = app.config.limits.sign_ins_per_minute;
    if app.sign_in_limit.has_room(address, app.clock.now(), limit) {
        return Ok(());
    }
    Err(too_many(app, address, limit))
}

/// Counts an attempt that failed.
pub fn count_failure(app: &State, origin: &RequestInfo) {
    if let Some(address) = origin.address {
        app.sign_in_limit.count_failure(address, app.clock.now());
    }
}

/// Counts an answer of the identity provider that no sign-in of its browser waits for, and refuses it if there were too
/// many. They don't keep people from signing in whose browser has such a sign-in.
pub fn count_stranger(app: &State, origin: &RequestInfo) -> Result<(), AppError> {
    let Some(address) = origin.address else { return Ok(()) };
    let limit = app.config.limits.sign_ins_per_minute;
    if app.sign_in_limit.check_stranger(address, app.clock.now(), limit) {
        return Ok(());
    }
    Err(too_many(app, address, limit))
}

fn too_many(app: &State, address: IpAddr, limit: u32) -> AppError {
    if app.config.http.trusted_proxies.is_empty() && !is_public(address) {
        tracing::warn!(
            %address,
            "too many attempts to sign in from there failed. If that is a proxy, set TRUSTED_PROXIES: now all its \
             clients count as one"
        );
    } else {
        tracing::warn!(%address, "too many attempts to sign in from there failed");
    }
    AppError::Bad(StatusCode::TOO_MANY_REQUESTS, words::sign_ins_from_address(limit))
}

/// Whether an address is none that proxies and their servers have among themselves.
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(four) => !(four.is_private() || four.is_loopback() || four.is_link_local()),
        IpAddr::V6(six) => !(six.is_unique_local() || six.is_loopback() || six.is_unicast_link_local()),
    }
}

/// Counts a session that begins because a request proves this person, and refuses it if there were too many: a client that
/// sends the proof without the session's cookie would fill the audit log.
pub fn check_person(app: &State, person: &Email) -> Result<(), AppError> {
    let limit = app.config.limits.sign_ins_per_minute;
    if app.sign_in_limit.check_person(person, app.clock.now(), limit) {
        return Ok(());
    }
    tracing::warn!(%person, "too many sessions were begun");
    Err(AppError::Bad(StatusCode::TOO_MANY_REQUESTS, words::sessions_of_user(limit)))
}
