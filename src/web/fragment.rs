//! Pieces of page for htmx: an answer may hold several, each with the place that it belongs to.
//!
//! htmx skips a place that is not on the open page. So a change is sent to all pages alike, whichever is open.

use askama::Template;
use axum::http::{HeaderName, StatusCode};
use axum::response::{Html, IntoResponse, Response};

/// A piece of page and where it belongs.
pub fn partial(target: &str, swap: &str, html: &str) -> String {
    format!("<hx-partial hx-target=\"{target}\" hx-swap=\"{swap}\">{html}</hx-partial>\n")
}

#[derive(Template)]
#[template(path = "parts/toast.html")]
struct Toast<'a> {
    tone: &'static str,
    text: &'a str,
}

/// A notice above the page.
pub fn toast(tone: &'static str, text: &str) -> String {
    let html = Toast { tone, text }.render().unwrap_or_default();
    partial("#toasts", "beforeend", &html)
}

/// An answer that leaves the page as it is, with a notice that disappears after a while.
pub fn done(text: &str) -> Response {
    aside(StatusCode::OK, toast("good", text))
}

/// An answer that leaves the page as it is, with a notice that stays until it is dismissed.
pub fn failed(status: StatusCode, text: &str) -> Response {
    aside(status, toast("bad", text))
}

fn aside(status: StatusCode, html: String) -> Response {
    (status, [(HeaderName::from_static("hx-reswap"), "none")], Html(html)).into_response()
}
