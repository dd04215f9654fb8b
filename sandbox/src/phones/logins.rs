//! Forms for the ways to sign in.

use axum::Form;
use axum::extract::{Path, State};
use axum::response::Redirect;
use serde::Deserialize;

use super::actions::{FormError, FormResult, back, existing};
use crate::backend::{Deliveries, Delivery, LoginEmail, MAX_TOKEN_LIFETIME, RESET_AFTER, is_address};
use crate::handle::Handle;

#[derive(Deserialize)]
pub(super) struct Scan {
    link: String,
}

/// Scans the QR code of an app that wants to sign in.
pub(super) async fn scan(
    State(handle): State<Handle>,
    Path(number): Path<String>,
    Form(form): Form<Scan>,
) -> FormResult {
    let number = existing(&handle, &number)?;
    let scanned = handle.scan_login_link(&number, &form.link).await;
    scanned.map_err(|error| FormError(format!("The login was not accepted: {error}.")))?;
    Ok(back(&number))
}

#[derive(Deserialize)]
pub(super) struct PasswordReset {
    seconds: Option<i64>,
}

/// A person without the two-step password asks for its removal.
pub(super) async fn password_reset(
    State(handle): State<Handle>,
    Path(number): Path<String>,
    Form(form): Form<PasswordReset>,
) -> FormResult {
    let number = existing(&handle, &number)?;
    let seconds = form.seconds.unwrap_or(RESET_AFTER);
    if !(0..=RESET_AFTER).contains(&seconds) {
        return Err(FormError("A password is removed within a week.".to_owned()));
    }
    handle.request_password_reset(&number, seconds).await;
    Ok(back(&number))
}

#[derive(Deserialize)]
pub(super) struct TokenLifetime {
    seconds: i64,
}

/// How long the next QR codes are valid.
pub(super) async fn token_lifetime(
    State(handle): State<Handle>,
    Form(form): Form<TokenLifetime>,
) -> FormResult {
    if !(1..=MAX_TOKEN_LIFETIME).contains(&form.seconds) {
        return Err(FormError(format!("A QR code is valid for 1 to {MAX_TOKEN_LIFETIME} seconds.")));
    }
    handle.set_login_token_lifetime(form.seconds).await;
    Ok(Redirect::to("/#logins"))
}

#[derive(Deserialize)]
pub(super) struct NewDeliveries {
    /// Names of deliveries, with commas between them.
    #[serde(default)]
    sequence: String,
    #[serde(default)]
    timeout: String,
    #[serde(default)]
    length: String,
    #[serde(default)]
    words: String,
}

/// The longest time before the next delivery, in seconds.
const MAX_TIMEOUT: i32 = 24 * 3600;
/// The most deliveries of one code.
const MAX_SEQUENCE: usize = 20;

/// How the next codes are delivered. Empty fields mean the defaults.
pub(super) async fn deliveries(
    State(handle): State<Handle>,
    Path(number): Path<String>,
    Form(form): Form<NewDeliveries>,
) -> FormResult {
    let number = existing(&handle, &number)?;
    let mut chosen = Deliveries { sequence: sequence(&form.sequence)?, ..Deliveries::default() };
    if !form.timeout.trim().is_empty() {
        let timeout = form.timeout.trim().parse().ok().filter(|timeout| (1..=MAX_TIMEOUT).contains(timeout));
        let invalid =
            || FormError(format!("The next delivery is possible after 1 to {MAX_TIMEOUT} seconds."));
        chosen.timeout = Some(timeout.ok_or_else(invalid)?);
    }
    if !form.length.trim().is_empty() {
        let length = form.length.trim().parse().ok();
        let invalid = || FormError(format!("A code has 1 to {} digits.", Deliveries::MAX_LENGTH));
        let length = length.filter(|length| (1..=Deliveries::MAX_LENGTH).contains(length));
        chosen.length = length.ok_or_else(invalid)?;
    }
    if !form.words.trim().is_empty() {
        chosen.words = form.words.trim().chars().take(200).collect();
    }
    handle.set_deliveries(&number, chosen).await;
    Ok(back(&number))
}

fn sequence(text: &str) -> Result<Vec<Delivery>, FormError> {
    let names: Vec<_> = text.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    let parse = |name: &str| {
        let value = serde_json::Value::from(name);
        serde_json::from_value(value).map_err(|error| FormError(format!("Unknown delivery: {error}.")))
    };
    let sequence: Vec<Delivery> = names.into_iter().map(parse).collect::<Result<_, _>>()?;
    if sequence.len() > MAX_SEQUENCE || sequence.iter().skip(1).any(|delivery| *delivery == Delivery::App) {
        return Err(FormError(format!(
            "There are at most {MAX_SEQUENCE} deliveries, and only the first can be app."
        )));
    }
    Ok(sequence)
}

#[derive(Deserialize)]
pub(super) struct NewLoginEmail {
    #[serde(default)]
    address: String,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    apple: bool,
    #[serde(default)]
    google: bool,
    #[serde(default)]
    reset_after: String,
}

/// Whether login codes go to an e-mail address, or one has to be set up. An empty address removes it.
pub(super) async fn login_email(
    State(handle): State<Handle>,
    Path(number): Path<String>,
    Form(form): Form<NewLoginEmail>,
) -> FormResult {
    const MAX_RESET: i32 = 30 * 24 * 3600;
    let number = existing(&handle, &number)?;
    let address = form.address.trim();
    if !address.is_empty() && !is_address(address) {
        return Err(FormError("This is not an e-mail address.".to_owned()));
    }
    let address = (!address.is_empty()).then(|| address.to_owned());
    let (required, apple, google) = (form.required, form.apple, form.google);
    let mut email = LoginEmail { address, required, apple, google, ..LoginEmail::default() };
    if !form.reset_after.trim().is_empty() {
        let seconds =
            form.reset_after.trim().parse().ok().filter(|seconds| (0..=MAX_RESET).contains(seconds));
        let invalid = || FormError(format!("An address is removed after 0 to {MAX_RESET} seconds."));
        email.reset_after = seconds.ok_or_else(invalid)?;
    }
    handle.set_login_email(&number, email).await;
    Ok(back(&number))
}

#[derive(Deserialize)]
pub(super) struct Premium {
    required: bool,
}

/// Whether a login has to be paid for.
pub(super) async fn premium(
    State(handle): State<Handle>,
    Path(number): Path<String>,
    Form(form): Form<Premium>,
) -> FormResult {
    let number = existing(&handle, &number)?;
    handle.set_premium_required(&number, form.required).await;
    Ok(back(&number))
}

#[derive(Deserialize)]
pub(super) struct NewBot {
    name: String,
    username: String,
    #[serde(default)]
    token: String,
}

/// Adds a bot. Without a token it gets a new one.
pub(super) async fn add_bot(State(handle): State<Handle>, Form(form): Form<NewBot>) -> FormResult {
    let token = Some(form.token.trim()).filter(|token| !token.is_empty());
    let added = handle.add_bot(&form.name, form.username.trim(), token).await;
    let number = added.map_err(|error| FormError(format!("The bot was not added: {error}.")))?;
    Ok(back(&number))
}
