//! The form with the number of the account.

use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use super::invite::refusal;
use super::login::page;
use crate::domain::Phone;
use crate::ops::{OpError, invites};
use crate::web::auth::invite_browser::InviteBrowser;
use crate::web::error::AppError;
use crate::web::form::{Fields, FormState};
use crate::web::paths;
use crate::web::state::AppState;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct NumberForm {
    pub phone: String,
}

impl Fields for NumberForm {
    const NAMES: &'static [&'static str] = &["phone"];
}

pub async fn give(
    app: AppState,
    InviteBrowser(begun): InviteBrowser,
    Form(form): Form<NumberForm>,
) -> Result<Response, AppError> {
    let begun = match begun {
        Ok(begun) => begun,
        Err((why, invite)) => return refusal(&app, why, invite.as_ref()),
    };
    let typed = match begun.invite.phone.is_some() {
        true => Ok(None),
        false => Phone::parse(&form.phone).map(Some).map_err(|error| OpError::invalid("phone", error)),
    };
    let given = match typed {
        Ok(typed) => invites::give_number(&app, &begun, typed).await,
        Err(error) => Err(error),
    };
    match given {
        Ok(()) => Ok(Redirect::to(paths::ONBOARDING_LOGIN).into_response()),
        Err(error) => {
            let (status, form) = FormState::rejected(form, error)?;
            page(&app, &begun, status, None, form).await
        }
    }
}
