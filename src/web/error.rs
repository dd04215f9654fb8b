//! Every way a request can fail, as one type, and the page that says so.
//!
//! What broke goes to the log, with the request's id; the page shows the id and a sentence, never the cause.

use askama::Template;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::fragment;
use crate::config::SsoMode;
use crate::domain::access::Refusal;
use crate::ops::OpError;
use crate::store::StoreError;
use crate::web::auth::proxy;
use crate::web::layout::Layout;
use crate::web::pages::sign_in::form;
use crate::web::state::State;

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
    /// Another Telescope is the active one now.
    TakenOver,
    /// Something broke.
    Internal(anyhow::Error),
}

/// A page that says what went wrong.
#[derive(Template)]
#[template(path = "pages/error.html")]
struct ErrorPage<'a> {
    layout: Layout,
    title: &'a str,
    message: &'a str,
    request: &'a str,
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
            Self::TakenOver => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Another Telescope has taken over",
                "Nothing was changed. This Telescope is ending; load the page again in a moment.".into(),
            ),
            Self::Internal(error) => {
                tracing::error!(error = format!("{error:#}"), "a request failed");
                broke()
            }
        }
    }
}

fn broke() -> (StatusCode, &'static str, String) {
    let message = "This is Telescope's fault, not yours. Its operator finds the reason by the number below.";
    (StatusCode::INTERNAL_SERVER_ERROR, "Something broke", message.into())
}

/// The place where a failed answer leaves what its page is made of, for [`render`].
#[derive(Clone, Debug)]
pub struct Failed {
    title: &'static str,
    message: String,
}

impl Failed {
    /// The words for a request that proves nobody, where each has to bring its proof.
    fn unproven(mode: SsoMode) -> Self {
        let (title, message) = proxy::unproven(mode);
        Self { title, message: message.into() }
    }

    /// The words for a failure that has none of its own, from a library's layer or extractor.
    fn by_status(status: StatusCode) -> Self {
        let (_, title, message) = match status {
            StatusCode::PAYLOAD_TOO_LARGE => AppError::Bad(
                status,
                "A form may hold 64 KiB. Nothing of what you sent was used; send less.".into(),
            )
            .parts(),
            status if status.is_client_error() => AppError::Bad(
                status,
                "The request is not one that this page's forms send. Load the page again and repeat it."
                    .into(),
            )
            .parts(),
            _ => broke(),
        };
        Self { title, message }
    }
}

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        let (status, title, message) = self.parts();
        let mut response = status.into_response();
        response.extensions_mut().insert(Failed { title, message });
        response
    }
}

/// Who asked, as far as a failed answer has to know.
#[derive(Debug)]
pub struct Asked {
    /// The request's id.
    pub id: String,
    /// Whether htmx wants a fragment.
    pub fragment: bool,
    /// The page that was asked for, to return to after signing in.
    pub page: Option<String>,
}

/// Gives a failed answer its page, once it is known who asks and under which id. An answer that is HTML has one
/// already.
pub fn render(app: &State, response: Response, asked: &Asked) -> Response {
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE);
    let has_page = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if has_page || !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let mode = app.config.sso_mode;
    if status == StatusCode::UNAUTHORIZED && !mode.is_by_request() {
        return to_sign_in(asked);
    }
    let failed = match status {
        StatusCode::UNAUTHORIZED => Failed::unproven(mode),
        _ => response.extensions().get::<Failed>().cloned().unwrap_or_else(|| Failed::by_status(status)),
    };
    let mut rendered = if asked.fragment {
        fragment::failed(status, &format!("{}. {}", failed.title, failed.message))
    } else {
        let page = ErrorPage {
            layout: Layout::anonymous(app),
            title: failed.title,
            message: &failed.message,
            request: &asked.id,
        };
        (status, Html(page.render().unwrap_or(failed.message))).into_response()
    };
    // What the layers below have said beside the body: which methods there are, which cookies.
    for name in [header::ALLOW, header::SET_COOKIE] {
        for value in response.headers().get_all(&name) {
            rendered.headers_mut().append(&name, value.clone());
        }
    }
    rendered
}

/// The way to the sign-in page. For htmx not as a redirect, which it would follow into the middle of the page.
fn to_sign_in(asked: &Asked) -> Response {
    let address = form::address(asked.page.as_deref());
    if asked.fragment {
        (StatusCode::UNAUTHORIZED, [(HX_REDIRECT, address)]).into_response()
    } else {
        (StatusCode::SEE_OTHER, [(header::LOCATION, address)]).into_response()
    }
}

const HX_REDIRECT: HeaderName = HeaderName::from_static("hx-redirect");

/// No such page.
pub async fn not_found() -> AppError {
    AppError::NotFound
}

/// A page that does not take this method.
pub async fn method_not_allowed() -> AppError {
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
            OpError::Denied(message) => Self::Forbidden(message),
            OpError::TooOften(message) => Self::Bad(StatusCode::TOO_MANY_REQUESTS, message),
            OpError::Telegram(message) => Self::Telegram(message),
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
