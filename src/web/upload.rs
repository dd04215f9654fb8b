//! Forms with a file. Their bodies are larger than those of other forms, so they are read after the permissions of the
//! sender were checked, and not before as others are.

use axum::body::{Body, Bytes};
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{self, FromRequest, Request};
use axum::http::{Method, StatusCode};
use tokio_stream::StreamExt as _;

use super::error::AppError;
use super::paths;
use super::state::AppState;
use super::words::limits as words;
use crate::domain::device_login::MAX_MEGABYTES;
use crate::domain::{AccountId, DeviceFault};
use crate::http::body::BODY_TIME;
use crate::words::sentence;

/// The most that is read of such a body. What is too much for the form is read to its end up to here, so that the browser
/// gets the answer.
const MAX_UPLOAD: usize = 16 * 1024 * 1024;
/// The same for a form with a picture.
const MAX_PICTURE_UPLOAD: usize = 40 * 1024 * 1024;
/// The most that is kept of a field or file.
const MAX_FIELD: usize = 4 * 1024 * 1024;
/// The same for a picture: more than it can have, so that one that is too large is known to be.
const MAX_PICTURE: usize = (MAX_MEGABYTES + 1) * 1_000_000;
/// The most fields of such a form.
const MAX_PARTS: usize = 20;

/// The fields of a form with a file, in order.
#[derive(Debug, Default)]
pub struct Upload {
    fields: Vec<(String, Vec<u8>)>,
}

impl Upload {
    /// The bytes of a field or file; empty if it is missing.
    pub fn bytes(&self, name: &str) -> &[u8] {
        let found = self.fields.iter().find(|(field, _)| field == name);
        found.map(|(_, bytes)| bytes.as_slice()).unwrap_or_default()
    }

    /// The bytes of a field or file, taken out; empty if it is missing.
    pub fn take(&mut self, name: &str) -> Vec<u8> {
        let found = self.fields.iter_mut().find(|(field, bytes)| field == name && !bytes.is_empty());
        found.map(|(_, bytes)| std::mem::take(bytes)).unwrap_or_default()
    }

    /// The text of a field.
    pub fn text(&self, name: &str) -> String {
        String::from_utf8_lossy(self.bytes(name)).into_owned()
    }
}

/// The same with a picture, whose bytes can be many more.
#[derive(Debug, Default)]
pub struct PictureUpload(pub Upload);

/// How much is read of the body of this request by its handler; none if it is no form with a file.
pub fn limit_of(request: &Request) -> Option<usize> {
    if *request.method() != Method::POST {
        return None;
    }
    let path = request.uri().path();
    if path == paths::INVITES_LIST {
        return Some(MAX_UPLOAD);
    }
    let account: AccountId = path.split('/').nth(2)?.parse().ok()?;
    let with_picture = [paths::device_login(account), paths::device_login_emergency(account)];
    with_picture.iter().any(|it| it == path).then_some(MAX_PICTURE_UPLOAD)
}

impl FromRequest<AppState> for Upload {
    type Rejection = AppError;

    async fn from_request(request: Request, app: &AppState) -> Result<Self, AppError> {
        received(request, app, MAX_FIELD, words::FILE_TOO_LARGE).await
    }
}

impl FromRequest<AppState> for PictureUpload {
    type Rejection = AppError;

    async fn from_request(request: Request, app: &AppState) -> Result<Self, AppError> {
        received(request, app, MAX_PICTURE, &sentence(&DeviceFault::PictureTooLarge.into())).await.map(Self)
    }
}

/// The form, of whose fields so much is kept each.
async fn received(
    request: Request,
    app: &AppState,
    kept: usize,
    too_large: &str,
) -> Result<Upload, AppError> {
    // What is not such a form has no fields.
    let Ok(form) = extract::Multipart::from_request(request.map(with_late_end), app).await else {
        return Ok(Upload::default());
    };
    match tokio::time::timeout(BODY_TIME, read(form, kept)).await {
        Ok(Ok(upload)) => Ok(upload),
        Ok(Err(error)) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            Err(AppError::bad(StatusCode::PAYLOAD_TOO_LARGE, too_large))
        }
        Ok(Err(error)) => Err(AppError::bad(error.status(), words::BROKEN_FORM)),
        Err(_) => Err(AppError::bad(StatusCode::REQUEST_TIMEOUT, words::TOO_SLOW)),
    }
}

/// The body, with a pause before its end. The parser takes a form for incomplete if nothing is there when it first looks, and
/// everything with the end when it looks again at once (rwf2/multer#70).
fn with_late_end(body: Body) -> Body {
    let pause = tokio_stream::once(()).then(async |()| {
        tokio::task::yield_now().await;
        Ok(Bytes::new())
    });
    Body::from_stream(body.into_data_stream().chain(pause))
}

async fn read(mut form: extract::Multipart, kept: usize) -> Result<Upload, MultipartError> {
    let mut upload = Upload::default();
    while let Some(field) = form.next_field().await? {
        let name = field.name().unwrap_or_default().to_owned();
        let bytes = read_field(field, kept).await?;
        if upload.fields.len() < MAX_PARTS {
            upload.fields.push((name, bytes));
        }
    }
    Ok(upload)
}

async fn read_field(mut field: Field<'_>, kept: usize) -> Result<Vec<u8>, MultipartError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await? {
        let room = kept.saturating_sub(bytes.len());
        bytes.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests;
