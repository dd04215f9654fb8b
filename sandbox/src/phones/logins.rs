//! Forms for the ways to sign in.

use axum::Form;
use axum::extract::{Path, State};
use axum::response::Redirect;
use serde::Deserialize;

use super::actions::{FormError, FormResult, back, existing};
use crate::backend::MAX_TOKEN_LIFETIME;
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
