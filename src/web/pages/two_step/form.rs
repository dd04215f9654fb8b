//! The forms of the page.

use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use super::show::answer;
use crate::domain::privilege::can;
use crate::domain::{Email, Secret};
use crate::ops::OpError;
use crate::ops::two_step::{self, NewPassword, TwoStepChange};
use crate::web::error::AppError;
use crate::web::extract::Allowed;
use crate::web::form::{Fields, FormState};
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::words::two_step as words;

/// What a form asks for, with the fields that it has.
#[derive(Debug, Deserialize)]
pub struct TwoStepForm {
    r#do: Wanted,
    #[serde(default)]
    before: Secret,
    #[serde(default)]
    how: How,
    #[serde(default)]
    password: Secret,
    #[serde(default)]
    hint: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    code: Secret,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wanted {
    Change,
    Remove,
    Check,
    SetEmail,
    ConfirmEmail,
    CancelEmail,
    CancelReset,
}

/// Where the new password comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    #[default]
    Generated,
    Typed,
}

/// What is shown again after an error. Passwords are not.
#[derive(Debug, Default)]
pub struct TwoStepValues {
    /// The form that was sent.
    pub sent: Option<Wanted>,
    pub is_typed: bool,
    pub hint: String,
    pub email: String,
}

impl Fields for TwoStepValues {
    const NAMES: &'static [&'static str] = &["before", "password", "hint", "email", "code"];
}

/// What was done, as the next page says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Done {
    Changed,
    Removed,
    Valid,
    Invalid,
    CodeSent,
    EmailConfirmed,
    EmailCancelled,
    ResetCancelled,
}

impl Done {
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Changed => words::CHANGED,
            Self::Removed => words::REMOVED,
            Self::Valid => words::VALID,
            Self::Invalid => words::INVALID,
            Self::CodeSent => words::CODE_SENT,
            Self::EmailConfirmed => words::EMAIL_CONFIRMED,
            Self::EmailCancelled => words::EMAIL_CANCELLED,
            Self::ResetCancelled => words::RESET_CANCELLED,
        }
    }

    pub const fn is_good(self) -> bool {
        match self {
            Self::Invalid => false,
            Self::Changed
            | Self::Removed
            | Self::Valid
            | Self::CodeSent
            | Self::EmailConfirmed
            | Self::EmailCancelled
            | Self::ResetCancelled => true,
        }
    }
}

pub async fn send(
    app: AppState,
    allowed: Allowed<can::EditTwoFactorPassword>,
    Form(form): Form<TwoStepForm>,
) -> Result<Response, AppError> {
    let values = TwoStepValues {
        sent: Some(form.r#do),
        is_typed: form.how == How::Typed,
        hint: form.hint.clone(),
        email: form.email.clone(),
    };
    match carry_out(&app, &allowed, form).await {
        Ok(done) => {
            let page = paths::account_two_step(allowed.entry.account.id);
            Ok(Redirect::to(&format!("{page}?done={}", <&str>::from(done))).into_response())
        }
        Err(error) => {
            let (status, form) = FormState::rejected(values, error)?;
            answer(&app, &allowed, status, None, form).await
        }
    }
}

async fn carry_out(
    app: &State,
    allowed: &Allowed<can::EditTwoFactorPassword>,
    form: TwoStepForm,
) -> Result<Done, OpError> {
    let grant = allowed.grant();
    // An empty field was left out.
    let before = Some(form.before).filter(|password| !password.is_empty());
    match form.r#do {
        Wanted::Change => {
            let after = match form.how {
                How::Generated => NewPassword::Generated,
                How::Typed => NewPassword::Typed(form.password),
            };
            two_step::change(app, grant, TwoStepChange { before, after, hint: form.hint }).await?;
            Ok(Done::Changed)
        }
        Wanted::Remove => {
            let wanted = TwoStepChange { before, after: NewPassword::None, hint: String::new() };
            two_step::change(app, grant, wanted).await?;
            Ok(Done::Removed)
        }
        Wanted::Check => match two_step::check_stored(app, grant).await? {
            true => Ok(Done::Valid),
            false => Ok(Done::Invalid),
        },
        Wanted::SetEmail => {
            let email = Email::parse(&form.email).map_err(|error| OpError::invalid("email", error))?;
            two_step::set_recovery_email(app, grant, before, email).await?;
            Ok(Done::CodeSent)
        }
        Wanted::ConfirmEmail => {
            two_step::confirm_recovery_email(app, grant, form.code).await?;
            Ok(Done::EmailConfirmed)
        }
        Wanted::CancelEmail => {
            two_step::cancel_recovery_email(app, grant).await?;
            Ok(Done::EmailCancelled)
        }
        Wanted::CancelReset => {
            two_step::cancel_reset(app, grant).await?;
            Ok(Done::ResetCancelled)
        }
    }
}
