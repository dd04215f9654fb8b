//! Telegram's errors as messages for people.

use crate::domain::Input;

/// A refusal by Telegram, with its message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The rejected input, if it is about one.
    pub field: Option<Input>,
    /// The message.
    pub sentence: String,
    /// Seconds to wait before the next request.
    pub wait_seconds: Option<i64>,
}

/// Explains a TDLib error during a login.
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
            sentence: format!("Too many requests. Telegram will accept a new one in {}.", duration(seconds)),
            wait_seconds: Some(seconds),
        };
    }
    match message {
        "PHONE_CODE_INVALID" => about(Input::Code, "Wrong code. Check it and try again."),
        "PHONE_CODE_EMPTY" => about(Input::Code, "Enter the code that Telegram sent."),
        "PHONE_CODE_EXPIRED" => {
            about(Input::Code, "This code has expired or was shared in Telegram. Resend the code.")
        }
        "PASSWORD_HASH_INVALID" => {
            about(Input::Password, "Wrong password. Check upper and lower case and try again.")
        }
        "SRP_ID_INVALID" | "SRP_PASSWORD_CHANGED" => {
            about(Input::Password, "The password was just changed. Enter the new one.")
        }
        "PHONE_NUMBER_INVALID" => says("Telegram doesn't know this phone number. Check its digits."),
        "PHONE_NUMBER_BANNED" => says(
            "Telegram banned this number. Only Telegram can lift the ban: write to recover@telegram.org.",
        ),
        "PHONE_NUMBER_FLOOD" | "PHONE_PASSWORD_FLOOD" => {
            says("Too many attempts with this number today. Try again tomorrow.")
        }
        "PHONE_NUMBER_UNOCCUPIED" => {
            says("This number has no Telegram account. Sign up in the official app, then come back.")
        }
        "API_ID_INVALID" | "API_ID_PUBLISHED_FLOOD" => {
            says("Telegram doesn't accept this server's API_ID. Contact your Telescope administrator.")
        }
        "UPDATE_APP_TO_LOGIN" => says(
            "Telegram requires a newer version of TDLib for this login. Contact your Telescope administrator.",
        ),
        _ => says(&unknown(code, message)),
    }
}

/// The message for an unknown error: with Telegram's error name, if it looks like one.
fn unknown(code: i32, message: &str) -> String {
    let is_a_code = !message.is_empty()
        && message.len() <= 60
        && message.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    // TDLib's documentation says that the text of a 406 must not be shown to users.
    if is_a_code && code != 406 {
        format!("Telegram refused the request ({message}).")
    } else {
        format!("Telegram refused the request (error {code}).")
    }
}

/// The seconds in `Too Many Requests: retry after N`, the form TDLib gives every flood wait.
pub fn flood_wait(message: &str) -> Option<i64> {
    message.strip_prefix("Too Many Requests: retry after ")?.trim().parse().ok()
}

/// A duration for people to read, rounded up.
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

    #[test]
    fn refusals_name_their_field() {
        for (code, message, field, part) in [
            (400, "PHONE_CODE_INVALID", Some(Input::Code), "Wrong code"),
            (400, "PHONE_CODE_EMPTY", Some(Input::Code), "Enter the code"),
            (400, "PASSWORD_HASH_INVALID", Some(Input::Password), "Wrong password"),
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
