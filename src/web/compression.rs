//! Which pages are compressed. Those of a single account are not: they may show a code, a password or a way to log in,
//! and the size of a compressed page says something about a secret beside text that others chose.

use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderValue, Method, header};
use axum::response::Response;

use super::paths;
use crate::http::compression::{Effort, accepts_gzip, gzip};

/// Bytes below which it is not worth it.
const SMALL: u64 = 1024;
/// Bytes above which it is work for another thread.
const LARGE: usize = 256 * 1024;

/// Whether the answer to a request may be compressed: a page that was asked for, and that no secret is on, such as that of
/// an account or of its login with an invite. An answer to a form may show one.
pub fn is_wanted(request: &Request) -> bool {
    let route = request.extensions().get::<MatchedPath>();
    request.method() == Method::GET
        && route.is_some_and(|route| {
            ![paths::ACCOUNT, paths::ONBOARDING].iter().any(|of| route.as_str().starts_with(of))
        })
        && accepts_gzip(request.headers())
}

/// Compresses a page. Anything else stays as it is.
pub async fn page(response: Response) -> Response {
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_page = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let size = response.body().size_hint().exact().unwrap_or_default();
    if !is_page || size < SMALL || response.headers().contains_key(header::CONTENT_ENCODING) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // It is in memory already.
    let Ok(content) = to_bytes(body, usize::MAX).await else {
        return Response::from_parts(parts, Body::empty());
    };
    let compressed = if content.len() > LARGE {
        let content = content.clone();
        tokio::task::spawn_blocking(move || gzip(&content, Effort::Fast))
            .await
            .unwrap_or_else(|error| Err(error.into()))
    } else {
        gzip(&content, Effort::Fast)
    };
    let Ok(compressed) = compressed else { return Response::from_parts(parts, Body::from(content)) };
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    Response::from_parts(parts, Body::from(compressed))
}
