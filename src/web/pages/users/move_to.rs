//! `/users/{user}/move`: gives a person another address.

use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use super::show;
use crate::domain::privilege::can;
use crate::domain::{Email, UserId};
use crate::ops::OpError;
use crate::ops::users::{self, UserRef};
use crate::web::error::AppError;
use crate::web::extract::{May, Path};
use crate::web::form::{Fields, FormState};
use crate::web::pages::access::notice::{self, Notice};
use crate::web::paths;
use crate::web::state::AppState;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MoveForm {
    pub email: String,
}

impl Fields for MoveForm {
    const NAMES: &'static [&'static str] = &["email"];
}

pub async fn move_to(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<UserId>,
    Form(form): Form<MoveForm>,
) -> Result<Response, AppError> {
    let moved = match Email::parse(&form.email) {
        Ok(email) => users::move_to(&*app.app, may.grant(), UserRef::Id(id), &email).await.map(drop),
        Err(error) => Err(OpError::invalid("email", error)),
    };
    match moved {
        Ok(()) => Ok(Redirect::to(&notice::url(&paths::user(id), Notice::Saved)).into_response()),
        Err(error) => {
            let (status, form) = FormState::rejected(form, error)?;
            show::page(&app, &may.actor, id).await?.with_move(status, form)
        }
    }
}
