//! `/accounts/{account}/password/reveal`: showing the stored two-step password.

use axum::response::Response;
use axum_extra::extract::Form;

use crate::domain::privilege::can;
use crate::domain::reveal::TwoStepPassword;
use crate::ops::reveals::password;
use crate::web::error::AppError;
use crate::web::extract::Allowed;
use crate::web::form::RequestType;
use crate::web::pages::reveals::revealed::RevealedPart;
use crate::web::pages::reveals::secret::{Outcome, ReasonForm, answer};
use crate::web::state::AppState;

pub async fn show(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::ViewTwoFactorPassword>,
    Form(form): Form<ReasonForm>,
) -> Result<Response, AppError> {
    let revealed = password::show_password(&app, allowed.grant(), &form.reason).await;
    let outcome = revealed.map(|revealed| Outcome::Shown(RevealedPart::password(revealed)));
    answer::<TwoStepPassword>(&app, request_type, &allowed, form, outcome).await
}
