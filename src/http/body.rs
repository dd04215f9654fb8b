//! Buffers the body of a request before it is handled, with limits on size, time and number of fields, so that a slow or
//! fragmented body does not occupy a handler.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};

/// The largest body, in bytes.
pub const MAX_BODY: usize = 64 * 1024;
/// The most fields of a form or a query.
pub const MAX_FIELDS: usize = 1000;
/// How long a body may take to arrive.
pub const BODY_TIME: Duration = Duration::from_secs(20);

/// Why a body was not accepted.
#[derive(Debug)]
pub enum BodyError {
    TooManyFields,
    TooSlow,
    /// It is larger than the outer layer allows, or incomplete.
    Rejected(Response),
}

/// The request with its body in memory. Its size is limited by axum's layer around this.
pub async fn buffer(request: Request) -> Result<Request, BodyError> {
    if fields(request.uri().query().unwrap_or_default().as_bytes()) > MAX_FIELDS {
        return Err(BodyError::TooManyFields);
    }
    let (parts, body) = request.into_parts();
    let reading = Bytes::from_request(Request::from_parts(parts.clone(), body), &());
    let body = match tokio::time::timeout(BODY_TIME, reading).await {
        Ok(Ok(body)) => body,
        Ok(Err(rejection)) => return Err(BodyError::Rejected(rejection.into_response())),
        Err(_) => return Err(BodyError::TooSlow),
    };
    if fields(&body) > MAX_FIELDS {
        return Err(BodyError::TooManyFields);
    }
    Ok(Request::from_parts(parts, Body::from(body)))
}

fn fields(encoded: &[u8]) -> usize {
    encoded.split(|byte| *byte == b'&').filter(|field| !field.is_empty()).count()
}
