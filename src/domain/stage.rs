//! The stages of an account's login, and the input, if any, that each waits for.
//!
//! The stages follow TDLib's authorization states, plus some that only Telescope knows: no client, a client that is
//! starting, a host that died. A wrong code leaves the stage as it is and sets the snapshot's problem.

mod action;
mod code;
mod input;
mod session;
mod severity;
mod step;
mod ways;

pub use action::LoginAction;
pub use code::{CodeDelivery, CodeSent};
pub use input::{Input, LoginInput, StageToken};
pub use severity::Severity;
pub use step::{Field, FieldKind, LoginStep, StepForm};
pub use ways::{EmailReset, Recovery};

use super::{Secret, SessionEndReason};

/// A stage of a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// No client runs, because the desired state is disconnected.
    Disconnected,
    /// The client is starting.
    Starting,
    /// The process that ran the client died; it is being restarted.
    Reconnecting,
    /// Not logged in: a code can be requested.
    SignedOut,
    /// The session here has ended: a code can be requested.
    Ended(SessionEndReason),
    /// Telegram sent a code.
    WaitCode(CodeSent),
    /// Telegram asks for the two-step password.
    WaitPassword {
        /// The hint that its owner set: untrusted text, may be empty.
        hint: String,
        recovery: Recovery,
    },
    /// Telegram asks for an e-mail address for logins.
    WaitEmailAddress,
    /// Telegram sent a code to the login e-mail address.
    WaitEmailCode {
        /// The address, mostly hidden.
        pattern: String,
        /// Characters in the code; 0 if unknown.
        length: i32,
        reset: EmailReset,
    },
    /// A device that is logged in to the account has to scan a QR code.
    WaitOtherDevice {
        /// What the QR code contains: anyone who opens it on their phone logs in there. Telegram replaces it every half
        /// minute.
        link: Secret,
    },
    /// The number has no account yet.
    WaitRegistration {
        /// Whether it can be registered here.
        is_allowed: bool,
        /// Telegram's terms of service.
        terms: String,
    },
    /// Telegram requires a Premium purchase first.
    WaitPremium {
        /// Telegram's address for questions about that; may be empty.
        support: String,
    },
    /// Logged in.
    Ready,
    /// The session is being ended.
    LoggingOut,
    /// The client is stopping.
    Closing,
    /// The client can't run; the reason as a sentence.
    Failed(String),
    /// TDLib crashed repeatedly while it loaded this account, so it is not started any more.
    Quarantined,
    /// A state unknown to this version, by TDLib's name.
    Other(String),
}

impl Stage {
    /// Whether the account can be connected: there is no client, or one that can't run.
    pub const fn can_connect(&self) -> bool {
        match self {
            Self::Disconnected | Self::Failed(_) | Self::Quarantined => true,
            Self::Starting
            | Self::Reconnecting
            | Self::SignedOut
            | Self::Ended(_)
            | Self::WaitCode(_)
            | Self::WaitPassword { .. }
            | Self::WaitEmailAddress
            | Self::WaitEmailCode { .. }
            | Self::WaitOtherDevice { .. }
            | Self::WaitRegistration { .. }
            | Self::WaitPremium { .. }
            | Self::Ready
            | Self::LoggingOut
            | Self::Closing
            | Self::Other(_) => false,
        }
    }

    /// Whether the client is starting, so that nothing is known yet about the login.
    pub const fn is_starting(&self) -> bool {
        match self {
            Self::Starting | Self::Reconnecting => true,
            Self::Disconnected
            | Self::SignedOut
            | Self::Ended(_)
            | Self::WaitCode(_)
            | Self::WaitPassword { .. }
            | Self::WaitEmailAddress
            | Self::WaitEmailCode { .. }
            | Self::WaitOtherDevice { .. }
            | Self::WaitRegistration { .. }
            | Self::WaitPremium { .. }
            | Self::Ready
            | Self::LoggingOut
            | Self::Closing
            | Self::Failed(_)
            | Self::Quarantined
            | Self::Other(_) => false,
        }
    }

    /// Whether it is transient, or says nothing about the login.
    pub const fn is_passing(&self) -> bool {
        match self {
            Self::Disconnected | Self::Starting | Self::Reconnecting | Self::LoggingOut | Self::Closing => {
                true
            }
            Self::SignedOut
            | Self::Ended(_)
            | Self::WaitCode(_)
            | Self::WaitPassword { .. }
            | Self::WaitEmailAddress
            | Self::WaitEmailCode { .. }
            | Self::WaitOtherDevice { .. }
            | Self::WaitRegistration { .. }
            | Self::WaitPremium { .. }
            | Self::Ready
            | Self::Failed(_)
            | Self::Quarantined
            | Self::Other(_) => false,
        }
    }

    /// Whether it says something about the login, so that it is kept while no client runs. A client that can't run says
    /// nothing: its files may still contain a session.
    pub const fn is_remembered(&self) -> bool {
        match self {
            Self::SignedOut
            | Self::Ended(_)
            | Self::WaitCode(_)
            | Self::WaitPassword { .. }
            | Self::WaitEmailAddress
            | Self::WaitEmailCode { .. }
            | Self::WaitOtherDevice { .. }
            | Self::WaitRegistration { .. }
            | Self::WaitPremium { .. }
            | Self::Ready => true,
            Self::Disconnected
            | Self::Starting
            | Self::Reconnecting
            | Self::LoggingOut
            | Self::Closing
            | Self::Failed(_)
            | Self::Quarantined
            | Self::Other(_) => false,
        }
    }

    /// A name per kind of stage, for style sheets, filters and tests.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Disconnected => "disconnected",
            Self::Starting => "starting",
            Self::Reconnecting => "reconnecting",
            Self::SignedOut => "signed-out",
            Self::Ended(SessionEndReason::LoggedOut) => "logged-out",
            Self::Ended(_) => "ended",
            Self::WaitCode(_) => "wait-code",
            Self::WaitPassword { .. } => "wait-password",
            Self::WaitEmailAddress => "wait-email-address",
            Self::WaitEmailCode { .. } => "wait-email-code",
            Self::WaitOtherDevice { .. } => "wait-other-device",
            Self::WaitRegistration { .. } => "wait-registration",
            Self::WaitPremium { .. } => "wait-premium",
            Self::Ready => "ready",
            Self::LoggingOut => "logging-out",
            Self::Closing => "closing",
            Self::Failed(_) => "failed",
            Self::Quarantined => "quarantined",
            Self::Other(_) => "other",
        }
    }

    /// How urgent it is.
    pub const fn mood(&self) -> Severity {
        match self {
            Self::Ready => Severity::Good,
            Self::Starting | Self::Reconnecting | Self::LoggingOut | Self::Closing => Severity::Moving,
            Self::SignedOut
            | Self::Ended(SessionEndReason::LoggedOut)
            | Self::WaitCode(_)
            | Self::WaitPassword { .. }
            | Self::WaitEmailAddress
            | Self::WaitEmailCode { .. }
            | Self::WaitOtherDevice { .. } => Severity::Waiting,
            Self::Ended(_)
            | Self::WaitRegistration { .. }
            | Self::WaitPremium { .. }
            | Self::Failed(_)
            | Self::Quarantined
            | Self::Other(_) => Severity::Bad,
            Self::Disconnected => Severity::Off,
        }
    }
}
