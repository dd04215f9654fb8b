//! `/reveals/{reveal}/approve` and `refuse`: the decision about a request to see a secret.

use axum::response::Response;
use axum_extra::extract::Form;
use serde::Deserialize;

use super::list::{RejectedNote, page};
use crate::domain::RevealId;
use crate::domain::privilege::can;
use crate::ops::approvals::{self, Decision};
use crate::web::error::AppError;
use crate::web::extract::{May, Path};
use crate::web::form::{self, RequestType};
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::words::reveals as words;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct NoteForm {
    note: String,
}

pub async fn approve(
    app: AppState,
    request_type: RequestType,
    may: May<can::ApproveReveal>,
    Path(reveal): Path<RevealId>,
    Form(form): Form<NoteForm>,
) -> Result<Response, AppError> {
    decide(&app, request_type, &may, reveal, form, Decision::Approve).await
}

pub async fn decline(
    app: AppState,
    request_type: RequestType,
    may: May<can::ApproveReveal>,
    Path(reveal): Path<RevealId>,
    Form(form): Form<NoteForm>,
) -> Result<Response, AppError> {
    decide(&app, request_type, &may, reveal, form, Decision::Refuse).await
}

/// An open list is updated by its events, so there the answer is a notice. Elsewhere the page comes again, with what is wrong.
async fn decide(
    app: &State,
    request_type: RequestType,
    may: &May<can::ApproveReveal>,
    reveal: RevealId,
    form: NoteForm,
    decision: Decision,
) -> Result<Response, AppError> {
    let error = match approvals::decide(app, may.grant(), reveal, decision, &form.note).await {
        Ok(request) => {
            let notice = words::decided(&request, decision == Decision::Approve);
            return Ok(request_type.done(&notice, paths::APPROVALS));
        }
        Err(error) if request_type.is_partial() => return Err(error.into()),
        Err(error) => error,
    };
    let (status, error) = form::rejection(error)?;
    match error.field {
        Some(_) => {
            let rejected = RejectedNote { reveal, note: form.note, message: error.message };
            page(app, &may.actor, status, Some(rejected), None)
        }
        None => page(app, &may.actor, status, None, Some(error.message)),
    }
}
