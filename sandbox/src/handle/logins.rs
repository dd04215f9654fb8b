//! What tests choose about signing in.

use super::Handle;
use crate::backend::{
    Account, Deliveries, InvalidBot, LoginEmail, MAX_TOKEN_LIFETIME, Phone, PhoneNumber, token_in_link,
};
use crate::error::RpcError;

impl Handle {
    /// Scans the QR code with this link, `tg://login?token=…`, with the phone of the number: its account lets the app
    /// that shows the code sign in. A phone that is not signed in is signed in first, as a simulated device.
    pub async fn scan_login_link(&self, number: &PhoneNumber, link: &str) -> Result<(), RpcError> {
        let token = token_in_link(link).ok_or_else(|| RpcError::bad("AUTH_TOKEN_INVALID"))?;
        self.server
            .update(|backend, now| {
                let can_scan = |phone: &Phone| phone.account == Account::Registered && phone.bot.is_none();
                if !backend.phone(number).is_some_and(|phone| can_scan(phone)) {
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

    /// Sets what e-mail has to do with signing in to the number's account.
    pub async fn set_login_email(&self, number: &PhoneNumber, email: LoginEmail) {
        self.server.update(|backend, _| backend.set_login_email(number, email)).await;
    }

    /// Sets whether a login to the number has to be paid for. `false` lets a login that waits go on.
    pub async fn set_premium_required(&self, number: &PhoneNumber, required: bool) {
        self.server.update(|backend, now| backend.set_premium_required(number, required, now)).await;
    }

    /// Sets the e-mail address that codes for recovering the two-step password go to, if there is a password.
    pub async fn set_recovery_email(&self, number: &PhoneNumber, address: Option<String>) {
        self.server.update(|backend, _| backend.set_recovery_email(number, address)).await;
    }

    /// Asks for the removal of the two-step password in so many seconds, as a person does who doesn't know it.
    pub async fn request_password_reset(&self, number: &PhoneNumber, seconds: i64) {
        self.server.update(|backend, now| backend.set_password_reset(number, Some(now + seconds))).await;
    }

    /// Adds a bot that signs in with this token, such as `123:secret`; without one it gets a new token. Returns the
    /// number that stands for the bot in all other methods.
    pub async fn add_bot(
        &self,
        name: &str,
        username: &str,
        token: Option<&str>,
    ) -> Result<PhoneNumber, InvalidBot> {
        self.server.update(|backend, _| backend.add_bot(name, username, token)).await
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
