//! `/users/{user}/move`: gives a person another address, after a question that says what will happen.

use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::{Form, Query};
use serde::Deserialize;

use super::{question, show};
use crate::domain::privilege::can;
use crate::domain::{Email, UserId};
use crate::ops::OpError;
use crate::ops::users::{self, UserRef};
use crate::web::error::AppError;
use crate::web::extract::{May, Path};
use crate::web::form::{Fields, FormState};
use crate::web::pages::access::notice::{self, Notice};
use crate::web::paths;
use crate::web::state::{AppState, State};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MoveForm {
    pub email: String,
}

impl Fields for MoveForm {
    const NAMES: &'static [&'static str] = &["email"];
}

/// Asks, with what will happen.
pub async fn ask(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<UserId>,
    Query(form): Query<MoveForm>,
) -> Result<Response, AppError> {
    let preview = match Email::parse(&form.email) {
        Ok(email) => users::preview_move(&app.context, may.grant(), UserRef::Id(id), &email)
            .await
            .map(|preview| (email, preview)),
        Err(error) => Err(OpError::invalid("email", error)),
    };
    match preview {
        Ok((email, preview)) => question::ask_move(&app, &may, id, email, preview).await,
        Err(error) => rejected(&app, &may, id, form, error).await,
    }
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
        Ok(()) => Ok(Redirect::to(&notice::url(&paths::user(id), Notice::AddressChanged)).into_response()),
        Err(error) => rejected(&app, &may, id, form, error).await,
    }
}

/// The form again, with what is wrong.
async fn rejected(
    app: &State,
    may: &May<can::ManageAccess>,
    id: UserId,
    form: MoveForm,
    error: OpError,
) -> Result<Response, AppError> {
    let (status, form) = FormState::rejected(form, error)?;
    show::page(app, &may.actor, id).await?.with_move(status, form)
}
