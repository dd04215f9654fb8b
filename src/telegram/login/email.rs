//! The login e-mail address, to which Telegram sends codes.

use tdlib_rs::enums::EmailAddressResetState;
use tdlib_rs::types::AuthorizationStateWaitEmailCode;

use super::printable;
use crate::domain::stage::EmailReset;
use crate::domain::{Millis, Stage};

pub(super) fn code(wait: &AuthorizationStateWaitEmailCode, now: Millis) -> Stage {
    Stage::WaitEmailCode {
        pattern: printable(&wait.code_info.email_address_pattern),
        length: wait.code_info.length,
        reset: reset(wait.email_address_reset_state.as_ref(), now),
    }
}

fn reset(state: Option<&EmailAddressResetState>, now: Millis) -> EmailReset {
    match state {
        None => EmailReset::Impossible,
        Some(EmailAddressResetState::Available(state)) => {
            EmailReset::Possible { after: i64::from(state.wait_period) }
        }
        Some(EmailAddressResetState::Pending(state)) => {
            EmailReset::Pending { until: now.plus_seconds(i64::from(state.reset_in)) }
        }
    }
}
