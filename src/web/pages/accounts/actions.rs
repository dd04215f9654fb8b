//! The buttons of an account's page, and the answers to forms about its login.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use crate::domain::StageToken;
use crate::domain::access::{Permit, privileges};
use crate::domain::privilege::can;
use crate::domain::stage::LoginAction;
use crate::ops::{self, OpError};
use crate::web::error::AppError;
use crate::web::extract::Allowed;
use crate::web::form::{self, RequestType};
use crate::web::layout::html_with;
use crate::web::login::form::edits_password;
use crate::web::login::step::Step;
use crate::web::pages::accounts::code_use::CodeUse;
use crate::web::pages::accounts::show;
use crate::web::paths;
use crate::web::state::{AppState, State};

/// The stage for which the button was rendered, and the button.
#[derive(Debug, Deserialize)]
pub struct ActionForm {
    token: StageToken,
    action: LoginAction,
}

/// Requests something of Telegram in a login, such as a code.
pub async fn act(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::Login>,
    Form(form): Form<ActionForm>,
) -> Result<Response, AppError> {
    let edits = edits_password(&app, &allowed.actor, &allowed.entry, form.action.changes_password())?;
    let edits = edits.as_ref().map(Permit::grant);
    let done = ops::login::act(&app, allowed.grant(), edits, form.token, form.action).await;
    answer(&app, request_type, &allowed, done).await
}

pub async fn connect(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::ManageConnectionState>,
) -> Result<Response, AppError> {
    let done = ops::accounts::connect(&app, allowed.grant()).await;
    answer(&app, request_type, &allowed, done).await
}

pub async fn disconnect(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::ManageConnectionState>,
) -> Result<Response, AppError> {
    let done = ops::accounts::disconnect(&app, allowed.grant()).await;
    answer(&app, request_type, &allowed, done).await
}

/// The account's current step with the form's errors, in place or on the account's page.
pub(super) async fn answer<P>(
    app: &State,
    request_type: RequestType,
    allowed: &Allowed<P>,
    done: Result<(), OpError>,
) -> Result<Response, AppError> {
    let id = allowed.entry.account.id;
    let entry = app.live.accounts.get(id).ok_or(AppError::NotFound)?;
    let (status, error) = match done {
        Ok(()) if !request_type.is_partial() => {
            return Ok(Redirect::to(&paths::account(id)).into_response());
        }
        Ok(()) => (StatusCode::OK, None),
        Err(error) => {
            let (status, error) = form::rejection(error)?;
            (status, Some(error))
        }
    };
    let may = privileges(&app.live.policy.current(), &allowed.actor, &entry.account);
    let codes = CodeUse::now(app, &entry.account).await;
    let step = Step::new(&entry, may, codes.as_ref(), app.clock.now()).with_error(error);
    match request_type {
        RequestType::Partial => html_with(status, &step),
        RequestType::Full => {
            let page = show::page(app, &allowed.actor, &entry).await?;
            html_with(status, &page.with_step(step.render()?))
        }
    }
}
