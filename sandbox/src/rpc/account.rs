//! `account.*`: the list of sessions.

use grammers_tl_types::{enums, functions::account, types};

use super::{Access, Call, Methods, tl};
use crate::backend::Device;
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
    let authorizations =
        devices.map(|(hash, device)| authorization(hash, device, device.key == Some(call.key))).collect();
    Ok(enums::account::Authorizations::Authorizations(types::account::Authorizations {
        authorization_ttl_days: 180,
        authorizations,
    }))
}

/// The caller's own session has the hash 0.
fn authorization(hash: i64, device: &Device, current: bool) -> enums::Authorization {
    enums::Authorization::Authorization(types::Authorization {
        current,
        official_app: false,
        password_pending: false,
        encrypted_requests_disabled: false,
        call_requests_disabled: false,
        unconfirmed: false,
        hash: if current { 0 } else { hash },
        device_model: device.app.device_model.clone(),
        platform: String::new(),
        system_version: device.app.system_version.clone(),
        api_id: device.app.api_id,
        app_name: format!("App {}", device.app.api_id),
        app_version: device.app.app_version.clone(),
        date_created: tl::date(device.created),
        date_active: tl::date(device.active),
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
