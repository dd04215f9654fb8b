//! The addresses about one kind of secret.

use crate::domain::AccountId;
use crate::domain::reveal::RevealKind;
use crate::web::paths;

#[derive(Debug)]
pub(super) struct SecretUrls {
    pub(super) page: String,
    pub(super) wait: String,
    pub(super) emergency: String,
    pub(super) emergency_wait: String,
    pub(super) request: String,
    pub(super) request_events: String,
}

impl SecretUrls {
    pub(super) fn of(kind: RevealKind, account: AccountId) -> Self {
        match kind {
            RevealKind::LoginCode => Self {
                page: paths::code(account),
                wait: paths::code_wait(account),
                emergency: paths::code_emergency(account),
                emergency_wait: paths::code_emergency_wait(account),
                request: paths::code_request(account),
                request_events: paths::code_request_events(account),
            },
            RevealKind::TwoStepPassword => Self {
                page: paths::reveal_password(account),
                wait: String::new(),
                emergency: String::new(),
                emergency_wait: String::new(),
                request: paths::reveal_password_request(account),
                request_events: paths::reveal_password_request_events(account),
            },
            RevealKind::DeviceLogin => Self {
                page: paths::device_login(account),
                wait: String::new(),
                emergency: paths::device_login_emergency(account),
                emergency_wait: String::new(),
                request: paths::device_login_request(account),
                request_events: paths::device_login_request_events(account),
            },
        }
    }
}
