//! Reads the account's devices now.

use axum::response::Response;

use crate::domain::privilege::can;
use crate::ops;
use crate::web::error::AppError;
use crate::web::extract::Allowed;
use crate::web::form::RequestType;
use crate::web::paths;
use crate::web::state::AppState;
use crate::web::words::devices as words;

pub async fn refresh(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::ManageSessions>,
) -> Result<Response, AppError> {
    ops::devices::read(&app, allowed.grant()).await?;
    Ok(request_type.done(words::READ, &paths::account(allowed.entry.account.id)))
}
