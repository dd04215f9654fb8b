//! Takes a form in whole before anything is done with it: as much as a form may hold, in the time that a form may
//! take, in as many fields as a page may have. What drips in slowly or comes in a thousand pieces occupies nobody.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::web::error::AppError;

/// Bytes of a form.
pub const MAX_BODY: usize = 64 * 1024;
/// Fields of a form, or of a query.
pub const MAX_FIELDS: usize = 1000;
/// How long a form may take to arrive.
pub const BODY_TIME: Duration = Duration::from_secs(20);

/// Reads the body, and passes the request on with it. How large it may be is the layer's around this one.
pub async fn buffer_body(request: Request, next: Next) -> Response {
    if fields(request.uri().query().unwrap_or_default().as_bytes()) > MAX_FIELDS {
        return too_many();
    }
    let (parts, body) = request.into_parts();
    let reading = Bytes::from_request(Request::from_parts(parts.clone(), body), &());
    let body = match tokio::time::timeout(BODY_TIME, reading).await {
        Ok(Ok(body)) => body,
        Ok(Err(refused)) => return refused.into_response(),
        Err(_) => {
            let words = "The form did not arrive in time, so it was not used. Send it again.";
            return AppError::Bad(StatusCode::REQUEST_TIMEOUT, words.into()).into_response();
        }
    };
    if fields(&body) > MAX_FIELDS {
        return too_many();
    }
    next.run(Request::from_parts(parts, Body::from(body))).await
}

fn too_many() -> Response {
    let words = format!("A form may have {MAX_FIELDS} fields. Nothing of what you sent was used; send less.");
    AppError::Bad(StatusCode::PAYLOAD_TOO_LARGE, words).into_response()
}

fn fields(encoded: &[u8]) -> usize {
    encoded.split(|byte| *byte == b'&').filter(|field| !field.is_empty()).count()
}
