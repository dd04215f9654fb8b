//! What tests choose about signing in.

use super::Handle;
use crate::backend::{Account, Deliveries, MAX_TOKEN_LIFETIME, PhoneNumber, token_in_link};
use crate::error::RpcError;

impl Handle {
    /// Scans the QR code with this link, `tg://login?token=…`, with the phone of the number: its account lets the app
    /// that shows the code sign in. A phone that is not signed in is signed in first, as a simulated device.
    pub async fn scan_login_link(&self, number: &PhoneNumber, link: &str) -> Result<(), RpcError> {
        let token = token_in_link(link).ok_or_else(|| RpcError::bad("AUTH_TOKEN_INVALID"))?;
        self.server
            .update(|backend, now| {
                let account = backend.phone(number).map(|phone| phone.account);
                if account != Some(Account::Registered) {
                    return Err(RpcError::unauthorized("AUTH_KEY_UNREGISTERED"));
                }
                backend.login_token(&token, now)?;
                if backend.devices_of(number).next().is_none() {
                    backend.sign_in_elsewhere(number, now);
                }
                backend.accept_login_token(&token, number, now).map(|_| ())
            })
            .await
    }

    /// Sets how the number's codes are delivered, from the next code on.
    pub async fn set_deliveries(&self, number: &PhoneNumber, deliveries: Deliveries) {
        self.server.update(|backend, _| backend.set_deliveries(number, deliveries)).await;
    }

    /// Sets how many seconds QR codes for signing in are valid, from the next one on; 30 by default.
    pub async fn set_login_token_lifetime(&self, seconds: i64) {
        self.server
            .update(|backend, _| {
                backend.login_tokens.lifetime = seconds.clamp(1, MAX_TOKEN_LIFETIME);
                backend.changes += 1;
            })
            .await;
    }
}
