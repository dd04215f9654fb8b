//! What happens to every request before a handler sees it, and to every answer after.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::csrf::CsrfLayer;
use tower_sessions::cookie::SameSite;
use tower_sessions::cookie::time::Duration;
use tower_sessions::{Expiry, SessionManagerLayer};

use super::error::{self, AppError};
use super::shell::wants_fragment;
use crate::app::App;
use crate::domain::AccountId;
use crate::store::WebSessions;

/// Bytes of a form.
const MAX_BODY: usize = 64 * 1024;
/// Hours that a session lives without being used.
const IDLE_HOURS: i64 = 12;

const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Headers by which a proxy betrays itself.
const PROXY_HEADERS: [&str; 6] =
    ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];

/// Adds web sessions to the routes that need them.
pub fn with_session(routes: Router<Arc<App>>, app: &App) -> Router<Arc<App>> {
    let https = app.config.public_url.is_https();
    let store = WebSessions::new(app.db.clone(), app.clock.clone());
    let sessions = SessionManagerLayer::new(store)
        .with_name(if https { "__Host-telescope" } else { "telescope" })
        .with_secure(https)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_expiry(Expiry::OnInactivity(Duration::hours(IDLE_HOURS)));
    routes.layer(sessions)
}

/// Adds what every request goes through.
pub fn around(routes: Router<Arc<App>>, app: &Arc<App>) -> Router<Arc<App>> {
    routes
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(CsrfLayer::new().with_rejection_response(|_| cross_site()))
        .layer(CatchPanicLayer::custom(|_| {
            AppError::Internal(anyhow::anyhow!("a handler panicked")).into_response()
        }))
        .layer(from_fn_with_state(Arc::clone(app), gate))
        .layer(from_fn_with_state(Arc::clone(app), frame))
}

fn cross_site<B: From<axum::body::Bytes>>() -> axum::http::Response<B> {
    let response = AppError::Forbidden("This request came from another site, so it was not done.".into())
        .into_response();
    let (parts, _) = response.into_parts();
    axum::http::Response::from_parts(parts, B::from(axum::body::Bytes::new()))
}

/// Outermost: an id, a line in the log, the error page, the safety headers.
async fn frame(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let id = AccountId::generate().to_string();
    let started = tokio::time::Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let fragment = wants_fragment(request.headers());
    let response = next.run(request).await;
    let mut response = error::render(&app, response, Some(id.clone()), fragment);
    tracing::info!(
        request = %id,
        %method,
        route = route.as_deref().unwrap_or("-"),
        status = response.status().as_u16(),
        ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        "answered"
    );
    add_headers(response.headers_mut(), app.config.public_url.is_https());
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), id);
    }
    response
}

fn add_headers(headers: &mut HeaderMap, https: bool) {
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, CSP),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
}

/// Refuses what was not sent to us: another host (which stops DNS rebinding), and, while anybody may claim
/// any name, whatever came through a proxy.
async fn gate(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let host = request
        .uri()
        .authority()
        .map(|authority| authority.as_str())
        .or_else(|| request.headers().get(header::HOST).and_then(|host| host.to_str().ok()));
    if host.is_none_or(|host| !is_ours(&app, host)) {
        let message = format!("This server is {}. Use that address.", app.config.public_url.origin());
        return AppError::Bad(StatusCode::MISDIRECTED_REQUEST, message).into_response();
    }
    let proxied = PROXY_HEADERS.iter().any(|name| request.headers().contains_key(*name));
    if proxied && app.config.sso_mode.is_mock() {
        return AppError::Forbidden(
            "SSO_MODE=mock lets anybody claim any name, so it takes no request that came through a proxy."
                .into(),
        )
        .into_response();
    }
    next.run(request).await
}

/// Whether a Host header names us: the public address, or loopback while that is loopback too.
fn is_ours(app: &App, host: &str) -> bool {
    let public = &app.config.public_url;
    if host.eq_ignore_ascii_case(public.authority()) {
        return true;
    }
    let (name, port) = host.rsplit_once(':').unwrap_or((host, ""));
    let public_port = public.authority().rsplit_once(':').map_or("", |(_, port)| port);
    public.is_loopback() && port == public_port && crate::config::is_loopback_name(name)
}
