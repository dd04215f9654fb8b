//! Where a proxy's own session outlives the tokens that it passes on, as Azure App Service's does, people are sent to sign in
//! there again, which takes no input as long as their session at the identity provider lasts. Loading the page again
//! would bring the same stale token.

use axum::extract::Request;
use axum::http::{Method, header};
use axum::response::{IntoResponse, Redirect, Response};

use crate::web::form::RequestType;
use crate::web::paths;
use crate::web::return_to::local_redirect;
use crate::web::state::State;

/// Seconds within which a browser is not sent there twice: a proxy whose tokens are always stale, as with a wrong clock, would
/// send people round in circles.
const PAUSE: u32 = 60;

/// The proxy's sign-in page, which leads back to `next`; none if reloading a page is enough.
pub fn address(app: &State, next: &str) -> Option<String> {
    let sign_in = app.sso.proxy.as_ref()?.format().sign_in?;
    let next: String = url::form_urlencoded::byte_serialize(local_redirect(next).as_bytes()).collect();
    Some(format!("{sign_in}{next}"))
}

/// Sends a navigation there, unless that was done just now. Other requests can't follow to another site.
pub fn redirect(app: &State, request: &Request) -> Option<Response> {
    let headers = request.headers();
    let mode = headers.get("sec-fetch-mode");
    let navigates = request.method() == Method::GET
        && !RequestType::of(headers).is_partial()
        && mode.is_none_or(|mode| mode == "navigate");
    let mark = mark(app);
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let was_sent = cookies.flat_map(|line| line.split(';')).any(|pair| pair.trim() == mark);
    if !navigates || was_sent {
        return None;
    }
    let next = request.uri().path_and_query().map_or(paths::ACCOUNTS, |it| it.as_str());
    let address = address(app, next)?;
    let secure = if app.config.http.public_url.is_https() { "; Secure" } else { "" };
    let cookie = format!("{mark}; HttpOnly; SameSite=Lax; Path=/; Max-Age={PAUSE}{secure}");
    Some(([(header::SET_COOKIE, cookie)], Redirect::to(&address)).into_response())
}

fn mark(app: &State) -> &'static str {
    if app.config.http.public_url.is_https() { "__Host-telescope-renewal=1" } else { "telescope-renewal=1" }
}
