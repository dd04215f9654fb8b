//! Every way a request can fail, as one type, and the page that says so.
//!
//! What broke goes to the log, with the request's id; the page shows the id and a sentence, never the cause.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::shell::Shell;
use crate::app::App;
use crate::domain::access::Refusal;
use crate::ops::OpError;
use crate::store::StoreError;

/// Why a request was not answered as asked.
#[derive(Debug)]
pub enum AppError {
    /// Nobody is signed in.
    SignedOut,
    /// There is no such page or thing, or none for this person.
    NotFound,
    /// This person may not.
    Forbidden(String),
    /// The request itself is wrong.
    Bad(StatusCode, String),
    /// It can't be done as things stand.
    Conflict(String),
    /// Telegram said no, or nothing.
    Telegram(String),
    /// The database is away.
    Unavailable,
    /// Something broke.
    Internal(anyhow::Error),
}

#[derive(Template)]
#[template(path = "pages/error.html", blocks = ["message"])]
struct ErrorPage {
    shell: Shell,
    title: &'static str,
    message: String,
    request: Option<String>,
}

impl AppError {
    fn parts(self) -> (StatusCode, &'static str, String) {
        match self {
            Self::SignedOut => (StatusCode::UNAUTHORIZED, "Sign in", "Sign in first.".into()),
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                "Not found",
                "There is nothing here, or nothing that you may see.".into(),
            ),
            Self::Forbidden(message) => (StatusCode::FORBIDDEN, "Not allowed", message),
            Self::Bad(status, message) => (status, "That did not work", message),
            Self::Conflict(message) => (StatusCode::CONFLICT, "Not now", message),
            Self::Telegram(message) => (StatusCode::BAD_GATEWAY, "Telegram", message),
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "The database is away",
                "Nothing was changed. Accounts stay connected; try again in a moment.".into(),
            ),
            Self::Internal(error) => {
                tracing::error!(error = format!("{error:#}"), "a request failed");
                (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "Something broke",
                    "This is our fault, not yours. The log has the details.".into(),
                )
            }
        }
    }
}

/// The place where a failed answer leaves what its page is made of, for [`render`].
#[derive(Clone, Debug)]
pub struct Failed {
    title: &'static str,
    message: String,
}

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        if matches!(self, Self::SignedOut) {
            let to = [(header::LOCATION, "/sign-in"), (HX_REDIRECT, "/sign-in")];
            return (StatusCode::SEE_OTHER, to).into_response();
        }
        let (status, title, message) = self.parts();
        let mut response = status.into_response();
        response.extensions_mut().insert(Failed { title, message });
        response
    }
}

const HX_REDIRECT: HeaderName = HeaderName::from_static("hx-redirect");

/// Gives a failed answer its page, once it is known who asks and under which id.
pub fn render(app: &App, response: Response, request: Option<String>, fragment: bool) -> Response {
    let Some(failed) = response.extensions().get::<Failed>().cloned() else { return response };
    let (parts, _) = response.into_parts();
    let page =
        ErrorPage { shell: Shell::anonymous(app), title: failed.title, message: failed.message, request };
    let body = if fragment { page.as_message().render() } else { page.render() };
    let mut rendered = (super::shell::no_store(), Html(body.unwrap_or_default())).into_response();
    *rendered.status_mut() = parts.status;
    rendered
}

/// No such page.
pub async fn not_found() -> AppError {
    AppError::NotFound
}

/// A page that does not take this method.
pub async fn method_not_allowed(State(_): State<Arc<App>>) -> AppError {
    AppError::Bad(StatusCode::METHOD_NOT_ALLOWED, "This address does not take that kind of request.".into())
}

impl From<Refusal> for AppError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotVisible => Self::NotFound,
            Refusal::Missing(privilege) => {
                Self::Forbidden(format!("You lack the privilege {} on this account.", privilege.name()))
            }
            Refusal::MissingSystem(privilege) => {
                Self::Forbidden(format!("You lack the privilege {}.", privilege.name()))
            }
        }
    }
}

impl From<OpError> for AppError {
    fn from(error: OpError) -> Self {
        match error {
            OpError::Invalid { message, .. } => Self::Bad(StatusCode::UNPROCESSABLE_ENTITY, message),
            OpError::Refused(message) => Self::Conflict(message),
            OpError::Telegram(message) => Self::Telegram(message),
            OpError::NotFound => Self::NotFound,
            OpError::Unavailable => Self::Unavailable,
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
