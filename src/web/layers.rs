//! What happens to every request before a handler sees it, and to every answer after.

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::csrf::CsrfLayer;
use tower_sessions::cookie::SameSite;
use tower_sessions::cookie::time::Duration;
use tower_sessions::{Expiry, SessionManagerLayer};
use tracing::Instrument;

use super::error::AppError;
use super::error_page::{self, RequestMeta};
use super::form::RequestType;
use crate::config::SsoMode;
use crate::domain::RequestInfo;
use crate::http::client_ip::client;
use crate::http::host::{has_proxy_headers, host, is_cross_site_read, is_ours};
use crate::store::WebSessions;
use crate::store::web_sessions::LIFE_DAYS;
use crate::web::auth::proxy;
use crate::web::body::{self, MAX_BODY};
use crate::web::state::AppState;

const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Adds web sessions to the routes that need them, and whose they are where each request says that itself.
pub fn with_session(routes: Router<AppState>, app: &AppState) -> Router<AppState> {
    let https = app.config.public_url.is_https();
    let store = WebSessions::new(app.db.clone(), app.clock.clone());
    let sessions = SessionManagerLayer::new(store)
        .with_name(if https { "__Host-telescope" } else { "telescope" })
        .with_secure(https)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        // Counted from the last change of what the session holds. The store counts from the sign-in, too.
        .with_expiry(Expiry::OnInactivity(Duration::days(LIFE_DAYS)));
    routes.layer(from_fn_with_state(app.clone(), proxy::authenticate)).layer(sessions)
}

/// Adds what every request goes through.
pub fn around(routes: Router<AppState>, app: &AppState) -> Router<AppState> {
    routes
        .layer(from_fn(run_to_completion))
        .layer(from_fn(body::buffer_body))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(CsrfLayer::new().with_rejection_response(|_| cross_site()))
        .layer(CatchPanicLayer::custom(|_| {
            AppError::Internal(anyhow::anyhow!("a handler panicked")).into_response()
        }))
        .layer(from_fn_with_state(app.clone(), guard_host))
        .layer(from_fn_with_state(app.clone(), request_context))
}

/// Lets a request that changes something go on to its end, also when whoever sent it does not wait for the answer: what
/// follows a change, such as telling open pages, must not be left out.
async fn run_to_completion(request: Request, next: Next) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return next.run(request).await;
    }
    let done = tokio::spawn(next.run(request).in_current_span()).await;
    done.unwrap_or_else(|error| match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(error) => AppError::Internal(error.into()).into_response(),
    })
}

fn cross_site<B: From<axum::body::Bytes>>() -> axum::http::Response<B> {
    let response = AppError::Forbidden("This request came from another site, so it was not done.".into())
        .into_response();
    let (parts, _) = response.into_parts();
    axum::http::Response::from_parts(parts, B::from(axum::body::Bytes::new()))
}

/// Outermost: an id, a line in the log, the error page, the safety headers. The log gets the matched route,
/// never the address: addresses may hold what people typed.
async fn request_context(app: AppState, mut request: Request, next: Next) -> Response {
    let request_type = RequestType::of(request.headers());
    let meta = RequestMeta {
        id: uuid::Uuid::now_v7().to_string(),
        request_type,
        page: page_asked_for(&request).filter(|_| !request_type.is_partial()),
    };
    let route = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str);
    let client = client(&request, &app.config.trusted_proxies);
    let from = client.map(tracing::field::display);
    let span = tracing::info_span!("request", id = %meta.id, method = %request.method(), route, from);
    request.extensions_mut().insert(RequestInfo { address: client, request: Some(meta.id.clone()) });
    let https = app.config.public_url.is_https();
    async {
        let started = tokio::time::Instant::now();
        let mut response = error_page::render(&app, next.run(request).await, &meta);
        let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(status = response.status().as_u16(), ms, "answered");
        add_headers(response.headers_mut(), &meta.id, https);
        response
    }
    .instrument(span)
    .await
}

/// Where a navigation was going, so that it can go on after signing in.
fn page_asked_for(request: &Request) -> Option<String> {
    let path = request.uri().path_and_query().filter(|_| request.method() == Method::GET);
    path.filter(|path| path.path() != "/").map(|path| path.as_str().to_owned())
}

/// What every answer says beside its content. `id` is the request's.
pub fn add_headers(headers: &mut HeaderMap, id: &str, https: bool) {
    let fixed = [
        (header::VARY, "HX-Request, HX-Request-Type, Cookie"),
        (header::CONTENT_SECURITY_POLICY, CSP),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
    if https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
}

/// Refuses what was not sent to us: another host (which stops DNS rebinding), what another site's page would read,
/// and, while everybody is believed, whatever came through a proxy.
async fn guard_host(app: AppState, request: Request, next: Next) -> Response {
    if !host(&request).is_some_and(|host| is_ours(&app.config.public_url, host)) {
        let message = format!("This server is {}. Use that address.", app.config.public_url.origin());
        return AppError::Bad(StatusCode::MISDIRECTED_REQUEST, message).into_response();
    }
    if is_cross_site_read(&app.config.public_url, &request) {
        return AppError::Forbidden("A page of another site may not read this.".into()).into_response();
    }
    let believes = match app.config.sso_mode {
        SsoMode::Mock => Some("SSO_MODE=mock lets anybody claim any name"),
        SsoMode::Disable => Some("SSO_MODE=disable takes everybody for the administrator"),
        SsoMode::Cloudflare | SsoMode::Jwt | SsoMode::Oidc => None,
    };
    if let Some(believes) = believes.filter(|_| request.headers().keys().any(has_proxy_headers)) {
        let message = format!("{believes}, so it takes no request that came through a proxy.");
        return AppError::Forbidden(message).into_response();
    }
    next.run(request).await
}
