//! `account.*`: the list of sessions.

use grammers_tl_types::{enums, functions::account, types};

use super::{Access, Call, Methods, tl};
use crate::backend::{App, Device, Place, simulated_app};
use crate::error::RpcError;

/// The most days after which sessions can be made to end.
const MAX_TTL: i32 = 366;

pub(super) fn add(methods: &mut Methods) {
    methods.add(Access::SignedIn, get_authorizations);
    methods.add(Access::NotFrozen, reset_authorization);
    methods.add(Access::NotFrozen, set_authorization_ttl);
    methods.add(Access::NotFrozen, change_authorization_settings);
}

fn get_authorizations(
    call: &mut Call<'_>,
    _: account::GetAuthorizations,
) -> Result<enums::account::Authorizations, RpcError> {
    let (number, me) = call.me()?;
    let authorization_ttl_days = me.authorization_ttl_days;
    let devices = call.backend.devices_of(&number);
    let authorizations = devices
        .map(|(hash, device)| device_authorization(hash, device, device.key == Some(call.key)))
        .collect();
    Ok(enums::account::Authorizations::Authorizations(types::account::Authorizations {
        authorization_ttl_days,
        authorizations,
    }))
}

/// A session that another app is about to get.
pub(super) fn accepted_authorization(
    hash: i64,
    app: Option<App>,
    password_pending: bool,
    now: i64,
) -> enums::Authorization {
    let app = app.unwrap_or_else(|| simulated_app("Unknown app"));
    let row = authorization(hash, &app, &Place::default(), (now, now));
    enums::Authorization::Authorization(types::Authorization { password_pending, ..row })
}

/// The caller's own session has the hash 0.
fn device_authorization(hash: i64, device: &Device, current: bool) -> enums::Authorization {
    let dates = (device.created, device.active);
    let hash = if current { 0 } else { hash };
    let row = authorization(hash, &device.app, &device.place, dates);
    let unconfirmed = device.unconfirmed && !current;
    enums::Authorization::Authorization(types::Authorization { current, unconfirmed, ..row })
}

/// The dates are those of the login and of the last request.
fn authorization(hash: i64, app: &App, place: &Place, (created, active): (i64, i64)) -> types::Authorization {
    types::Authorization {
        current: false,
        official_app: app.official().is_some(),
        password_pending: false,
        encrypted_requests_disabled: false,
        call_requests_disabled: false,
        unconfirmed: false,
        hash,
        device_model: app.device_model.clone(),
        platform: app.official().map(|(_, platform)| platform.to_owned()).unwrap_or_default(),
        system_version: app.system_version.clone(),
        api_id: app.api_id,
        app_name: app.name(),
        app_version: app.app_version.clone(),
        date_created: tl::date(created),
        date_active: tl::date(active),
        ip: place.ip.clone(),
        country: place.country.clone(),
        region: place.region.clone(),
    }
}

/// A session younger than a day may not end others, so that a thief can't lock the owner out at once.
pub(super) fn check_not_fresh(call: &Call<'_>) -> Result<(), RpcError> {
    match call.backend.is_fresh(call.key, call.now) {
        true => Err(RpcError::new(406, "FRESH_RESET_AUTHORISATION_FORBIDDEN")),
        false => Ok(()),
    }
}

fn reset_authorization(call: &mut Call<'_>, request: account::ResetAuthorization) -> Result<bool, RpcError> {
    let (number, _) = call.me()?;
    check_not_fresh(call)?;
    let own = call.backend.devices.get(&request.hash).is_some_and(|device| device.number == number);
    if own && call.backend.end_session(request.hash, "SESSION_REVOKED") {
        Ok(true)
    } else {
        Err(RpcError::bad("HASH_INVALID"))
    }
}

fn set_authorization_ttl(
    call: &mut Call<'_>,
    request: account::SetAuthorizationTtl,
) -> Result<bool, RpcError> {
    let (number, _) = call.me()?;
    check_not_fresh(call)?;
    if !(1..=MAX_TTL).contains(&request.authorization_ttl_days) {
        return Err(RpcError::bad("TTL_DAYS_INVALID"));
    }
    if let Some(phone) = call.backend.phone(&number) {
        phone.authorization_ttl_days = request.authorization_ttl_days;
        call.backend.changes += 1;
    }
    Ok(true)
}

/// Confirms a new session. What else can be set has no effect here.
fn change_authorization_settings(
    call: &mut Call<'_>,
    request: account::ChangeAuthorizationSettings,
) -> Result<bool, RpcError> {
    let (number, _) = call.me()?;
    let is_there = call.backend.devices.get(&request.hash).is_some_and(|device| device.number == number);
    if !is_there {
        return Err(RpcError::bad("HASH_INVALID"));
    }
    if request.confirmed {
        call.backend.confirm_session(&number, request.hash, call.now);
    }
    Ok(true)
}
