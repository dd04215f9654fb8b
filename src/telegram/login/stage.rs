//! Authorization states as stages. A state that this version does not know becomes [`Stage::Other`] with its name.

use tdlib_rs::enums::AuthorizationState;

use super::code;
use crate::domain::{Millis, Stage};

/// The stage of an authorization state that was seen at `now`.
/// None for the states that people need not see: waiting for parameters, and closed.
pub fn stage_of(state: &AuthorizationState, now: Millis) -> Option<Stage> {
    Some(match state {
        AuthorizationState::WaitTdlibParameters | AuthorizationState::Closed => return None,
        AuthorizationState::WaitPhoneNumber => Stage::SignedOut,
        AuthorizationState::WaitCode(wait) => Stage::WaitCode(code::sent(&wait.code_info, now)),
        AuthorizationState::WaitPassword(wait) => Stage::WaitPassword {
            hint: wait.password_hint.replace('\0', ""),
            can_recover: wait.has_recovery_email_address,
        },
        AuthorizationState::WaitEmailAddress(_) => Stage::WaitEmailAddress,
        AuthorizationState::WaitEmailCode(wait) => Stage::WaitEmailCode {
            pattern: wait.code_info.email_address_pattern.replace('\0', ""),
            length: wait.code_info.length,
        },
        AuthorizationState::WaitOtherDeviceConfirmation(_) => Stage::WaitOtherDevice,
        AuthorizationState::WaitRegistration(_) => Stage::WaitRegistration,
        AuthorizationState::WaitPremiumPurchase(_) => Stage::WaitPremium,
        AuthorizationState::Ready => Stage::Ready,
        AuthorizationState::LoggingOut => Stage::LoggingOut,
        AuthorizationState::Closing => Stage::Closing,
    })
}

/// The stage of an update that tdlib-rs can't read, if it is about the login: a state of a newer TDLib, or one with
/// fields that this version does not know, is shown by its name.
pub fn unknown_stage(update: &str) -> Option<Stage> {
    let update: serde_json::Value = serde_json::from_str(update).ok()?;
    if update.get("@type")?.as_str()? != "updateAuthorizationState" {
        return None;
    }
    let state = update.pointer("/authorization_state/@type").and_then(|name| name.as_str());
    let name = state.unwrap_or("unknown").trim_start_matches("authorizationState");
    Some(Stage::Other(name.chars().filter(|c| c.is_ascii_alphanumeric()).take(60).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::stage::{CodeDelivery, CodeSent};

    fn state(json: &str) -> AuthorizationState {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_code_by_message_with_a_call_to_come() {
        let state = state(
            r#"{"@type":"authorizationStateWaitCode","code_info":{"@type":"authenticationCodeInfo",
            "phone_number":"9996621234","type":{"@type":"authenticationCodeTypeTelegramMessage","length":5},
            "next_type":{"@type":"authenticationCodeTypeSms","length":5},"timeout":60}}"#,
        );
        let sent = CodeSent {
            way: CodeDelivery::Telegram,
            length: 5,
            next: Some(CodeDelivery::Sms),
            resend_from: Some(Millis(61_000)),
            no_other_way_until: None,
        };
        assert_eq!(stage_of(&state, Millis(1000)), Some(Stage::WaitCode(sent)));
    }

    #[test]
    fn a_state_of_the_future_is_shown_by_its_name_and_harms_nobody() {
        let other = |name: &str| Some(Stage::Other(name.into()));
        for (update, stage) in [
            (
                r#"{"@type":"updateAuthorizationState","authorization_state":{"@type":"authorizationStateWaitDna"}}"#,
                other("WaitDna"),
            ),
            (
                r#"{"@type":"updateAuthorizationState","authorization_state":{"@type":"authorizationStateWaitCode"}}"#,
                other("WaitCode"),
            ),
            (r#"{"@type":"updateAuthorizationState","authorization_state":{"@type":"<b>"}}"#, other("b")),
            (r#"{"@type":"updateAuthorizationState"}"#, other("unknown")),
            (r#"{"@type":"updateSomethingNew","x":1}"#, None),
            ("{}", None),
            ("", None),
        ] {
            assert_eq!(unknown_stage(update), stage, "{update}");
        }
    }

    #[test]
    fn own_affairs_are_no_stage() {
        for name in ["authorizationStateWaitTdlibParameters", "authorizationStateClosed"] {
            assert_eq!(stage_of(&state(&format!(r#"{{"@type":"{name}"}}"#)), Millis(0)), None);
        }
    }
}
