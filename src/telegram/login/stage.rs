//! Translates authorization states into stages. An unknown state becomes [`Stage::Other`] with its name.

use tdlib_rs::enums::AuthorizationState;

use super::{code, email, password, printable, registration};
use crate::domain::{Millis, Secret, Stage};

/// When and where an authorization state was received.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    pub now: Millis,
    /// In Telegram's test environment.
    pub is_test: bool,
}

/// The stage of an authorization state. None for internal states: waiting for parameters, and closed.
pub fn stage_of(state: &AuthorizationState, seen: Seen) -> Option<Stage> {
    Some(match state {
        AuthorizationState::WaitTdlibParameters | AuthorizationState::Closed => return None,
        AuthorizationState::WaitPhoneNumber => Stage::SignedOut,
        AuthorizationState::WaitCode(wait) => Stage::WaitCode(code::sent(&wait.code_info, seen.now)),
        AuthorizationState::WaitPassword(wait) => password::password(wait),
        AuthorizationState::WaitEmailAddress(_) => Stage::WaitEmailAddress,
        AuthorizationState::WaitEmailCode(wait) => email::code(wait, seen.now),
        AuthorizationState::WaitOtherDeviceConfirmation(wait) => {
            Stage::WaitOtherDevice { link: Secret::new(wait.link.as_str()) }
        }
        AuthorizationState::WaitRegistration(wait) => registration::registration(wait, seen.is_test),
        AuthorizationState::WaitPremiumPurchase(wait) => {
            Stage::WaitPremium { support: printable(&wait.support_email_address) }
        }
        AuthorizationState::Ready => Stage::Ready,
        AuthorizationState::LoggingOut => Stage::LoggingOut,
        AuthorizationState::Closing => Stage::Closing,
    })
}

/// The stage of an authorization update that tdlib-rs can't parse; None for other updates. A state of a newer TDLib, or
/// one with unknown fields, is shown by its name.
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
    fn a_code_by_message_that_can_be_resent_by_sms() {
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
        assert_eq!(stage_of(&state, Seen { now: Millis(1000), is_test: true }), Some(Stage::WaitCode(sent)));
    }

    #[test]
    fn an_unknown_state_is_shown_by_its_name() {
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
    fn internal_states_have_no_stage() {
        for name in ["authorizationStateWaitTdlibParameters", "authorizationStateClosed"] {
            assert_eq!(
                stage_of(&state(&format!(r#"{{"@type":"{name}"}}"#)), Seen { now: Millis(0), is_test: true }),
                None
            );
        }
    }
}
