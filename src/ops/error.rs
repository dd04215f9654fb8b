//! Why an operation failed.

use crate::domain::access::Refusal;
use crate::domain::error::ErrorCode;
use crate::store::StoreError;
use crate::telegram::AnswerError;

#[derive(Debug)]
pub enum OpError {
    /// A field of the form is wrong.
    Invalid { field: &'static str, code: ErrorCode },
    /// Not possible in the present state.
    Refused(ErrorCode),
    /// The settings don't allow this person.
    Denied(ErrorCode),
    /// A rate limit; try again later.
    TooOften(ErrorCode),
    /// Telegram refused, or did not answer.
    Telegram(ErrorCode),
    /// It doesn't exist, or not any more.
    NotFound,
    /// The database is unavailable; nothing was changed.
    Unavailable,
    /// Another server is the active one now; nothing was changed.
    TakenOver,
    /// A fault of the program or its environment; the cause goes to the log.
    Internal(anyhow::Error),
}

impl OpError {
    pub fn invalid(field: &'static str, code: impl Into<ErrorCode>) -> Self {
        Self::Invalid { field, code: code.into() }
    }

    /// The stable code, from which the message is made.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Invalid { code, .. }
            | Self::Refused(code)
            | Self::Denied(code)
            | Self::TooOften(code)
            | Self::Telegram(code) => code.clone(),
            Self::NotFound => ErrorCode::NotFound,
            Self::Unavailable => ErrorCode::DatabaseUnavailable,
            Self::TakenOver => ErrorCode::TakenOver,
            Self::Internal(_) => ErrorCode::Internal,
        }
    }
}

impl From<StoreError> for OpError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Missing => Self::NotFound,
            StoreError::Character => Self::invalid("", ErrorCode::TextCharacter),
            StoreError::LeaseLost => Self::TakenOver,
            error if error.is_away() => {
                tracing::warn!(%error, "the database is unavailable");
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
            Refusal::Missing(_) | Refusal::MissingSystem(_) => Self::Refused(refusal.into()),
        }
    }
}

impl From<AnswerError> for OpError {
    fn from(error: AnswerError) -> Self {
        match error {
            AnswerError::Stale => Self::Refused(ErrorCode::FormStale),
            AnswerError::Busy => Self::Refused(ErrorCode::Busy),
            AnswerError::NotNow => Self::Refused(ErrorCode::NotExpectedNow),
            AnswerError::NotRunning => Self::Refused(ErrorCode::Disconnected),
            AnswerError::Away => Self::Telegram(ErrorCode::TelegramUnreachable),
            AnswerError::Refused(why) => Self::Telegram(ErrorCode::TelegramRefused { why }),
        }
    }
}
