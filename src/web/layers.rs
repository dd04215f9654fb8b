//! Middleware for every request and answer. The outermost layers are the request's context and the error page, then the
//! guards, and only then the session is looked up.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::csrf::CsrfLayer;
use tower_sessions::cookie::SameSite;
use tower_sessions::cookie::time::Duration;
use tower_sessions::{Expiry, Session, SessionManagerLayer};
use tracing::Instrument;

use super::error::AppError;
use super::error_page::{self, RequestMeta};
use super::form::RequestType;
use super::words::limits as words;
use super::{compression, health, paths, return_to, upload};
use crate::http::body::{self, BodyError, MAX_BODY};
use crate::http::host::{self, Blocked};
use crate::http::{headers, request_context};
use crate::store::WebSessions;
use crate::store::web_sessions::LIFE_DAYS;
use crate::web::auth::session::RequestSession;
use crate::web::auth::{proxy, session};
use crate::web::layout::Layout;
use crate::web::state::AppState;

/// Adds web sessions to the routes that need them, and their binding to each request's identity where requests carry one.
pub fn with_session(routes: Router<AppState>, app: &AppState) -> Router<AppState> {
    let https = app.config.http.public_url.is_https();
    let store = WebSessions::new(app.db.clone(), app.clock.clone());
    let sessions = SessionManagerLayer::new(store)
        .with_name(session_cookie(https))
        .with_secure(https)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        // Counted from the last change of the session's data. The store also limits the time since the sign-in.
        .with_expiry(Expiry::OnInactivity(Duration::days(LIFE_DAYS)));
    routes
        .layer(from_fn_with_state(app.clone(), keep_layout))
        .layer(from_fn_with_state(app.clone(), proxy::authenticate))
        .layer(sessions)
}

const fn session_cookie(https: bool) -> &'static str {
    if https { "__Host-telescope" } else { "telescope" }
}

fn has_cookie(headers: &HeaderMap, name: &str) -> bool {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.any(|(cookie, value)| cookie == name && !value.is_empty())
}

/// Adds the layers of every request.
pub fn around(routes: Router<AppState>, app: &AppState) -> Router<AppState> {
    routes
        .layer(from_fn(run_to_completion))
        .layer(from_fn(buffer_body))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(CsrfLayer::new().with_rejection_response(|_| cross_site()))
        .layer(CatchPanicLayer::custom(|_| {
            AppError::Internal(anyhow::anyhow!("a handler panicked")).into_response()
        }))
        .layer(from_fn_with_state(app.clone(), guard_host))
        .layer(from_fn_with_state(app.clone(), finish))
}

/// Gives a failed answer the menu of the user who asked, for its page.
async fn keep_layout(app: AppState, request: Request, next: Next) -> Response {
    let wants_page = !RequestType::of(request.headers()).is_partial();
    let session = request.extensions().get::<Session>().cloned().filter(|_| wants_page);
    let mut response = next.run(request).await;
    if let Some(session) = session
        && error_page::is_missing(&response)
        && let Ok(Some(actor)) = session::current(&app, &RequestSession::of(session)).await
    {
        response.extensions_mut().insert(Layout::of(&app, &actor));
    }
    response
}

/// Completes a request that changes something even if its client disconnects: what follows a
/// change, such as telling open pages, must not be left out.
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

async fn buffer_body(mut request: Request, next: Next) -> Response {
    if let Some(limit) = upload::limit_of(&request) {
        // Its handler reads the body.
        DefaultBodyLimit::max(limit).apply(&mut request);
        return next.run(request).await;
    }
    match body::buffer(request).await {
        Ok(request) => next.run(request).await,
        Err(BodyError::TooManyFields) => {
            AppError::bad(StatusCode::PAYLOAD_TOO_LARGE, words::too_many_fields()).into_response()
        }
        Err(BodyError::TooSlow) => {
            AppError::bad(StatusCode::REQUEST_TIMEOUT, words::TOO_SLOW).into_response()
        }
        Err(BodyError::Rejected(response)) => response,
    }
}

fn cross_site<B: From<axum::body::Bytes>>() -> axum::http::Response<B> {
    let response = AppError::Forbidden(words::CROSS_SITE_FORM.into()).into_response();
    let (parts, _) = response.into_parts();
    axum::http::Response::from_parts(parts, B::from(axum::body::Bytes::new()))
}

async fn guard_host(app: AppState, request: Request, next: Next) -> Response {
    if health::is_probe(request.uri().path()) {
        return next.run(request).await;
    }
    let proxied = words::through_proxy(app.config.sso.mode);
    let Err(blocked) = host::check(&app.config.http.public_url, proxied.is_none(), &request) else {
        return next.run(request).await;
    };
    let error = match blocked {
        Blocked::WrongHost => {
            let message = words::wrong_host(app.config.http.public_url.origin());
            AppError::Bad(StatusCode::MISDIRECTED_REQUEST, message)
        }
        Blocked::CrossSiteForm => AppError::Forbidden(words::CROSS_SITE_FORM.into()),
        Blocked::CrossSiteRead => AppError::Forbidden(words::CROSS_SITE_READ.into()),
        Blocked::Proxied => AppError::Forbidden(proxied.unwrap_or_default().into()),
    };
    error.into_response()
}

/// Outermost: the request's context, a line in the log, the error page, the headers.
async fn finish(app: AppState, mut request: Request, next: Next) -> Response {
    let request_type = RequestType::of(request.headers());
    let page = page_asked_for(&request).filter(|_| !request_type.is_partial());
    let page = page.or_else(|| return_to::page_of(request.headers(), app.config.http.public_url.origin()));
    let had_session = has_cookie(request.headers(), session_cookie(app.config.http.public_url.is_https()));
    let (id, span) = request_context::begin(&mut request, &app.config.http.trusted_proxies);
    let meta = RequestMeta { id, request_type, page, had_session };
    let https = app.config.http.public_url.is_https();
    async {
        let started = tokio::time::Instant::now();
        let compressed = compression::is_wanted(&request);
        let mut response = error_page::render(&app, next.run(request).await, &meta);
        if compressed {
            response = compression::page(response).await;
        }
        let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(status = response.status().as_u16(), ms, "answered");
        headers::add(response.headers_mut(), &meta.id, https);
        response
    }
    .instrument(span)
    .await
}

/// The target of a navigation, to return to after signing in.
fn page_asked_for(request: &Request) -> Option<String> {
    let path = request.uri().path_and_query().filter(|_| request.method() == Method::GET);
    path.filter(|path| path.path() != paths::HOME).map(|path| path.as_str().to_owned())
}
