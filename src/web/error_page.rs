//! The page of a failed request. Only the layers render it: they know the sender, the target and the request's id.

use askama::Template;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::error::ErrorDetails;
use super::form::RequestType;
use super::state::State;
use super::words::{error_pages as words, sign_in};
use super::{fragment, paths, return_to};
use crate::web::auth::renewal;
use crate::web::layout::Layout;

#[derive(Template)]
#[template(path = "pages/error.html")]
struct ErrorPage<'a> {
    layout: Layout,
    title: &'a str,
    message: &'a str,
    request_id: &'a str,
    /// Where to go now, and the label of the button.
    link: (String, &'static str),
}

/// What the page of a failed request needs.
#[derive(Debug)]
pub struct RequestMeta {
    pub id: String,
    pub request_type: RequestType,
    /// The page that was asked for, or from which something was asked for, to return to after signing in.
    pub page: Option<String>,
    /// Whether the browser sent the cookie of a session.
    pub had_session: bool,
}

/// The message for a failure of a library's layer or extractor.
fn by_status(status: StatusCode) -> ErrorDetails {
    let (title, message) = match status {
        StatusCode::PAYLOAD_TOO_LARGE => (words::bad(status), words::TOO_LARGE),
        status if status.is_client_error() => (words::bad(status), words::MALFORMED),
        _ => words::INTERNAL,
    };
    ErrorDetails { title, message: message.into() }
}

/// Whether an answer is a failure without a page. An answer that is HTML has one already.
pub fn is_missing(response: &Response) -> bool {
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE);
    let has_page = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    !has_page && (status.is_client_error() || status.is_server_error())
}

/// Gives a failed answer its page.
pub fn render(app: &State, mut response: Response, meta: &RequestMeta) -> Response {
    if !is_missing(&response) {
        return response;
    }
    let status = response.status();
    let layout = response.extensions_mut().remove().unwrap_or_else(|| Layout::anonymous(app));
    let mode = app.config.sso.mode;
    if status == StatusCode::UNAUTHORIZED && !mode.is_by_request() {
        return to_sign_in(meta);
    }
    let details = match status {
        StatusCode::UNAUTHORIZED => {
            let (title, message) = sign_in::unidentified(mode, renewal::address(app, "").is_some());
            ErrorDetails { title, message: message.into() }
        }
        _ => response.extensions().get().cloned().unwrap_or_else(|| by_status(status)),
    };
    let mut rendered = match meta.request_type {
        RequestType::Partial => fragment::failed(status, &format!("{}. {}", details.title, details.message)),
        RequestType::Full => page(layout, status, &details, meta, link(app, status, meta)),
    };
    // Headers of the layers below: allowed methods, cookies.
    for name in [header::ALLOW, header::SET_COOKIE] {
        for value in response.headers().get_all(&name) {
            rendered.headers_mut().append(&name, value.clone());
        }
    }
    rendered
}

fn page(
    layout: Layout,
    status: StatusCode,
    details: &ErrorDetails,
    meta: &RequestMeta,
    link: (String, &'static str),
) -> Response {
    let ErrorDetails { title, message } = details;
    let page = ErrorPage { layout, title, message, request_id: &meta.id, link };
    (status, Html(page.render().unwrap_or_else(|_| details.message.clone()))).into_response()
}

/// The link of the page: to the same page or a new sign-in for a person whom a proxy did not identify, otherwise to the
/// accounts.
fn link(app: &State, status: StatusCode, meta: &RequestMeta) -> (String, &'static str) {
    let page = meta.page.as_deref().unwrap_or_default();
    match status {
        StatusCode::UNAUTHORIZED => match renewal::address(app, page) {
            Some(sign_in) => (sign_in, words::SIGN_IN_AGAIN),
            None => (return_to::local_redirect(page).to_owned(), words::RELOAD),
        },
        _ => (paths::ACCOUNTS.to_owned(), words::TO_ACCOUNTS),
    }
}

/// Leads to the sign-in page. For htmx not with a redirect, whose target it would insert into the page.
fn to_sign_in(meta: &RequestMeta) -> Response {
    let address = return_to::sign_in(meta.page.as_deref(), meta.had_session);
    match meta.request_type {
        RequestType::Partial => {
            let redirect = (HeaderName::from_static("hx-redirect"), address);
            (StatusCode::UNAUTHORIZED, [redirect]).into_response()
        }
        RequestType::Full => (StatusCode::SEE_OTHER, [(header::LOCATION, address)]).into_response(),
    }
}
