//! Telegram's refusals of a login, by the names that Telegram gives them. The sentences are in `words::refusals`, as an
//! exhaustive match, so that a name without a sentence does not compile.

use serde::{Deserialize, Serialize};

use super::Input;
use super::ids::named;

const NO_INPUT: &[Input] = &[];
/// Telegram uses the same names for a code that came by e-mail.
const CODE: &[Input] = &[Input::Code, Input::EmailCode];
const PASSWORD: &[Input] = &[Input::Password];
const EMAIL: &[Input] = &[Input::EmailAddress];
const EMAIL_CODE: &[Input] = &[Input::EmailCode, Input::RecoveryCode];
const NAME: &[Input] = &[Input::Name];
const BOT_TOKEN: &[Input] = &[Input::BotToken];
/// Telegram certainly sent no code, and does not count the request.
const FREE: bool = false;
/// Telegram counts the request, or a code may be on its way.
const COUNTS: bool = true;

/// The refusals with Telegram's name, the inputs that each may be about, and whether a refused request for a code still
/// counts as one.
macro_rules! refusals {
    ($($(#[$doc:meta])* $refusal:ident = $name:literal, $input:expr, $counts:expr;)+) => {
        named!(
            /// A refusal that Telegram, or TDLib on its way there, has a name for.
            #[derive(Serialize, Deserialize)]
            KnownRefusal { $($(#[$doc])* $refusal = $name),+ }
        );

        impl KnownRefusal {
            const fn inputs(self) -> &'static [Input] {
                match self { $(Self::$refusal => $input),+ }
            }

            const fn counts_as_a_code(self) -> bool {
                match self { $(Self::$refusal => $counts),+ }
            }
        }
    };
}

refusals!(
    // The code.
    CodeInvalid = "PHONE_CODE_INVALID", CODE, FREE;
    CodeEmpty = "PHONE_CODE_EMPTY", CODE, FREE;
    CodeExpired = "PHONE_CODE_EXPIRED", CODE, FREE;
    CodeHashEmpty = "PHONE_CODE_HASH_EMPTY", NO_INPUT, FREE;
    CodeHashInvalid = "PHONE_CODE_HASH_INVALID", NO_INPUT, FREE;
    /// All ways of sending a code to this number are used up for now.
    SendCodeUnavailable = "SEND_CODE_UNAVAILABLE", NO_INPUT, FREE;
    SmsFailed = "SMS_CODE_CREATE_FAILED", NO_INPUT, COUNTS;
    // The two-step password.
    PasswordInvalid = "PASSWORD_HASH_INVALID", PASSWORD, FREE;
    PasswordEmpty = "PASSWORD_EMPTY", PASSWORD, FREE;
    PasswordOutdated = "SRP_ID_INVALID", PASSWORD, FREE;
    PasswordChanged = "SRP_PASSWORD_CHANGED", PASSWORD, FREE;
    PasswordProofInvalid = "SRP_A_INVALID", PASSWORD, FREE;
    PasswordTooFresh = "PASSWORD_TOO_FRESH", NO_INPUT, FREE;
    PasswordMissing = "PASSWORD_MISSING", NO_INPUT, FREE;
    PasswordNeeded = "SESSION_PASSWORD_NEEDED", NO_INPUT, COUNTS;
    // The number.
    NumberInvalid = "PHONE_NUMBER_INVALID", NO_INPUT, FREE;
    NumberBanned = "PHONE_NUMBER_BANNED", NO_INPUT, FREE;
    NumberUnoccupied = "PHONE_NUMBER_UNOCCUPIED", NO_INPUT, FREE;
    NumberOccupied = "PHONE_NUMBER_OCCUPIED", NO_INPUT, FREE;
    NumberFlood = "PHONE_NUMBER_FLOOD", NO_INPUT, COUNTS;
    PasswordFlood = "PHONE_PASSWORD_FLOOD", NO_INPUT, COUNTS;
    NumberProtected = "PHONE_PASSWORD_PROTECTED", NO_INPUT, COUNTS;
    SignUpForbidden = "PHONE_NUMBER_APP_SIGNUP_FORBIDDEN", NO_INPUT, FREE;
    // The login e-mail address.
    EmailCodeInvalid = "CODE_INVALID", EMAIL_CODE, FREE;
    LoginEmailCodeInvalid = "EMAIL_CODE_INVALID", EMAIL_CODE, FREE;
    EmailCodeEmpty = "CODE_EMPTY", EMAIL_CODE, FREE;
    EmailCodeExpired = "EMAIL_VERIFY_EXPIRED", EMAIL_CODE, FREE;
    EmailInvalid = "EMAIL_INVALID", EMAIL, FREE;
    EmailNotAllowed = "EMAIL_NOT_ALLOWED", EMAIL, FREE;
    EmailUnconfirmed = "EMAIL_UNCONFIRMED", NO_INPUT, FREE;
    EmailTokenInvalid = "EMAIL_TOKEN_INVALID", EMAIL_CODE, FREE;
    EmailNotSetUp = "EMAIL_NOT_SETUP", NO_INPUT, FREE;
    EmailMissing = "EMAIL_INSTALL_MISSING", NO_INPUT, FREE;
    RecoveryCodeInvalid = "Invalid recovery code", EMAIL_CODE, FREE;
    RecoveryUnavailable = "PASSWORD_RECOVERY_NA", NO_INPUT, FREE;
    RecoveryExpired = "PASSWORD_RECOVERY_EXPIRED", EMAIL_CODE, FREE;
    ResetRequested = "TASK_ALREADY_EXISTS", NO_INPUT, FREE;
    // Registration.
    FirstNameInvalid = "FIRSTNAME_INVALID", NAME, FREE;
    LastNameInvalid = "LASTNAME_INVALID", NO_INPUT, FREE;
    // The token of a bot.
    BotTokenInvalid = "ACCESS_TOKEN_INVALID", BOT_TOKEN, FREE;
    BotTokenExpired = "ACCESS_TOKEN_EXPIRED", BOT_TOKEN, FREE;
    // The account.
    UserDeactivated = "USER_DEACTIVATED", NO_INPUT, FREE;
    UserBanned = "USER_DEACTIVATED_BAN", NO_INPUT, FREE;
    AccountFrozen = "FROZEN_METHOD_INVALID", NO_INPUT, FREE;
    // The session.
    SessionRevoked = "SESSION_REVOKED", NO_INPUT, FREE;
    SessionExpired = "SESSION_EXPIRED", NO_INPUT, FREE;
    KeyUnregistered = "AUTH_KEY_UNREGISTERED", NO_INPUT, FREE;
    KeyInvalid = "AUTH_KEY_INVALID", NO_INPUT, FREE;
    KeyNotPermanent = "AUTH_KEY_PERM_EMPTY", NO_INPUT, FREE;
    KeyDuplicated = "AUTH_KEY_DUPLICATED", NO_INPUT, FREE;
    TokenExpired = "AUTH_TOKEN_EXPIRED", NO_INPUT, FREE;
    TokenInvalid = "AUTH_TOKEN_INVALID", NO_INPUT, FREE;
    /// Telescope's own session is younger than a day.
    SessionTooFresh = "FRESH_RESET_AUTHORISATION_FORBIDDEN", NO_INPUT, FREE;
    /// Another session, which has ended.
    SessionUnknown = "HASH_INVALID", NO_INPUT, FREE;
    TokenAccepted = "AUTH_TOKEN_ALREADY_ACCEPTED", NO_INPUT, FREE;
    TokenException = "AUTH_TOKEN_EXCEPTION", NO_INPUT, FREE;
    // This server.
    ApiIdInvalid = "API_ID_INVALID", NO_INPUT, FREE;
    ApiIdPublished = "API_ID_PUBLISHED_FLOOD", NO_INPUT, COUNTS;
    UpdateApp = "UPDATE_APP_TO_LOGIN", NO_INPUT, FREE;
    IntegrityCheck = "INTEGRITY_CHECK_CLASSIC_FAILED", NO_INPUT, FREE;
    // TDLib's own.
    OtherQuery = "Another authorization query has started", NO_INPUT, COUNTS;
);

impl KnownRefusal {
    /// Whether the session is over, or the account.
    const fn ends_the_session(self) -> bool {
        matches!(
            self,
            Self::UserDeactivated
                | Self::UserBanned
                | Self::SessionRevoked
                | Self::SessionExpired
                | Self::KeyUnregistered
                | Self::KeyInvalid
                | Self::KeyNotPermanent
                | Self::KeyDuplicated
        )
    }
}

/// The beginning of the name of a refusal that requires a check which only official apps can show.
const CAPTCHA: &str = "RECAPTCHA_CHECK_";

/// What Telegram answered, if it refused something in a login.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "refusal", rename_all = "kebab-case")]
pub enum LoginRefusal {
    Known {
        name: KnownRefusal,
    },
    /// Too many requests; the next one is accepted after so many seconds.
    FloodWait {
        seconds: i64,
    },
    Captcha,
    /// The login is at another step than the request was made for.
    OtherStep,
    /// A name that this version does not know. The text of a 406 is not for people, so it is left out.
    Unknown {
        code: i32,
        name: Option<String>,
    },
}

impl LoginRefusal {
    /// What an error of TDLib means in a login.
    pub fn of(code: i32, message: &str) -> Self {
        if let Some(seconds) = flood_wait(message) {
            return Self::FloodWait { seconds };
        }
        if let Ok(name) = message.parse() {
            return Self::Known { name };
        }
        if message.starts_with(CAPTCHA) {
            return Self::Captcha;
        }
        if message.starts_with("Call to ") && message.ends_with(" unexpected") {
            return Self::OtherStep;
        }
        let is_a_name = !message.is_empty()
            && message.len() <= 60
            && message.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        Self::Unknown { code, name: (is_a_name && code != 406).then(|| message.to_owned()) }
    }

    /// Whether this input was wrong.
    pub fn is_about(&self, input: Input) -> bool {
        match self {
            Self::Known { name } => name.inputs().contains(&input),
            Self::FloodWait { .. } | Self::Captcha | Self::OtherStep | Self::Unknown { .. } => false,
        }
    }

    /// Seconds to wait before asking again.
    pub const fn wait_seconds(&self) -> Option<i64> {
        match self {
            Self::FloodWait { seconds } => Some(*seconds),
            Self::Known { .. } | Self::Captcha | Self::OtherStep | Self::Unknown { .. } => None,
        }
    }

    /// Whether a request for a code that was refused for this reason counts as one.
    pub const fn counts_as_a_code(&self) -> bool {
        match self {
            Self::Known { name } => name.counts_as_a_code(),
            Self::Captcha | Self::OtherStep => false,
            Self::FloodWait { .. } | Self::Unknown { .. } => true,
        }
    }

    /// Whether nothing was done. If the session ends meanwhile, TDLib answers with an error whatever became of the request;
    /// the same may hold for refusals that this version doesn't know.
    pub const fn is_certain(&self) -> bool {
        match self {
            Self::Known { name } => !name.ends_the_session(),
            Self::FloodWait { .. } => true,
            Self::Captcha | Self::OtherStep | Self::Unknown { .. } => false,
        }
    }

    /// Whether there is no other way to send a code to this number for now.
    pub fn has_no_other_way(&self) -> bool {
        *self == Self::Known { name: KnownRefusal::SendCodeUnavailable }
    }
}

/// The seconds in `Too Many Requests: retry after N`, the form TDLib gives every flood wait.
pub fn flood_wait(message: &str) -> Option<i64> {
    message.strip_prefix("Too Many Requests: retry after ")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator;

    use super::*;

    #[test]
    fn errors_are_told_apart_by_their_names() {
        let known = |name| LoginRefusal::Known { name };
        let unknown =
            |code, name: Option<&str>| LoginRefusal::Unknown { code, name: name.map(str::to_owned) };
        for (code, message, refusal) in [
            (406, "SEND_CODE_UNAVAILABLE", known(KnownRefusal::SendCodeUnavailable)),
            (400, "PHONE_CODE_INVALID", known(KnownRefusal::CodeInvalid)),
            (400, "Another authorization query has started", known(KnownRefusal::OtherQuery)),
            (429, "Too Many Requests: retry after 100", LoginRefusal::FloodWait { seconds: 100 }),
            (403, "RECAPTCHA_CHECK_signup__6Lc", LoginRefusal::Captcha),
            (400, "Call to resendAuthenticationCode unexpected", LoginRefusal::OtherStep),
            (400, "SOMETHING_NEW", unknown(400, Some("SOMETHING_NEW"))),
            (406, "SECRET_TEXT", unknown(406, None)),
            (400, "<script>", unknown(400, None)),
            (400, "", unknown(400, None)),
        ] {
            assert_eq!(LoginRefusal::of(code, message), refusal, "{message}");
        }
    }

    #[test]
    fn an_error_that_comes_with_the_end_of_a_session_says_nothing_about_the_request() {
        for (code, message, is_certain) in [
            (400, "PASSWORD_HASH_INVALID", true),
            (400, "AUTH_TOKEN_EXPIRED", true),
            (429, "Too Many Requests: retry after 100", true),
            (401, "SESSION_REVOKED", false),
            (401, "AUTH_KEY_UNREGISTERED", false),
            (406, "AUTH_KEY_DUPLICATED", false),
            (401, "Unauthorized", false),
            (400, "SOMETHING_NEW", false),
        ] {
            assert_eq!(LoginRefusal::of(code, message).is_certain(), is_certain, "{message}");
        }
    }

    #[test]
    fn only_the_refusal_for_want_of_a_way_takes_the_button_away() {
        for name in KnownRefusal::iter() {
            let refusal = LoginRefusal::of(406, name.name());
            assert_eq!(refusal, LoginRefusal::Known { name });
            assert_eq!(refusal.has_no_other_way(), name == KnownRefusal::SendCodeUnavailable, "{name}");
            assert!(!(refusal.has_no_other_way() && refusal.counts_as_a_code()));
        }
    }
}
