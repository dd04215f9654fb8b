//! `/onboarding`: a signed-in person brings in their own account. The owner is their verified address, nothing else.

use axum::http::StatusCode;
use axum::response::Response;
use axum_extra::extract::Form;

use super::invite::{BeginPage, ConsentForm};
use crate::domain::access::Principal;
use crate::domain::error::ErrorCode;
use crate::ops::{OpError, invites};
use crate::web::auth::invite_browser as browser;
use crate::web::auth::session::CurrentUser;
use crate::web::error::AppError;
use crate::web::form::FormState;
use crate::web::layout::{Layout, html_with};
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::words::onboarding::Organisation;

fn page(app: &State, actor: &Principal, form: FormState<ConsentForm>) -> Result<BeginPage, AppError> {
    if !invites::may_bring_own(app, actor) {
        return Err(OpError::Denied(ErrorCode::OnboardingClosed).into());
    }
    let organisation = Organisation::of(&app.config.onboarding);
    Ok(BeginPage {
        layout: Layout::of(app, actor),
        ask: organisation.contact.clone().unwrap_or_else(|| "an administrator".into()),
        organisation,
        action: paths::ONBOARDING.to_owned(),
        invited_by: None,
        person: actor.to_string(),
        phone: None,
        has_begun: false,
        form,
    })
}

pub async fn form(app: AppState, CurrentUser(actor): CurrentUser) -> Result<Response, AppError> {
    html_with(StatusCode::OK, &page(&app, &actor, FormState::default())?)
}

pub async fn begin(
    app: AppState,
    CurrentUser(actor): CurrentUser,
    Form(form): Form<ConsentForm>,
) -> Result<Response, AppError> {
    let begun = match form.check() {
        Ok(()) => invites::begin_own(&app, &actor).await,
        Err(error) => Err(error),
    };
    match begun {
        Ok(browser) => browser::go_on(&app, &browser),
        Err(error) => {
            let (status, form) = FormState::rejected(form, error)?;
            html_with(status, &page(&app, &actor, form)?)
        }
    }
}
