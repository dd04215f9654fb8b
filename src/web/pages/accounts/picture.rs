//! `/accounts/{account}/picture`: the profile picture of the account's Telegram user.
//!
//! It is a file of a stranger, so it is served as nothing but a picture. A browser keeps it and asks each time whether it
//! still may show it.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::domain::picture::PhotoId;
use crate::domain::privilege::can;
use crate::store;
use crate::web::error::AppError;
use crate::web::extract::Allowed;
use crate::web::state::AppState;

pub async fn picture(
    app: AppState,
    allowed: Allowed<can::View>,
    headers: HeaderMap,
) -> Result<Response, AppError> {
    let photo = allowed.entry.picture.ok_or(AppError::NotFound)?;
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|tags| tags.to_str().ok());
    let mut known = known.flat_map(|tags| tags.split(',')).map(|tag| tag.trim().trim_start_matches("W/"));
    if known.any(|known| known == tag(&photo)) {
        return Ok((StatusCode::NOT_MODIFIED, caching(&photo)).into_response());
    }
    let conn = &mut app.db.read().await?;
    let picture = store::account_pictures::get(conn, &app.keys, allowed.entry.account.id).await?;
    let picture = picture.ok_or(AppError::NotFound)?;
    let kind = [
        (header::CONTENT_TYPE, picture.format().media_type()),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; sandbox"),
    ];
    Ok((kind, caching(&picture.photo), picture.into_bytes()).into_response())
}

fn tag(photo: &PhotoId) -> String {
    format!("\"{photo}\"")
}

fn caching(photo: &PhotoId) -> [(header::HeaderName, String); 2] {
    [(header::ETAG, tag(photo)), (header::CACHE_CONTROL, "private, no-cache".to_owned())]
}
