//! Every way a request can fail, as one type. The layers render its page in [`error_page`](super::error_page), since they
//! know the sender; internal causes go to the log and never onto a page.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::domain::access::Refusal;
use crate::ops::OpError;
use crate::store::StoreError;
use crate::web::words::error_pages as words;
use crate::words::sentence;

/// Why a request was not answered as asked.
#[derive(Debug)]
pub enum AppError {
    /// The request has no session of a user.
    SignedOut,
    /// It doesn't exist, or not for this user.
    NotFound,
    Forbidden(String),
    /// The request itself is wrong.
    Bad(StatusCode, String),
    /// It can't be done in the present state.
    Conflict(String),
    /// Telegram refused, or did not answer.
    Telegram(String),
    /// The database can't be reached.
    Unavailable,
    /// Another server has become the active one.
    TakenOver,
    Internal(anyhow::Error),
}

/// What a failed answer's page says. It travels in the response's extensions, for the layer that renders the page.
#[derive(Clone, Debug)]
pub struct ErrorDetails {
    pub title: &'static str,
    pub message: String,
}

impl AppError {
    pub fn bad(status: StatusCode, message: impl Into<String>) -> Self {
        Self::Bad(status, message.into())
    }

    /// The message and status, if the error answers the request itself; otherwise the error.
    pub fn into_answer(self) -> Result<(StatusCode, String), Self> {
        match self {
            Self::Forbidden(message) => Ok((StatusCode::FORBIDDEN, message)),
            Self::Bad(status, message) => Ok((status, message)),
            Self::Conflict(message) => Ok((StatusCode::CONFLICT, message)),
            Self::Telegram(message) => Ok((StatusCode::BAD_GATEWAY, message)),
            Self::SignedOut | Self::NotFound | Self::Unavailable | Self::TakenOver | Self::Internal(_) => {
                Err(self)
            }
        }
    }

    fn details(self) -> (StatusCode, ErrorDetails) {
        let (status, title, message) = match self {
            Self::SignedOut => (StatusCode::UNAUTHORIZED, words::SIGN_IN.0, words::SIGN_IN.1.into()),
            Self::NotFound => (StatusCode::NOT_FOUND, words::NOT_FOUND.0, words::NOT_FOUND.1.into()),
            Self::Forbidden(message) => (StatusCode::FORBIDDEN, words::FORBIDDEN, message),
            Self::Bad(status, message) => (status, words::bad(status), message),
            Self::Conflict(message) => (StatusCode::CONFLICT, words::CONFLICT, message),
            Self::Telegram(message) => (StatusCode::BAD_GATEWAY, words::TELEGRAM, message),
            Self::Unavailable => {
                (StatusCode::SERVICE_UNAVAILABLE, words::UNAVAILABLE.0, words::UNAVAILABLE.1.into())
            }
            Self::TakenOver => {
                (StatusCode::SERVICE_UNAVAILABLE, words::TAKEN_OVER.0, words::TAKEN_OVER.1.into())
            }
            Self::Internal(error) => {
                tracing::error!(error = format!("{error:#}"), "a request failed");
                (StatusCode::INTERNAL_SERVER_ERROR, words::INTERNAL.0, words::INTERNAL.1.into())
            }
        };
        (status, ErrorDetails { title, message })
    }
}

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        let (status, details) = self.details();
        let mut response = status.into_response();
        response.extensions_mut().insert(details);
        response
    }
}

/// The answer to an unknown path.
pub async fn not_found() -> AppError {
    AppError::NotFound
}

/// The answer to a method that a path doesn't have.
pub async fn method_not_allowed() -> AppError {
    AppError::bad(StatusCode::METHOD_NOT_ALLOWED, words::METHOD_NOT_ALLOWED)
}

impl From<Refusal> for AppError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotVisible => Self::NotFound,
            Refusal::Missing(privilege) => Self::Forbidden(words::missing(privilege)),
            Refusal::MissingSystem(privilege) => Self::Forbidden(words::missing_system(privilege)),
        }
    }
}

impl From<OpError> for AppError {
    fn from(error: OpError) -> Self {
        match error {
            OpError::Invalid { code, .. } => Self::Bad(StatusCode::UNPROCESSABLE_ENTITY, sentence(&code)),
            OpError::Refused(code) => Self::Conflict(sentence(&code)),
            OpError::Denied(code) => Self::Forbidden(sentence(&code)),
            OpError::TooOften(code) => Self::Bad(StatusCode::TOO_MANY_REQUESTS, sentence(&code)),
            OpError::Telegram(code) => Self::Telegram(sentence(&code)),
            OpError::NotFound => Self::NotFound,
            OpError::Unavailable => Self::Unavailable,
            OpError::TakenOver => Self::TakenOver,
            OpError::Internal(error) => Self::Internal(error),
        }
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        OpError::from(error).into()
    }
}

impl From<askama::Error> for AppError {
    fn from(error: askama::Error) -> Self {
        Self::Internal(error.into())
    }
}

impl From<tower_sessions::session::Error> for AppError {
    fn from(error: tower_sessions::session::Error) -> Self {
        tracing::warn!(%error, "a web session could not be read or written");
        Self::Unavailable
    }
}
