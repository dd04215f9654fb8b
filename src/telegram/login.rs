//! TDLib's authorization states as our stages, and its refusals as sentences. Pure.
//!
//! A state that this version does not know becomes [`Stage::Other`] with its name: shown, never a crash.

use tdlib_rs::enums::{AuthenticationCodeType, AuthorizationState};

use crate::domain::stage::{CodeDelivery, CodeSent};
use crate::domain::{Input, Millis, SessionEndReason, Stage};

/// The stage of an authorization state that was seen at `now`.
/// None for the states that are Telescope's own affair: waiting for parameters, and closed.
pub fn stage_of(state: &AuthorizationState, now: Millis) -> Option<Stage> {
    Some(match state {
        AuthorizationState::WaitTdlibParameters | AuthorizationState::Closed => return None,
        AuthorizationState::WaitPhoneNumber => Stage::SignedOut,
        AuthorizationState::WaitCode(wait) => {
            let (way, length) = code_way(&wait.code_info.r#type);
            let next = wait.code_info.next_type.as_ref().map(|next| code_way(next).0);
            let resend_from = (wait.code_info.timeout > 0 && next.is_some())
                .then(|| now.plus_seconds(i64::from(wait.code_info.timeout)));
            Stage::WaitCode(CodeSent { way, length, next, resend_from })
        }
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

fn code_way(kind: &AuthenticationCodeType) -> (CodeDelivery, i32) {
    match kind {
        AuthenticationCodeType::TelegramMessage(way) => (CodeDelivery::Telegram, way.length),
        AuthenticationCodeType::Sms(way) => (CodeDelivery::Sms, way.length),
        AuthenticationCodeType::Call(way) => (CodeDelivery::Call, way.length),
        AuthenticationCodeType::FlashCall(_) => (CodeDelivery::FlashCall, 0),
        AuthenticationCodeType::MissedCall(way) => (CodeDelivery::MissedCall, way.length),
        AuthenticationCodeType::Fragment(way) => (CodeDelivery::Fragment, way.length),
        AuthenticationCodeType::SmsWord(_) => (CodeDelivery::Other("a word by text message".into()), 0),
        AuthenticationCodeType::SmsPhrase(_) => (CodeDelivery::Other("a phrase by text message".into()), 0),
        AuthenticationCodeType::FirebaseAndroid(way) => {
            (CodeDelivery::Other("the Android app".into()), way.length)
        }
        AuthenticationCodeType::FirebaseIos(way) => (CodeDelivery::Other("the iOS app".into()), way.length),
    }
}

/// How a session ended for which Telegram gives this reason.
pub fn ending_of(reason: &str) -> SessionEndReason {
    match reason {
        // Telegram says so both when a session is ended on another device and when its key is not known any more.
        "SESSION_REVOKED" | "AUTH_KEY_UNREGISTERED" => SessionEndReason::Revoked,
        "SESSION_EXPIRED" => SessionEndReason::Expired,
        "USER_DEACTIVATED" => SessionEndReason::Deactivated,
        "USER_DEACTIVATED_BAN" => SessionEndReason::Banned,
        "AUTH_KEY_DUPLICATED" => SessionEndReason::KeyDuplicated,
        _ => SessionEndReason::Unknown,
    }
}

/// A refusal of Telegram, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The input it is about, if it is about one.
    pub field: Option<Input>,
    /// What to show.
    pub sentence: String,
    /// Seconds to wait before asking again.
    pub wait_seconds: Option<i64>,
}

/// What an error of TDLib means in a login.
pub fn explain(code: i32, message: &str) -> Refused {
    let about = |field: Input, sentence: &str| Refused {
        field: Some(field),
        sentence: sentence.to_owned(),
        wait_seconds: None,
    };
    let says = |sentence: &str| Refused { field: None, sentence: sentence.to_owned(), wait_seconds: None };
    if let Some(seconds) = flood_wait(message) {
        return Refused {
            field: None,
            sentence: format!("Telegram was asked too often. It will answer again in {}.", duration(seconds)),
            wait_seconds: Some(seconds),
        };
    }
    match message {
        "PHONE_CODE_INVALID" => {
            about(Input::Code, "This code is not right. Look at it once more and type it again.")
        }
        "PHONE_CODE_EMPTY" => about(Input::Code, "Type the code that Telegram sent."),
        "PHONE_CODE_EXPIRED" => {
            about(Input::Code, "This code is too old, or was passed on in Telegram. Ask for a new one.")
        }
        "PASSWORD_HASH_INVALID" => about(
            Input::Password,
            "This password is not right. Mind upper and lower case, and type it again.",
        ),
        "SRP_ID_INVALID" | "SRP_PASSWORD_CHANGED" => {
            about(Input::Password, "The password was changed just now. Type the new one.")
        }
        "PHONE_NUMBER_INVALID" => says("Telegram does not know this phone number. Check its digits."),
        "PHONE_NUMBER_BANNED" => says(
            "Telegram has banned this number. Only Telegram can lift that: write to recover@telegram.org.",
        ),
        "PHONE_NUMBER_FLOOD" | "PHONE_PASSWORD_FLOOD" => {
            says("There were too many attempts with this number today. Try again tomorrow.")
        }
        "PHONE_NUMBER_UNOCCUPIED" => says(
            "This number has no Telegram account. Telegram no longer lets other apps register; \
             sign up in the official app, then come back.",
        ),
        "API_ID_INVALID" | "API_ID_PUBLISHED_FLOOD" => says(
            "Telegram does not accept this server's API_ID. Its administrator has to check the settings.",
        ),
        "UPDATE_APP_TO_LOGIN" => says("Telegram wants a newer version of TDLib for this login."),
        _ => says(&unknown(code, message)),
    }
}

/// Telegram's own code, if it looks like one; otherwise only that it said no.
fn unknown(code: i32, message: &str) -> String {
    let is_a_code = !message.is_empty()
        && message.len() <= 60
        && message.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    // TDLib's rule: the text of a 406 is not for people.
    if is_a_code && code != 406 {
        format!("Telegram said no: {message}.")
    } else {
        format!("Telegram said no (error {code}).")
    }
}

/// The seconds in `Too Many Requests: retry after N`, the form TDLib gives every flood wait.
pub fn flood_wait(message: &str) -> Option<i64> {
    message.strip_prefix("Too Many Requests: retry after ")?.trim().parse().ok()
}

/// A length of time in words, rounded up.
fn duration(seconds: i64) -> String {
    let (count, unit) = match seconds {
        ..=90 => (seconds.max(1), "second"),
        91..=5400 => ((seconds + 59) / 60, "minute"),
        _ => ((seconds + 3599) / 3600, "hour"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

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
        };
        assert_eq!(stage_of(&state, Millis(1000)), Some(Stage::WaitCode(sent)));
    }

    #[test]
    fn each_reason_is_an_ending() {
        for (reason, ending) in [
            ("SESSION_REVOKED", SessionEndReason::Revoked),
            ("AUTH_KEY_UNREGISTERED", SessionEndReason::Revoked),
            ("SESSION_EXPIRED", SessionEndReason::Expired),
            ("USER_DEACTIVATED", SessionEndReason::Deactivated),
            ("USER_DEACTIVATED_BAN", SessionEndReason::Banned),
            ("AUTH_KEY_DUPLICATED", SessionEndReason::KeyDuplicated),
            ("Main authorization key is invalid", SessionEndReason::Unknown),
            ("", SessionEndReason::Unknown),
        ] {
            assert_eq!(ending_of(reason), ending, "{reason}");
        }
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

    #[test]
    fn refusals_are_sentences_beside_their_field() {
        for (code, message, field, part) in [
            (400, "PHONE_CODE_INVALID", Some(Input::Code), "not right"),
            (400, "PHONE_CODE_EMPTY", Some(Input::Code), "Type the code"),
            (400, "PASSWORD_HASH_INVALID", Some(Input::Password), "not right"),
            (400, "PHONE_NUMBER_BANNED", None, "recover@telegram.org"),
            (400, "PHONE_NUMBER_UNOCCUPIED", None, "official app"),
            (429, "Too Many Requests: retry after 100", None, "2 minutes"),
            (400, "SOMETHING_NEW", None, "SOMETHING_NEW"),
            (406, "SECRET_TEXT", None, "(error 406)"),
            (400, "<script>", None, "(error 400)"),
        ] {
            let refused = explain(code, message);
            assert_eq!(refused.field, field, "{message}");
            assert!(refused.sentence.contains(part), "{message}: {}", refused.sentence);
        }
        assert_eq!(explain(429, "Too Many Requests: retry after 100").wait_seconds, Some(100));
    }
}
