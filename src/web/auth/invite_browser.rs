//! What a browser keeps that has begun with an invite: a cookie with a secret of which the database has the hash. The
//! address of the page where the account is logged in says nothing, so it can be seen by others.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};

use crate::domain::invite::{Invite, InviteDenied, InviteKind};
use crate::domain::{RequestInfo, Secret};
use crate::ops::invites::{self, Begun, Browser};
use crate::store;
use crate::web::error::AppError;
use crate::web::paths;
use crate::web::state::{AppState, State};

/// How long browsers keep it, in seconds; what counts is when the invite expires.
const LIFE: i64 = 90 * 24 * 60 * 60;

/// The prefix lets browsers take the cookie from this very host only.
fn name(app: &State) -> &'static str {
    if app.config.http.public_url.is_https() { "__Host-telescope-invite" } else { "telescope-invite" }
}

/// What the browser that sent these headers keeps.
pub fn of(app: &State, headers: &HeaderMap) -> Option<Browser> {
    let name = name(app);
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let (invite, secret) = pairs.find(|(cookie, _)| *cookie == name)?.1.split_once('.')?;
    Some(Browser { invite: invite.parse().ok()?, secret: Secret::new(secret) })
}

/// Keeps it, and goes on to the login, whose address does not contain the link.
pub fn go_on(app: &State, browser: &Browser) -> Result<Response, AppError> {
    let secure = if app.config.http.public_url.is_https() { "; Secure" } else { "" };
    let (invite, secret) = (browser.invite, browser.secret.expose());
    let cookie =
        format!("{}={invite}.{secret}; HttpOnly; SameSite=Lax; Path=/; Max-Age={LIFE}{secure}", name(app));
    let cookie = HeaderValue::from_str(&cookie).map_err(|error| AppError::Internal(error.into()))?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(paths::ONBOARDING_LOGIN)).into_response())
}

/// What makes the browser of a person who signs out forget that it has begun with their own account: those who use the
/// browser next must not go on with it. An invite of another person stays, since it has nothing to do with signing in.
pub async fn forgotten(app: &State, headers: &HeaderMap) -> Result<Option<HeaderValue>, AppError> {
    let Some(browser) = of(app, headers) else { return Ok(None) };
    let invite = store::invites::get(&mut app.db.read().await?, browser.invite).await?;
    if !invite.is_some_and(|invite| invite.kind == InviteKind::Own && invites::has_begun(&browser, &invite)) {
        return Ok(None);
    }
    let secure = if app.config.http.public_url.is_https() { "; Secure" } else { "" };
    let cookie = format!("{}=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0{secure}", name(app));
    HeaderValue::from_str(&cookie).map(Some).map_err(|error| AppError::Internal(error.into()))
}

/// A request of a browser that may have begun, before its invite is looked up.
#[derive(Clone, Debug)]
pub struct Caller {
    pub browser: Option<Browser>,
    pub origin: RequestInfo,
}

impl FromRequestParts<AppState> for Caller {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, AppError> {
        let origin = parts.extensions.get::<RequestInfo>().cloned().unwrap_or_default();
        Ok(Self { browser: of(app, &parts.headers), origin })
    }
}

/// Who acts with the invite of this browser, or why it can't go on.
pub async fn current(app: &State, caller: &Caller) -> Result<InviteStanding, AppError> {
    match &caller.browser {
        Some(browser) => Ok(invites::of_browser(app, browser, &caller.origin).await?),
        None => Ok(Err((InviteDenied::Unknown, None))),
    }
}

/// What has become of an invite, as the browser that has begun may know it.
pub type InviteStanding = Result<Begun, (InviteDenied, Option<Invite>)>;

/// The invite with which this browser has begun, or why it can't go on.
#[derive(Debug)]
pub struct InviteBrowser(pub InviteStanding);

impl FromRequestParts<AppState> for InviteBrowser {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, AppError> {
        let caller = Caller::from_request_parts(parts, app).await?;
        current(app, &caller).await.map(Self)
    }
}
