//! `/accounts/{account}/provide`: the next step of the login alone, for the dialog and for browsers without JavaScript.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use axum_extra::extract::Form;
use serde::Deserialize;

use crate::domain::access::privileges;
use crate::domain::error::ErrorCode;
use crate::domain::privilege::can;
use crate::domain::stage::{CodeSent, LoginInput};
use crate::domain::{Input, Secret, Stage, StageToken, login_code};
use crate::live::accounts::Entry;
use crate::ops::{self, OpError};
use crate::web::error::AppError;
use crate::web::extract::Allowed;
use crate::web::form::RequestType;
use crate::web::layout::Layout;
use crate::web::pages::accounts::actions;
use crate::web::pages::accounts::code_use::CodeUse;
use crate::web::pages::accounts::step::Step;
use crate::web::paths;
use crate::web::state::AppState;

/// Characters of a login code, and bytes of a password, at most.
const MAX_CODE: usize = 200;
const MAX_PASSWORD: usize = 1024;

#[derive(Template)]
#[template(path = "pages/accounts/login.html", blocks = ["dialog"])]
struct LoginPage<'a> {
    layout: Layout,
    entry: &'a Entry,
    step: String,
}

pub async fn form(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::View>,
) -> Result<Response, AppError> {
    let entry = &allowed.entry;
    let may = privileges(&app.live.policy.current(), &allowed.actor, &entry.account);
    let codes = CodeUse::now(&app, &entry.account).await;
    let step = Step::new(entry, may, codes.as_ref(), app.clock.now()).render()?;
    let page = LoginPage { layout: Layout::of(&app, &allowed.actor), entry, step };
    request_type.dialog(StatusCode::OK, &page.as_dialog(), &page)
}

#[derive(Debug, Deserialize)]
pub struct LoginForm {
    token: StageToken,
    code: Option<Secret>,
    password: Option<Secret>,
}

/// Sends the code or the password to Telegram.
pub async fn submit(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::Login>,
    Form(form): Form<LoginForm>,
) -> Result<Response, AppError> {
    let snapshot = &allowed.entry.snapshot;
    let done = match parse(&form, &snapshot.stage, form.token == snapshot.token) {
        Ok(input) => ops::login::submit(&app, allowed.grant(), form.token, input).await,
        Err(error) => Err(error),
    };
    actions::answer(&app, request_type, &allowed, done).await
}

/// An empty field can't be told from a missing one, so the message is about the field of the account's stage.
fn parse(form: &LoginForm, stage: &Stage, is_current: bool) -> Result<LoginInput, OpError> {
    match (&form.code, &form.password) {
        (Some(code), None) => parse_code(code, code_sent(stage).filter(|_| is_current)),
        (None, Some(password)) => {
            let text = password.expose();
            if text.len() > MAX_PASSWORD || text.contains('\0') {
                return Err(OpError::invalid(Input::Password.name(), ErrorCode::PasswordForm));
            }
            Ok(LoginInput::Password(password.clone()))
        }
        (None, None) => Err(stage.input().map_or_else(wrong_form, missing)),
        (Some(_), Some(_)) => Err(wrong_form()),
    }
}

/// Normalises and checks a code. One of another length than Telegram announced costs no attempt there.
fn parse_code(typed: &Secret, sent: Option<&CodeSent>) -> Result<LoginInput, OpError> {
    let code = match sent {
        Some(sent) if !sent.is_digits() => login_code::read_words(typed.expose()),
        Some(_) | None => login_code::read(typed.expose()),
    };
    if code.is_empty() {
        return Err(missing(Input::Code));
    }
    if code.len() > MAX_CODE || code.chars().any(char::is_control) {
        return Err(OpError::invalid(Input::Code.name(), ErrorCode::LoginCodeForm));
    }
    if let Some(length) = sent.and_then(announced_length)
        && code.bytes().all(|byte| byte.is_ascii_digit())
        && code.len() != length
    {
        return Err(OpError::invalid(Input::Code.name(), ErrorCode::LoginCodeLength { length }));
    }
    Ok(LoginInput::Code(Secret::new(code)))
}

/// The code that the account waits for.
fn code_sent(stage: &Stage) -> Option<&CodeSent> {
    match stage {
        Stage::WaitCode(sent) => Some(sent),
        _ => None,
    }
}

/// How many digits it has, if Telegram said so.
fn announced_length(sent: &CodeSent) -> Option<usize> {
    usize::try_from(sent.length).ok().filter(|length| *length > 0)
}

fn missing(input: Input) -> OpError {
    let code = match input {
        Input::Code => ErrorCode::LoginCodeMissing,
        Input::Password => ErrorCode::PasswordMissing,
    };
    OpError::invalid(input.name(), code)
}

fn wrong_form() -> OpError {
    OpError::Refused(ErrorCode::FormStale)
}
