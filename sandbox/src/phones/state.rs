//! The content of the page as JSON, for programs.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::view;
use crate::backend::{Backend, Counters, Phone, PhoneNumber};
use crate::handle::Handle;

/// All phones with their sessions and messages, newest first.
pub(super) async fn state(State(handle): State<Handle>) -> Json<Value> {
    let network = &handle.server().network;
    let (clock, connections) = (network.skew(), network.total_connections());
    Json(handle.inspect(|backend| {
        let phones: Vec<_> =
            backend.phones.iter().map(|(number, phone)| self::phone(backend, number, phone)).collect();
        json!({ "pid": std::process::id(), "changes": backend.changes, "clock": clock, "connections": connections,
            "keys": backend.keys.len(), "login_token_lifetime": backend.login_tokens.lifetime,
            "phones": phones })
    }))
}

fn phone(backend: &Backend, number: &PhoneNumber, phone: &Phone) -> Value {
    let sessions: Vec<_> = backend
        .devices_of(number)
        .map(|(hash, device)| {
            json!({
                "hash": hash.to_string(),
                "device": device.app.device_model,
                "system": device.app.system_version,
                "version": device.app.app_version,
                "api_id": device.app.api_id,
                "app": device.app.name(),
                "official": device.app.official().is_some(),
                "ip": device.place.ip,
                "country": device.place.country,
                "unconfirmed": device.unconfirmed,
                "created": device.created,
                "active": device.active,
                "pretended": device.key.is_none(),
            })
        })
        .collect();
    let messages: Vec<_> = view::messages(phone)
        .into_iter()
        .map(|message| json!({ "from": message.from, "date": message.date, "text": message.text, "code": message.code }))
        .collect();
    json!({
        "number": number,
        "user_id": phone.user_id,
        "first_name": phone.first_name,
        "last_name": phone.last_name,
        "picture": phone.picture.as_ref().map(|picture| picture.id.to_string()),
        "account": phone.account,
        "dc": phone.dc,
        "password": phone.password.is_some(),
        "deliveries": phone.deliveries,
        "hint": phone.password.as_ref().map(|password| &password.hint),
        "recovery_email": phone.recovery_email,
        "password_reset": phone.password_reset,
        "bot": phone.bot,
        "missing_codes": phone.missing_codes,
        "authorization_ttl_days": phone.authorization_ttl_days,
        "login_email": phone.login_email,
        "premium_required": phone.premium_required,
        "sessions": sessions,
        "messages": messages,
    })
}

/// How often each method was called, in total and by number.
pub(super) async fn requests(State(handle): State<Handle>) -> Json<Counters> {
    Json(handle.requests())
}
