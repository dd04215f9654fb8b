//! The buttons: each a form, answered with a redirect back to the page.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::handle::Handle;
use crate::world::{Account, Number};

/// A form that says something impossible, in words.
pub(super) struct Refused(pub(super) String);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (StatusCode::UNPROCESSABLE_ENTITY, self.0).into_response()
    }
}

pub(super) type Done = Result<Redirect, Refused>;

pub(super) fn back(number: &Number) -> Redirect {
    Redirect::to(&format!("/#p{number}"))
}

pub(super) fn parse(number: &str) -> Result<Number, Refused> {
    crate::sandbox::number(number).map_err(|error| Refused(format!("{error}.")))
}

/// A phone that exists; only the form for a new one makes phones.
pub(super) fn known(handle: &Handle, number: &str) -> Result<Number, Refused> {
    let number = parse(number)?;
    let exists = handle.look(|world| world.phones.contains_key(&number));
    exists.then_some(number).ok_or_else(|| Refused("There is no phone of this number.".to_owned()))
}

#[derive(Deserialize)]
pub(super) struct New {
    number: String,
}

pub(super) async fn add(State(handle): State<Handle>, Form(form): Form<New>) -> Done {
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
}

/// An empty password removes it.
pub(super) async fn password(
    State(handle): State<Handle>,
    Path(number): Path<String>,
    Form(form): Form<NewPassword>,
) -> Done {
    let number = known(&handle, &number)?;
    if form.password.is_empty() {
        handle.remove_password(&number).await;
    } else {
        handle.set_password(&number, &form.password, &form.hint).await;
    }
    Ok(back(&number))
}

pub(super) async fn sign_in(State(handle): State<Handle>, Path(number): Path<String>) -> Done {
    let number = known(&handle, &number)?;
    handle.sign_in_elsewhere(&number).await;
    Ok(back(&number))
}

#[derive(Deserialize)]
pub(super) struct NewName {
    first_name: String,
}

/// The most that Telegram lets into a first name.
const MAX_NAME: usize = 64;

/// Clients that are connected hear of it at once, others when they look at the user next.
pub(super) async fn name(
    State(handle): State<Handle>,
    Path(number): Path<String>,
    Form(form): Form<NewName>,
) -> Done {
    let number = known(&handle, &number)?;
    if !(1..=MAX_NAME).contains(&form.first_name.chars().count()) {
        return Err(Refused(format!("A first name has 1 to {MAX_NAME} characters.")));
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

/// A message may be a day old.
const MAX_AGE: u32 = 24 * 60 * 60;

/// The most that Telegram lets into one message.
const MAX_TEXT: usize = 4096;

pub(super) async fn message(
    State(handle): State<Handle>,
    Path(number): Path<String>,
    Form(form): Form<NewMessage>,
) -> Done {
    let number = known(&handle, &number)?;
    let length = form.text.chars().count();
    if form.text.trim().is_empty() || length > MAX_TEXT {
        return Err(Refused(format!("A message has 1 to {MAX_TEXT} characters.")));
    }
    if form.age > MAX_AGE {
        return Err(Refused(format!("A message is 0 to {MAX_AGE} seconds old.")));
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
) -> Done {
    let number = known(&handle, &number)?;
    handle.set_account(&number, form.account).await;
    Ok(back(&number))
}

pub(super) async fn end_session(
    State(handle): State<Handle>,
    Path((number, hash)): Path<(String, i64)>,
) -> Done {
    let number = known(&handle, &number)?;
    let own = handle.look(|world| world.devices.get(&hash).is_some_and(|device| device.number == number));
    if own && handle.end_session(hash).await {
        Ok(back(&number))
    } else {
        Err(Refused("There is no such session.".to_owned()))
    }
}
