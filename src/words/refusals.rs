//! What Telegram refused in a login, why, and what to do now: a sentence for each name.

use crate::domain::account::Problem;
use crate::domain::refusal::{KnownRefusal, LoginRefusal};

pub const NO_ANSWER: &str = "Telegram did not answer. Check the account's status in a moment.";

/// What went wrong with the last thing that was asked of Telegram.
pub fn problem(problem: &Problem) -> String {
    match problem {
        Problem::NoAnswer => NO_ANSWER.into(),
        Problem::Overflowed => {
            "Telegram sent more than could be processed, so the account was restarted. Some messages may be missing."
                .into()
        }
        Problem::Refused(refusal) => self::refusal(refusal),
    }
}

/// The sentence of a refusal.
pub fn refusal(refusal: &LoginRefusal) -> String {
    match refusal {
        LoginRefusal::Known { name } => known(*name).into(),
        LoginRefusal::FloodWait { seconds } => {
            format!("Too many requests. Telegram will accept a new one in {}.", duration(*seconds))
        }
        LoginRefusal::Captcha => {
            "Telegram requires a check that only its official apps can show. Log in with an official app first, then try \
             again here."
                .into()
        }
        LoginRefusal::OtherStep => {
            "The login has moved on to another step in the meantime. Check the account's status and try again.".into()
        }
        LoginRefusal::Unknown { name: Some(name), .. } => format!("Telegram refused the request ({name})."),
        LoginRefusal::Unknown { code, name: None } => {
            format!("Telegram refused the request (error {code}).")
        }
    }
}

const fn known(name: KnownRefusal) -> &'static str {
    match name {
        KnownRefusal::CodeInvalid => "Wrong code. Check it and try again.",
        KnownRefusal::CodeEmpty => "Enter the code that Telegram sent.",
        KnownRefusal::CodeExpired => "This code has expired or was shared in Telegram. Resend the code.",
        KnownRefusal::CodeHashEmpty | KnownRefusal::CodeHashInvalid => {
            "Telegram no longer knows this login. Send a new code to start again."
        }
        KnownRefusal::SendCodeUnavailable => {
            "Telegram has no other way for this number: use the code on a signed-in device, or wait."
        }
        KnownRefusal::SmsFailed => {
            "Telegram could not send a text message to this number. Check the number, or try again later."
        }
        KnownRefusal::PasswordInvalid => "Wrong password. Check upper and lower case and try again.",
        KnownRefusal::PasswordEmpty => "Enter the two-step password.",
        KnownRefusal::PasswordOutdated | KnownRefusal::PasswordChanged => {
            "The password was just changed. Enter the new one."
        }
        KnownRefusal::PasswordProofInvalid => "Telegram could not check the password. Enter it again.",
        KnownRefusal::PasswordTooFresh => {
            "The two-step password was set too recently for this. Try again tomorrow."
        }
        KnownRefusal::PasswordMissing => {
            "Telegram requires a two-step password for this. Set one in the official app, then try again."
        }
        KnownRefusal::PasswordNeeded => {
            "This account also has a two-step password. Check the account's status in a moment, then enter it."
        }
        KnownRefusal::NumberInvalid => "Telegram doesn't know this phone number. Check its digits.",
        KnownRefusal::NumberBanned => {
            "Telegram banned this number. Only Telegram can lift the ban: write to recover@telegram.org."
        }
        KnownRefusal::NumberUnoccupied => {
            "This number has no Telegram account. Sign up in the official app, then come back."
        }
        KnownRefusal::NumberOccupied => {
            "This number already has a Telegram account. Send a new code to log in to it."
        }
        KnownRefusal::NumberFlood | KnownRefusal::PasswordFlood => {
            "Too many attempts with this number today. Try again tomorrow."
        }
        KnownRefusal::NumberProtected => {
            "Telegram has locked this number after too many attempts. Log in with the official app, or try again \
             tomorrow."
        }
        KnownRefusal::SignUpForbidden => {
            "This number has no Telegram account, and Telegram allows signing up only in its official apps. Sign up \
             there, then come back."
        }
        KnownRefusal::EmailCodeInvalid | KnownRefusal::LoginEmailCodeInvalid => {
            "Wrong e-mail code. Check it and try again."
        }
        KnownRefusal::EmailCodeEmpty => "Enter the code that Telegram sent by e-mail.",
        KnownRefusal::EmailCodeExpired => "The e-mail code has expired. Resend the code.",
        KnownRefusal::EmailInvalid => "Telegram doesn't accept this e-mail address. Check it.",
        KnownRefusal::EmailNotAllowed => {
            "Telegram doesn't allow this e-mail address for logins. Enter another one."
        }
        KnownRefusal::EmailUnconfirmed => {
            "The account's e-mail address is not confirmed yet. Confirm it in the official app, then try again."
        }
        KnownRefusal::EmailTokenInvalid => {
            "Telegram rejected the confirmation of the e-mail address. Resend the code and try again."
        }
        KnownRefusal::EmailNotSetUp | KnownRefusal::EmailMissing => {
            "Telegram requires a login e-mail address for this account. Send a new code to set one."
        }
        KnownRefusal::RecoveryCodeInvalid => "Wrong recovery code. Check it and try again.",
        KnownRefusal::RecoveryUnavailable => "This password has no recovery e-mail address.",
        KnownRefusal::RecoveryExpired => "The recovery code has expired. Start the login again.",
        KnownRefusal::ResetRequested => {
            "The e-mail address is being reset already. Telegram sends the code to the number when the time is over."
        }
        KnownRefusal::FirstNameInvalid => "Telegram doesn't accept this first name.",
        KnownRefusal::LastNameInvalid => "Telegram doesn't accept this last name.",
        KnownRefusal::BotTokenInvalid => {
            "Telegram doesn't know this token. Copy the whole token from @BotFather; it may have been revoked."
        }
        KnownRefusal::BotTokenExpired => "This token was revoked. Get the new one from @BotFather.",
        KnownRefusal::UserDeactivated => {
            "The account was deleted at Telegram. Its number can be registered again in the official app."
        }
        KnownRefusal::UserBanned => {
            "Telegram banned this account. Only Telegram can lift the ban: its owner can write to recover@telegram.org."
        }
        KnownRefusal::AccountFrozen => {
            "Telegram has frozen this account. Only its owner can appeal, in the official app."
        }
        KnownRefusal::SessionRevoked => {
            "This login was ended from another device of the account. Send a new code to start again."
        }
        KnownRefusal::SessionTooFresh => {
            "Telegram lets a session end others only when it is 24 hours old. Try again tomorrow."
        }
        KnownRefusal::SessionUnknown => "This device isn't signed in any more.",
        KnownRefusal::SessionExpired => "This login has expired at Telegram. Send a new code to start again.",
        KnownRefusal::KeyUnregistered | KnownRefusal::KeyInvalid | KnownRefusal::KeyNotPermanent => {
            "Telegram no longer knows this login. Send a new code to start again."
        }
        KnownRefusal::KeyDuplicated => {
            "Telegram ended this login because it was used from two places at once. A copy of the account's files may \
             be running elsewhere: find and destroy that copy, then send a new code."
        }
        KnownRefusal::TokenExpired | KnownRefusal::TokenInvalid => {
            "The confirmation on another device has expired. Start the login again."
        }
        KnownRefusal::TokenAccepted => "This QR code was used before. Start the login again.",
        KnownRefusal::TokenException => "The other device is logged in to this account already.",
        KnownRefusal::ApiIdInvalid | KnownRefusal::ApiIdPublished => {
            "Telegram doesn't accept this server's API_ID. Contact your Telescope administrator."
        }
        KnownRefusal::UpdateApp => {
            "Telegram requires a newer version of TDLib for this login. Contact your Telescope administrator."
        }
        KnownRefusal::IntegrityCheck => {
            "Telegram sends codes to this number only through its official apps. Log in with one of them first, then try \
             again here."
        }
        KnownRefusal::OtherQuery => {
            "Another request about this login was made at the same time. Check the account's status and try again."
        }
    }
}

/// A duration for people to read, rounded up.
pub fn duration(seconds: i64) -> String {
    let (count, unit) = match seconds {
        ..=90 => (seconds.max(1), "second"),
        91..=5400 => (seconds.saturating_add(59) / 60, "minute"),
        5401..=172_800 => (seconds.saturating_add(3599) / 3600, "hour"),
        _ => (seconds.saturating_add(86_399) / 86_400, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator;

    use super::*;

    #[test]
    fn refusals_say_what_to_do() {
        for (code, message, part) in [
            (400, "PHONE_CODE_INVALID", "Wrong code"),
            (400, "PASSWORD_HASH_INVALID", "Wrong password"),
            (400, "PHONE_NUMBER_BANNED", "recover@telegram.org"),
            (400, "PHONE_NUMBER_UNOCCUPIED", "official app"),
            (406, "SEND_CODE_UNAVAILABLE", "use the code on a signed-in device, or wait"),
            (429, "Too Many Requests: retry after 100", "2 minutes"),
            (429, "Too Many Requests: retry after 100000", "28 hours"),
            (429, "Too Many Requests: retry after 9223372036854775807", "days"),
            (400, "SOMETHING_NEW", "(SOMETHING_NEW)"),
            (406, "SECRET_TEXT", "(error 406)"),
            (400, "<script>", "(error 400)"),
        ] {
            let sentence = refusal(&LoginRefusal::of(code, message));
            assert!(sentence.contains(part), "{message}: {sentence}");
        }
    }

    #[test]
    fn no_sentence_shows_a_name_of_the_protocol() {
        for name in KnownRefusal::iter() {
            let sentence = refusal(&LoginRefusal::Known { name });
            assert!(sentence.ends_with('.') && !sentence.contains(name.name()), "{name}: {sentence}");
        }
    }
}
