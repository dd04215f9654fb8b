//! Confirms that a new device belongs to the account's owner.

use axum::response::Response;
use axum_extra::extract::Form;

use crate::domain::privilege::can;
use crate::ops;
use crate::web::error::AppError;
use crate::web::extract::Allowed;
use crate::web::form::RequestType;
use crate::web::pages::devices::end::DeviceForm;
use crate::web::paths;
use crate::web::state::AppState;
use crate::web::words::devices as words;

pub async fn confirm(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::ManageSessions>,
    Form(form): Form<DeviceForm>,
) -> Result<Response, AppError> {
    ops::devices::confirm(&app, allowed.grant(), form.id()?).await?;
    Ok(request_type.done(words::CONFIRMED, &paths::account(allowed.entry.account.id)))
}
