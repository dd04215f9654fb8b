//! The form with an account's profile picture.

use axum::Form;
use axum::extract::{Path, State};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::actions::{FormError, FormResult, back, existing};
use crate::handle::Handle;

#[derive(Deserialize)]
pub(super) struct NewPicture {
    #[serde(default)]
    generate: bool,
    /// In base64.
    #[serde(default)]
    data: String,
}

/// Without data the picture is removed.
pub(super) async fn picture(
    State(handle): State<Handle>,
    Path(number): Path<String>,
    Form(form): Form<NewPicture>,
) -> FormResult {
    let number = existing(&handle, &number)?;
    if form.generate {
        handle.generate_picture(&number).await.map_err(|error| FormError(error.to_string()))?;
        return Ok(back(&number));
    }
    let bytes = STANDARD.decode(form.data).map_err(|error| FormError(format!("Invalid base64: {error}.")))?;
    handle.set_picture(&number, (!bytes.is_empty()).then_some(bytes)).await;
    Ok(back(&number))
}
