//! Forms that act on phones. Each is answered with a redirect to the page.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::backend::{Account, InvalidPhoneNumber, PhoneNumber, SmsCode, is_address};
use crate::handle::Handle;

/// Why a form was rejected.
pub(super) struct FormError(pub(super) String);

impl IntoResponse for FormError {
    fn into_response(self) -> Response {
        (StatusCode::UNPROCESSABLE_ENTITY, self.0).into_response()
    }
}

pub(super) type FormResult = Result<Redirect, FormError>;

pub(super) fn back(number: &PhoneNumber) -> Redirect {
    Redirect::to(&format!("/#p{number}"))
}

pub(super) fn parse(number: &str) -> Result<PhoneNumber, FormError> {
    number.parse().map_err(|error: InvalidPhoneNumber| FormError(format!("Invalid number: {error}.")))
}

/// The number of a phone that exists; only the form for a new one adds phones.
pub(super) fn existing(handle: &Handle, number: &str) -> Result<PhoneNumber, FormError> {
    let number = parse(number)?;
    let exists = handle.inspect(|backend| backend.phones.contains_key(&number));
    exists.then_some(number).ok_or_else(|| FormError("There is no phone with this number.".to_owned()))
}

#[derive(Deserialize)]
pub(super) struct AddPhone {
    number: String,
}

pub(super) async fn add(State(handle): State<Handle>, Form(form): Form<AddPhone>) -> FormResult {
    let number = parse(&form.number)?;
    handle.add_phone(&number).await;
    Ok(back(&number))
}

#[derive(Deserialize)]
pub(super) struct NewPassword {
    #[serde(default)]
    password: String,
    #[serde(default)]
    hint: String,
    #[serde(default)]
    recovery_email: String,
}

/// An empty password removes it.
pub(super) async fn password(
    State(handle): State<Handle>,
    Path(number): Path<String>,
    Form(form): Form<NewPassword>,
) -> FormResult {
    let number = existing(&handle, &number)?;
    let recovery = form.recovery_email.trim();
    if !recovery.is_empty() && !is_address(recovery) {
        return Err(FormError("This is not an e-mail address.".to_owned()));
    }
    if form.password.is_empty() {
        handle.remove_password(&number).await;
    } else {
        handle.set_password(&number, &form.password, &form.hint).await;
        handle.set_recovery_email(&number, (!recovery.is_empty()).then(|| recovery.to_owned())).await;
    }
    Ok(back(&number))
}

#[derive(Deserialize)]
pub(super) struct NewName {
    first_name: String,
}

/// Telegram's limit for a first name.
const MAX_NAME: usize = 64;

/// Connected clients get an update, others see the new name when they load the user.
pub(super) async fn name(
    State(handle): State<Handle>,
    Path(number): Path<String>,
    Form(form): Form<NewName>,
) -> FormResult {
    let number = existing(&handle, &number)?;
    if !(1..=MAX_NAME).contains(&form.first_name.chars().count()) {
        return Err(FormError(format!("A first name has 1 to {MAX_NAME} characters.")));
    }
    handle.set_first_name(&number, &form.first_name).await;
    Ok(back(&number))
}

#[derive(Deserialize)]
pub(super) struct NewMessage {
    text: String,
    #[serde(default)]
    age: u32,
}

/// In seconds.
const MAX_AGE: u32 = 24 * 60 * 60;

/// Telegram's limit for a message.
const MAX_TEXT: usize = 4096;

pub(super) async fn message(
    State(handle): State<Handle>,
    Path(number): Path<String>,
    Form(form): Form<NewMessage>,
) -> FormResult {
    let number = existing(&handle, &number)?;
    let length = form.text.chars().count();
    if form.text.trim().is_empty() || length > MAX_TEXT {
        return Err(FormError(format!("A message has 1 to {MAX_TEXT} characters.")));
    }
    if form.age > MAX_AGE {
        return Err(FormError(format!("The age of a message is 0 to {MAX_AGE} seconds.")));
    }
    handle.push_old_message(&number, &form.text, form.age).await;
    Ok(back(&number))
}

#[derive(Deserialize)]
pub(super) struct NewAccount {
    account: Account,
}

pub(super) async fn account(
    State(handle): State<Handle>,
    Path(number): Path<String>,
    Form(form): Form<NewAccount>,
) -> FormResult {
    let number = existing(&handle, &number)?;
    handle.set_account(&number, form.account).await;
    Ok(back(&number))
}

#[derive(Deserialize)]
pub(super) struct NewSmsCode {
    form: SmsCode,
}

/// What the next codes by SMS consist of.
pub(super) async fn sms_code(
    State(handle): State<Handle>,
    Path(number): Path<String>,
    Form(form): Form<NewSmsCode>,
) -> FormResult {
    let number = existing(&handle, &number)?;
    handle.set_sms_code(&number, form.form).await;
    Ok(back(&number))
}
