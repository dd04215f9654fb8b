//! Why an operation was not done, in words that may be shown.

use crate::domain::Input;
use crate::domain::access::Refusal;
use crate::store::StoreError;
use crate::telegram::AnswerError;

/// Why an operation was not done. Every text but that of `Internal` is for people.
#[derive(Debug)]
pub enum OpError {
    /// One field of the form is wrong.
    Invalid {
        /// The field's name in the form.
        field: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// It can't be done as things stand.
    Refused(String),
    /// This person may not, as the settings have it.
    Denied(String),
    /// It was done too often; waiting helps.
    TooOften(String),
    /// Telegram said no, or nothing.
    Telegram(String),
    /// There is no such thing (any more).
    NotFound,
    /// The database is away; nothing was changed.
    Unavailable,
    /// Another server is the active one now; nothing was changed.
    TakenOver,
    /// Something broke; the reason is for the log.
    Internal(anyhow::Error),
}

impl OpError {
    /// A field that is wrong.
    pub fn invalid(field: &'static str, message: impl std::fmt::Display) -> Self {
        Self::Invalid { field, message: message.to_string() }
    }
}

impl std::fmt::Display for OpError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Invalid { message, .. }
            | Self::Refused(message)
            | Self::Denied(message)
            | Self::TooOften(message)
            | Self::Telegram(message) => f.write_str(message),
            Self::NotFound => f.write_str("Nobody with this address has signed in yet."),
            Self::Unavailable => f.write_str("The database is unavailable; nothing was changed."),
            Self::TakenOver => f.write_str("Another Telescope has taken over; nothing was changed."),
            Self::Internal(error) => write!(f, "nothing was changed: {error:#}"),
        }
    }
}

impl std::error::Error for OpError {}

impl From<StoreError> for OpError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Missing => Self::NotFound,
            StoreError::LeaseLost => Self::TakenOver,
            error if error.is_away() => {
                tracing::warn!(%error, "the database is away");
                Self::Unavailable
            }
            error => Self::Internal(error.into()),
        }
    }
}

impl From<Refusal> for OpError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotVisible => Self::NotFound,
            Refusal::Missing(privilege) => {
                Self::Refused(format!("The privilege {} is missing.", privilege.name()))
            }
            Refusal::MissingSystem(privilege) => {
                Self::Refused(format!("The privilege {} is missing.", privilege.name()))
            }
        }
    }
}

impl From<AnswerError> for OpError {
    fn from(error: AnswerError) -> Self {
        let refused = |text: &str| Self::Refused(text.to_owned());
        match error {
            AnswerError::Stale => refused(
                "This form was out of date: somebody went on meanwhile. Look at how the account stands now.",
            ),
            AnswerError::Busy => refused("This is being done already. Wait a moment for its outcome."),
            AnswerError::NotNow => refused("The account does not wait for this now."),
            AnswerError::NotRunning => refused("This account is disconnected. Connect it first."),
            AnswerError::Away => Self::Telegram(
                "Telegram did not answer. Look in a moment at how the account stands.".to_owned(),
            ),
            AnswerError::Refused(said) => match said.field {
                Some(Input::Code) => Self::Invalid { field: "code", message: said.sentence },
                Some(Input::Password) => Self::Invalid { field: "password", message: said.sentence },
                None => Self::Telegram(said.sentence),
            },
        }
    }
}
