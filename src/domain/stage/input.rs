//! What a person enters at a stage of a login.

use super::{Recovery, Stage};
use crate::domain::ids::named;
use crate::domain::{AccountKind, BotToken, Email, Secret};

named!(
    /// An input that a stage waits for.
    Input {
        /// The login code.
        Code = "code",
        /// The two-step password.
        Password = "password",
        /// An e-mail address for logins.
        EmailAddress = "email",
        /// The code that was sent to the login e-mail address.
        EmailCode = "email-code",
        /// The code that was sent to the recovery e-mail address of the two-step password.
        RecoveryCode = "recovery-code",
        /// The name of a new account.
        Name = "first-name",
        /// The token of a bot.
        BotToken = "bot-token",
    }
);

impl Input {
    /// Whether Telegram sends a code in answer, so that it is counted like a request for one.
    pub const fn sends_something(self) -> bool {
        match self {
            Self::EmailAddress => true,
            Self::Code
            | Self::Password
            | Self::EmailCode
            | Self::RecoveryCode
            | Self::Name
            | Self::BotToken => false,
        }
    }

    /// Whether it changes the account's two-step password at Telegram.
    pub const fn changes_password(self) -> bool {
        match self {
            Self::RecoveryCode => true,
            Self::Code
            | Self::Password
            | Self::EmailAddress
            | Self::EmailCode
            | Self::Name
            | Self::BotToken => false,
        }
    }
}

impl Stage {
    /// The inputs that it waits for in the login of an account of this kind, the likeliest first.
    pub const fn inputs(&self, kind: AccountKind) -> &'static [Input] {
        match (self, kind) {
            (Self::SignedOut | Self::Ended(_), AccountKind::Bot) => &[Input::BotToken],
            (_, AccountKind::Bot) => &[],
            (stage, AccountKind::User) => stage.inputs_of_a_user(),
        }
    }

    const fn inputs_of_a_user(&self) -> &'static [Input] {
        match self {
            Self::WaitCode(_) => &[Input::Code],
            Self::WaitPassword { recovery: Recovery::CodeSent { .. }, .. } => {
                &[Input::RecoveryCode, Input::Password]
            }
            Self::WaitPassword { recovery: Recovery::Impossible | Recovery::Possible, .. } => {
                &[Input::Password]
            }
            Self::WaitEmailAddress => &[Input::EmailAddress],
            Self::WaitEmailCode { .. } => &[Input::EmailCode],
            Self::WaitRegistration { is_allowed: true, .. } => &[Input::Name],
            Self::Disconnected
            | Self::Starting
            | Self::Reconnecting
            | Self::SignedOut
            | Self::Ended(_)
            | Self::WaitOtherDevice { .. }
            | Self::WaitRegistration { is_allowed: false, .. }
            | Self::WaitPremium { .. }
            | Self::Ready
            | Self::LoggingOut
            | Self::Closing
            | Self::Failed(_)
            | Self::Quarantined
            | Self::Other(_) => &[],
        }
    }

    pub fn waits_for(&self, input: Input, kind: AccountKind) -> bool {
        self.inputs(kind).contains(&input)
    }
}

/// The input that a person submits.
#[derive(Clone, Debug)]
pub enum LoginInput {
    /// A login code, as typed.
    Code(Secret),
    /// A two-step password.
    Password {
        password: Secret,
        /// Whether to store it, once Telegram has accepted it.
        keep: bool,
    },
    EmailAddress(Email),
    EmailCode(Secret),
    /// The two-step password is removed, or replaced by a new one.
    RecoveryCode {
        code: Secret,
        new_password: Option<Secret>,
    },
    Name {
        first: String,
        last: String,
    },
    BotToken {
        token: BotToken,
        /// Whether to store it for the next login.
        keep: bool,
    },
}

impl LoginInput {
    /// What kind of input it is.
    pub const fn input(&self) -> Input {
        match self {
            Self::Code(_) => Input::Code,
            Self::Password { .. } => Input::Password,
            Self::EmailAddress(_) => Input::EmailAddress,
            Self::EmailCode(_) => Input::EmailCode,
            Self::RecoveryCode { .. } => Input::RecoveryCode,
            Self::Name { .. } => Input::Name,
            Self::BotToken { .. } => Input::BotToken,
        }
    }

    /// The two-step password that is to be stored.
    pub const fn kept_password(&self) -> Option<&Secret> {
        match self {
            Self::Password { password, keep: true } => Some(password),
            Self::Password { keep: false, .. }
            | Self::Code(_)
            | Self::EmailAddress(_)
            | Self::EmailCode(_)
            | Self::RecoveryCode { .. }
            | Self::Name { .. }
            | Self::BotToken { .. } => None,
        }
    }

    /// Whether it edits a two-step password, here or at Telegram.
    pub const fn edits_password(&self) -> bool {
        self.kept_password().is_some() || self.input().changes_password()
    }
}

/// Identifies one stage of one account at one time. Forms carry it, so that a stale form is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct StageToken(pub u64);

impl std::fmt::Display for StageToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
