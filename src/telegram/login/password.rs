//! The two-step password.

use tdlib_rs::types::AuthorizationStateWaitPassword;

use super::printable;
use crate::domain::Stage;
use crate::domain::stage::Recovery;

pub(super) fn password(wait: &AuthorizationStateWaitPassword) -> Stage {
    let pattern = printable(&wait.recovery_email_address_pattern);
    let recovery = match (wait.has_recovery_email_address, pattern.is_empty()) {
        (false, _) => Recovery::Impossible,
        (true, true) => Recovery::Possible,
        (true, false) => Recovery::CodeSent { pattern },
    };
    Stage::WaitPassword { hint: wait.password_hint.replace('\0', ""), recovery }
}
