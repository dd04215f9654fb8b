//! `/sign-in` with an OpenID provider: the button, the redirect to the provider, and the callback.

use askama::Template;
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::Query;
use tower_sessions::cookie::time::Duration;
use tower_sessions::{Expiry, Session};

use super::session::begin;
use crate::domain::{Email, Secret};
use crate::sso::oidc::{Answer, LIFE, OidcError, PendingAuthorization, Proven, Provider};
use crate::store::web_sessions::USER_KEY;
use crate::web::auth::session::RequestSession;
use crate::web::auth::sign_in_limit;
use crate::web::error::AppError;
use crate::web::layout::{Layout, html};
use crate::web::pages::sign_in::form::SignInQuery;
use crate::web::paths::{self, with_query};
use crate::web::return_to::local_redirect;
use crate::web::state::{AppState, State};
use crate::web::words::sign_in as words;

/// In a session: the sign-ins that wait for the provider's answer, the oldest first.
const PENDING_KEY: &str = "oidc_attempts";
/// In a session: the token that began it, which is sent back when signing out of the provider.
const TOKEN_KEY: &str = "oidc_proof";
/// Sign-ins at once, as from several open pages.
const MAX_PENDING: usize = 5;
/// Bytes of a token that is kept; a longer one would not fit into an address.
const MAX_TOKEN: usize = 6000;

#[derive(Template)]
#[template(path = "pages/sign_in/oidc.html")]
struct ButtonPage {
    layout: Layout,
    host: String,
    start: String,
}

#[derive(Template)]
#[template(path = "pages/sign_in/oidc_unproven.html")]
struct UnverifiedPage {
    layout: Layout,
    /// The address that Telescope knows the person by.
    email: Email,
    /// The address that the provider names now.
    now: Email,
    next: String,
}

#[derive(Template)]
#[template(path = "pages/sign_in/oidc_signed_out.html")]
struct SignedOutPage {
    layout: Layout,
    host: String,
    address: String,
}

/// The page with the button.
pub(super) fn page(app: &State, provider: &Provider, next: &str) -> Result<Response, AppError> {
    let start = with_query(paths::SIGN_IN_START, [("next", local_redirect(next))]);
    html(&ButtonPage { layout: Layout::anonymous(app), host: provider.host(), start })
}

/// Sends the browser to the provider.
pub async fn start(
    app: AppState,
    RequestSession { session, origin }: RequestSession,
    Query(query): Query<SignInQuery>,
) -> Result<Response, AppError> {
    let provider = app.sso.oidc.as_ref().ok_or(AppError::NotFound)?;
    sign_in_limit::check_address(&app, &origin)?;
    let (address, pending) = provider.begin(local_redirect(&query.next).to_owned()).await?;
    let mut all = pending_sign_ins(&session).await?;
    all.push(pending);
    let surplus = all.len().saturating_sub(MAX_PENDING);
    store_pending(&session, all.split_off(surplus)).await?;
    Ok(Redirect::to(address.as_str()).into_response())
}

/// The callback: the provider's answer, which the browser brings.
pub async fn callback(
    app: AppState,
    caller: RequestSession,
    Query(answer): Query<Answer>,
) -> Result<Response, AppError> {
    let session = &caller.session;
    let provider = app.sso.oidc.as_ref().ok_or(AppError::NotFound)?;
    sign_in_limit::check_address(&app, &caller.origin)?;
    let mut all = pending_sign_ins(session).await?;
    let at = all.iter().position(|pending| pending.is(&answer.state)).ok_or(OidcError::Stale)?;
    let pending = all.remove(at);
    let usual = session.expiry();
    store_pending(session, all).await?;
    // Before the provider is queried: from here on the same answer finds no pending sign-in.
    session.save().await?;
    let Proven { identity, id_token } = provider.finish(&pending, &answer).await?;
    session.set_expiry(usual);
    let person = begin(&app, &caller, &identity).await?;
    session.remove_value(TOKEN_KEY).await?;
    if id_token.expose().len() <= MAX_TOKEN {
        session.insert(TOKEN_KEY, id_token.expose()).await?;
    }
    let next = local_redirect(&pending.next).to_owned();
    if person.verified {
        return Ok(Redirect::to(&next).into_response());
    }
    let layout = Layout::anonymous(&app);
    html(&UnverifiedPage { layout, email: person.email, now: identity.email, next })
}

/// The token that began a session, if it was kept.
pub(super) async fn stored_token(session: &Session) -> Result<Option<Secret>, AppError> {
    Ok(session.get(TOKEN_KEY).await?)
}

/// The page after signing out here, which continues with signing out of the provider; none if that has no such endpoint.
/// It has a link instead of a redirect, because forms may only lead to Telescope's own pages.
pub(super) async fn signed_out(
    app: &State,
    provider: &Provider,
    id_token: Option<Secret>,
) -> Option<Result<Response, AppError>> {
    let address = String::from(provider.sign_out(id_token.as_ref()).await?);
    let refresh = [(HeaderName::from_static("refresh"), format!("0; url={address}"))];
    let page = html(&SignedOutPage { layout: Layout::anonymous(app), host: provider.host(), address });
    Some(page.map(|page| (refresh, page).into_response()))
}

async fn pending_sign_ins(session: &Session) -> Result<Vec<PendingAuthorization>, AppError> {
    Ok(session.get(PENDING_KEY).await?.unwrap_or_default())
}

/// A session without a user lives no longer than its pending sign-ins.
async fn store_pending(session: &Session, pending: Vec<PendingAuthorization>) -> Result<(), AppError> {
    if session.get_value(USER_KEY).await?.is_none() {
        session.set_expiry(Some(Expiry::OnInactivity(Duration::milliseconds(LIFE))));
    }
    session.insert(PENDING_KEY, pending).await?;
    Ok(())
}

impl From<OidcError> for AppError {
    fn from(fault: OidcError) -> Self {
        let status = match fault {
            OidcError::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            OidcError::Stale | OidcError::Rejected | OidcError::InvalidToken => StatusCode::BAD_REQUEST,
            OidcError::Denied | OidcError::NoEmail => StatusCode::FORBIDDEN,
        };
        Self::bad(status, words::oidc(&fault))
    }
}
