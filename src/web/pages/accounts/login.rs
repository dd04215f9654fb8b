//! `/accounts/{id}/provide`: the next step alone, for the dialog and for going on without JavaScript.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use axum_extra::extract::Form;
use serde::Deserialize;

use crate::domain::access::privileges;
use crate::domain::privilege::can;
use crate::domain::stage::LoginInput;
use crate::domain::{Input, Secret, StageToken};
use crate::live::accounts::Entry;
use crate::ops::{self, OpError};
use crate::web::error::AppError;
use crate::web::extract::Allowed;
use crate::web::form::RequestType;
use crate::web::layout::Layout;
use crate::web::pages::accounts::show::after;
use crate::web::pages::accounts::step::Step;
use crate::web::state::AppState;

#[derive(Template)]
#[template(path = "pages/accounts/login.html", blocks = ["dialog"])]
struct Provide<'a> {
    layout: Layout,
    entry: &'a Entry,
    step: String,
}

/// The step, in a dialog or on a page of its own.
pub async fn form(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::View>,
) -> Result<Response, AppError> {
    let entry = &allowed.entry;
    let may = privileges(&app.live.policy.current(), &allowed.actor, &entry.account);
    let step = Step::new(entry, may).render()?;
    let page = Provide { layout: Layout::of(&app, &allowed.actor), entry, step };
    request_type.dialog(StatusCode::OK, &page.as_dialog(), &page)
}

/// What a person typed.
#[derive(Debug, Deserialize)]
pub struct Typed {
    token: StageToken,
    code: Option<Secret>,
    password: Option<Secret>,
}

/// Provides the code or the password.
pub async fn submit(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::Login>,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    let wanted = allowed.entry.snapshot.stage.input();
    let done = match provided(&typed, wanted) {
        Ok(provided) => ops::login::submit(&app, allowed.grant(), typed.token, provided).await,
        Err(error) => Err(error),
    };
    after(&app, request_type, &allowed.actor, &allowed.entry, done).await
}

/// What was typed. An empty field arrives like none at all, so then the complaint is about the field that the
/// account's stage has.
fn provided(typed: &Typed, wanted: Option<Input>) -> Result<LoginInput, OpError> {
    match (&typed.code, &typed.password) {
        (Some(code), None) => {
            // People copy codes with spaces and dashes; a code has neither.
            let code: String = code.expose().chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
            if code.is_empty() {
                return Err(nothing_typed(Input::Code));
            }
            if code.len() > 64 || code.chars().any(char::is_control) {
                return Err(OpError::invalid("code", "This is not a login code."));
            }
            Ok(LoginInput::Code(Secret::new(code)))
        }
        (None, Some(password)) => {
            if password.expose().len() > 1024 || password.expose().contains('\0') {
                return Err(OpError::invalid("password", "This can't be a two-step password."));
            }
            Ok(LoginInput::Password(password.clone()))
        }
        (None, None) => Err(wanted.map_or_else(incomplete, nothing_typed)),
        (Some(_), Some(_)) => Err(incomplete()),
    }
}

fn nothing_typed(input: Input) -> OpError {
    match input {
        Input::Code => OpError::invalid("code", "Type the code that Telegram sent."),
        Input::Password => OpError::invalid("password", "Type the two-step password."),
    }
}

fn incomplete() -> OpError {
    OpError::Refused("This form was not the one that the account waits for. Load the page again.".into())
}
