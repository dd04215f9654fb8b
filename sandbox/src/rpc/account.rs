//! `account.*`: the list of sessions.

use grammers_tl_types::{enums, functions::account, types};

use super::{Access, Call, Methods, tl};
use crate::backend::{App, simulated_app};
use crate::error::RpcError;

pub(super) fn add(methods: &mut Methods) {
    methods.add(Access::SignedIn, get_authorizations);
    methods.add(Access::NotFrozen, reset_authorization);
}

fn get_authorizations(
    call: &mut Call<'_>,
    _: account::GetAuthorizations,
) -> Result<enums::account::Authorizations, RpcError> {
    let (number, _) = call.me()?;
    let devices = call.backend.devices_of(&number);
    let authorizations = devices
        .map(|(hash, device)| {
            let dates = (device.created, device.active);
            authorization(hash, &device.app, dates, device.key == Some(call.key))
        })
        .collect();
    Ok(enums::account::Authorizations::Authorizations(types::account::Authorizations {
        authorization_ttl_days: 180,
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
    let enums::Authorization::Authorization(row) = authorization(hash, &app, (now, now), false);
    enums::Authorization::Authorization(types::Authorization { password_pending, ..row })
}

/// The caller's own session has the hash 0. The dates are those of the login and of the last request.
fn authorization(hash: i64, app: &App, (created, active): (i64, i64), current: bool) -> enums::Authorization {
    enums::Authorization::Authorization(types::Authorization {
        current,
        official_app: false,
        password_pending: false,
        encrypted_requests_disabled: false,
        call_requests_disabled: false,
        unconfirmed: false,
        hash: if current { 0 } else { hash },
        device_model: app.device_model.clone(),
        platform: String::new(),
        system_version: app.system_version.clone(),
        api_id: app.api_id,
        app_name: format!("App {}", app.api_id),
        app_version: app.app_version.clone(),
        date_created: tl::date(created),
        date_active: tl::date(active),
        ip: "127.0.0.1".to_owned(),
        country: "Sandbox".to_owned(),
        region: String::new(),
    })
}

fn reset_authorization(call: &mut Call<'_>, request: account::ResetAuthorization) -> Result<bool, RpcError> {
    let (number, _) = call.me()?;
    let own = call.backend.devices.get(&request.hash).is_some_and(|device| device.number == number);
    if own && call.backend.end_session(request.hash, "SESSION_REVOKED") {
        Ok(true)
    } else {
        Err(RpcError::bad("HASH_INVALID"))
    }
}
