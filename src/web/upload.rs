//! Forms with a file. Their bodies are larger than those of other forms, so they are read after the permissions of the
//! sender were checked, and not before as others are.

use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{self, FromRequest, Request};
use axum::http::StatusCode;

use super::error::AppError;
use super::state::AppState;
use super::words::limits as words;
use crate::http::body::BODY_TIME;

/// The most that is read of such a body. What is too much for the form is read to its end up to here, so that the browser
/// gets the answer.
pub const MAX_UPLOAD: usize = 16 * 1024 * 1024;
/// The most that is kept of a field or file.
const MAX_FIELD: usize = 4 * 1024 * 1024;
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

    /// The text of a field.
    pub fn text(&self, name: &str) -> String {
        String::from_utf8_lossy(self.bytes(name)).into_owned()
    }
}

impl FromRequest<AppState> for Upload {
    type Rejection = AppError;

    async fn from_request(request: Request, app: &AppState) -> Result<Self, AppError> {
        // What is not such a form has no fields.
        let Ok(form) = extract::Multipart::from_request(request, app).await else {
            return Ok(Self::default());
        };
        match tokio::time::timeout(BODY_TIME, read(form)).await {
            Ok(Ok(upload)) => Ok(upload),
            Ok(Err(error)) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                Err(AppError::bad(StatusCode::PAYLOAD_TOO_LARGE, words::FILE_TOO_LARGE))
            }
            Ok(Err(error)) => Err(AppError::bad(error.status(), words::BROKEN_FORM)),
            Err(_) => Err(AppError::bad(StatusCode::REQUEST_TIMEOUT, words::TOO_SLOW)),
        }
    }
}

async fn read(mut form: extract::Multipart) -> Result<Upload, MultipartError> {
    let mut upload = Upload::default();
    while let Some(field) = form.next_field().await? {
        let name = field.name().unwrap_or_default().to_owned();
        let bytes = read_field(field).await?;
        if upload.fields.len() < MAX_PARTS {
            upload.fields.push((name, bytes));
        }
    }
    Ok(upload)
}

async fn read_field(mut field: Field<'_>) -> Result<Vec<u8>, MultipartError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await? {
        let room = MAX_FIELD.saturating_sub(bytes.len());
        bytes.extend(chunk.into_iter().take(room));
    }
    Ok(bytes)
}
