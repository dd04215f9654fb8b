//! `/accounts/{account}/code`: showing a login code, now or when it arrives.

use axum::response::Response;
use axum_extra::extract::Form;

use crate::domain::error::ErrorCode;
use crate::domain::privilege::can;
use crate::domain::reveal::LoginCode;
use crate::ops::OpError;
use crate::ops::approvals::RevealMode;
use crate::ops::reveals::code::{self, CodeWait};
use crate::web::error::AppError;
use crate::web::extract::Allowed;
use crate::web::form::RequestType;
use crate::web::pages::reveals::revealed::RevealedPart;
use crate::web::pages::reveals::secret::{Outcome, ReasonForm, answer};
use crate::web::state::{AppState, State};

/// Shows the newest code.
pub async fn show(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::Login>,
    Form(form): Form<ReasonForm>,
) -> Result<Response, AppError> {
    show_with(&app, request_type, &allowed, form, RevealMode::Normal).await
}

/// Shows it without the approval that is needed.
pub async fn show_in_emergency(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::Login>,
    Form(form): Form<ReasonForm>,
) -> Result<Response, AppError> {
    show_with(&app, request_type, &allowed, form, RevealMode::Emergency).await
}

async fn show_with(
    app: &State,
    request_type: RequestType,
    allowed: &Allowed<can::Login>,
    form: ReasonForm,
    mode: RevealMode,
) -> Result<Response, AppError> {
    let revealed = code::show_code(app, allowed.grant(), &form.reason, mode).await;
    let outcome = revealed.map(|revealed| Outcome::Shown(RevealedPart::code(revealed)));
    answer::<LoginCode>(app, request_type, allowed, form, outcome).await
}

/// Waits for the next code.
pub async fn wait(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::Login>,
    Form(form): Form<ReasonForm>,
) -> Result<Response, AppError> {
    wait_with(&app, request_type, &allowed, form, RevealMode::Normal).await
}

/// Waits without the approval that is needed.
pub async fn wait_in_emergency(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::Login>,
    Form(form): Form<ReasonForm>,
) -> Result<Response, AppError> {
    wait_with(&app, request_type, &allowed, form, RevealMode::Emergency).await
}

async fn wait_with(
    app: &State,
    request_type: RequestType,
    allowed: &Allowed<can::Login>,
    form: ReasonForm,
    mode: RevealMode,
) -> Result<Response, AppError> {
    let waiting = code::wait_for_code(app, &allowed.grant(), &form.reason, mode).await;
    answer::<LoginCode>(app, request_type, allowed, form, waiting.map(Outcome::Waiting)).await
}

/// Checks once whether the awaited code has arrived, for browsers without JavaScript.
pub async fn poll(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::Login>,
) -> Result<Response, AppError> {
    let outcome = match code::poll_code(&app, &allowed.actor, allowed.entry.account.id).await {
        Ok(CodeWait::Came(revealed)) => Ok(Outcome::Shown(RevealedPart::code(revealed))),
        Ok(CodeWait::Waiting(until)) => Ok(Outcome::Waiting(until)),
        Ok(CodeWait::Over) => Err(OpError::Refused(ErrorCode::NotWaitingForCode)),
        Err(error) => Err(error),
    };
    answer::<LoginCode>(&app, request_type, &allowed, ReasonForm::default(), outcome).await
}
