//! Answers while another server is the active one. There is no application yet that could answer anything but this; only the
//! style of the page is there.

use askama::Template;
use axum::Router;
use axum::extract::Request;
use axum::http::{Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use super::{assets, fragment, health, paths};
use crate::http::headers;
use crate::web::form::RequestType;
use crate::web::layout::Layout;
use crate::web::words::error_pages::STANDBY;

/// Seconds after which a browser may ask again.
const AGAIN: u16 = 5;

#[derive(Template)]
#[template(path = "pages/standby.html")]
struct Standby {
    layout: Layout,
    message: &'static str,
    /// Seconds until the page loads itself again; none for what a form sent, which a browser would not repeat.
    again: Option<u16>,
}

/// Answers everything with 503, but for the probe whether the process works: a standby must not be restarted.
pub fn standby() -> Router {
    Router::new()
        .route(paths::STATIC, get(assets::file))
        .route(paths::HEALTH, get(health::health))
        .route(paths::READY, get(|| async { (StatusCode::SERVICE_UNAVAILABLE, format!("{STANDBY}\n")) }))
        .fallback(waiting)
        .layer(from_fn(finish))
}

async fn waiting(request: Request) -> Response {
    if RequestType::of(request.headers()).is_partial() {
        return fragment::failed(StatusCode::SERVICE_UNAVAILABLE, STANDBY);
    }
    let again = (request.method() == Method::GET).then_some(AGAIN);
    let page = Standby { layout: Layout::default(), message: STANDBY, again };
    let page = page.render().unwrap_or_else(|_| STANDBY.to_owned());
    (StatusCode::SERVICE_UNAVAILABLE, Html(page)).into_response()
}

async fn finish(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    headers::add(response.headers_mut(), &uuid::Uuid::now_v7().to_string(), false);
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, AGAIN.into());
    }
    response
}
