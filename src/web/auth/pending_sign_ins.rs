//! The sign-ins of a browser that wait for the identity provider's answer. The browser keeps them, sealed, so that requests
//! of people who may never sign in store nothing here.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::ops::sign_in::sealing;
use crate::sso::oidc::{LIFE, PendingAuthorization};
use crate::web::error::AppError;
use crate::web::state::State;

/// Sign-ins at once, as from several open pages.
const MAX_PENDING: usize = 5;
/// Bytes of what is sealed. Browsers keep cookies of up to 4096 bytes, and sealing makes a third more of it.
const MAX_SEALED: usize = 2800;

/// The sign-ins of the browser that sent these headers, the oldest first.
pub fn of(app: &State, headers: &HeaderMap) -> Vec<PendingAuthorization> {
    let name = name(app);
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut ours = pairs.filter(|(cookie, _)| *cookie == name).map(|(_, value)| value);
    // A cookie of another origin on this host may come first; it can't be opened.
    ours.find_map(|value| {
        let opened = sealing::open_pending(app, value)?;
        serde_json::from_str(opened.expose()).ok()
    })
    .unwrap_or_default()
}

/// The cookie that keeps these: the newest, and as many as fit.
pub fn cookie(app: &State, mut pending: Vec<PendingAuthorization>) -> Result<HeaderValue, AppError> {
    let now = app.clock.now();
    pending.retain(|attempt| attempt.is_open(now));
    pending.drain(..pending.len().saturating_sub(MAX_PENDING));
    let mut text =
        serde_json::to_string(&pending).map_err(anyhow::Error::from).map_err(AppError::Internal)?;
    while text.len() > MAX_SEALED && pending.len() > 1 {
        pending.remove(0);
        text = serde_json::to_string(&pending).map_err(anyhow::Error::from).map_err(AppError::Internal)?;
    }
    let secure = if app.config.http.public_url.is_https() { "; Secure" } else { "" };
    let (value, age) = match pending.is_empty() {
        true => (String::new(), 0),
        false => (sealing::seal_pending(app, text)?, LIFE / 1000),
    };
    let cookie = format!("{}={value}; HttpOnly; SameSite=Lax; Path=/; Max-Age={age}{secure}", name(app));
    HeaderValue::from_str(&cookie).map_err(|error| AppError::Internal(error.into()))
}

/// The prefix lets browsers take the cookie from this very host only: with a sign-in that they began themselves,
/// others could sign people in as themselves.
fn name(app: &State) -> &'static str {
    if app.config.http.public_url.is_https() { "__Host-telescope-sign-in" } else { "telescope-sign-in" }
}
