//! `/sign-in` where an OpenID provider says who people are: a button, the way there, and the way back.

use askama::Template;
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::Query;
use tower_sessions::cookie::time::Duration;
use tower_sessions::{Expiry, Session};

use crate::domain::{Email, Secret};
use crate::sso::oidc::{Answer, OidcError, LIFE, PendingAuthorization, Proven, Provider};
use crate::store::web_sessions::USER_KEY;
use crate::web::auth::session::RequestSession;
use crate::web::error::AppError;
use crate::web::layout::{Layout, html};
use crate::web::pages::sign_in::form::{self, After, local_redirect};
use crate::web::rate_limit;
use crate::web::state::{AppState, State};

/// In a session: the attempts that wait for an answer, the oldest first.
const ATTEMPTS_KEY: &str = "oidc_attempts";
/// In a session: the token that began it, which the provider wants to see at the end.
const PROOF_KEY: &str = "oidc_proof";
/// Attempts at once, as somebody makes who has several pages open.
const ATTEMPTS: usize = 5;
/// Bytes of a token that are kept; a longer one would not fit into an address.
const MAX_PROOF: usize = 6000;

#[derive(Template)]
#[template(path = "pages/sign_in/oidc.html")]
struct Button {
    layout: Layout,
    host: String,
    start: String,
}

#[derive(Template)]
#[template(path = "pages/sign_in/oidc_unproven.html")]
struct Unproven {
    layout: Layout,
    /// The address that Telescope knows the person by.
    email: Email,
    /// The address that the provider names now.
    now: Email,
    next: String,
}

#[derive(Template)]
#[template(path = "pages/sign_in/oidc_signed_out.html")]
struct SignedOut {
    layout: Layout,
    host: String,
    address: String,
}

/// The page with the button.
pub(crate) fn page(app: &State, provider: &Provider, next: &str) -> Result<Response, AppError> {
    let query = serde_html_form::to_string([("next", local_redirect(next))]).unwrap_or_default();
    let start = format!("/sign-in/start?{query}");
    html(&Button { layout: Layout::anonymous(app), host: provider.host(), start })
}

/// Sends the browser to the provider.
pub async fn start(
    app: AppState,
    RequestSession { session, origin }: RequestSession,
    Query(after): Query<After>,
) -> Result<Response, AppError> {
    let provider = app.sso.oidc.as_ref().ok_or(AppError::NotFound)?;
    rate_limit::check_rate(&app, &origin)?;
    let (address, attempt) = provider.begin(local_redirect(&after.next).to_owned()).await?;
    let mut attempts = waiting(&session).await?;
    attempts.push(attempt);
    let surplus = attempts.len().saturating_sub(ATTEMPTS);
    keep(&session, attempts.split_off(surplus)).await?;
    Ok(Redirect::to(address.as_str()).into_response())
}

/// Takes the answer that the browser brings from the provider.
pub async fn callback(
    app: AppState,
    caller: RequestSession,
    Query(answer): Query<Answer>,
) -> Result<Response, AppError> {
    let session = &caller.session;
    let provider = app.sso.oidc.as_ref().ok_or(AppError::NotFound)?;
    rate_limit::check_rate(&app, &caller.origin)?;
    let mut attempts = waiting(session).await?;
    let at = attempts.iter().position(|attempt| attempt.is(&answer.state)).ok_or(OidcError::Stale)?;
    let attempt = attempts.remove(at);
    let usual = session.expiry();
    keep(session, attempts).await?;
    // Before the provider is asked: the same answer finds no attempt from here on.
    session.save().await?;
    let Proven { identity, id_token } = provider.finish(&attempt, &answer).await?;
    session.set_expiry(usual);
    let person = form::begin(&app, &caller, &identity).await?;
    session.remove_value(PROOF_KEY).await?;
    if id_token.expose().len() <= MAX_PROOF {
        session.insert(PROOF_KEY, id_token.expose()).await?;
    }
    let next = local_redirect(&attempt.next).to_owned();
    if person.verified {
        return Ok(Redirect::to(&next).into_response());
    }
    let layout = Layout::anonymous(&app);
    html(&Unproven { layout, email: person.email, now: identity.email, next })
}

/// The token that began a session, if it was kept.
pub(crate) async fn proof(session: &Session) -> Result<Option<Secret>, AppError> {
    Ok(session.get(PROOF_KEY).await?)
}

/// The page for somebody who has signed out here and goes on to sign out of the provider; none if that has no such
/// address. The way there is no redirect: forms may lead to our own pages only.
pub(crate) async fn signed_out(
    app: &State,
    provider: &Provider,
    proof: Option<Secret>,
) -> Option<Result<Response, AppError>> {
    let address = String::from(provider.sign_out(proof.as_ref()).await?);
    let refresh = [(HeaderName::from_static("refresh"), format!("0; url={address}"))];
    let page = html(&SignedOut { layout: Layout::anonymous(app), host: provider.host(), address });
    Some(page.map(|page| (refresh, page).into_response()))
}

async fn waiting(session: &Session) -> Result<Vec<PendingAuthorization>, AppError> {
    Ok(session.get(ATTEMPTS_KEY).await?.unwrap_or_default())
}

/// Keeps the attempts. A session that nobody is signed in with lives no longer than they.
async fn keep(session: &Session, attempts: Vec<PendingAuthorization>) -> Result<(), AppError> {
    if session.get_value(USER_KEY).await?.is_none() {
        session.set_expiry(Some(Expiry::OnInactivity(Duration::milliseconds(LIFE))));
    }
    session.insert(ATTEMPTS_KEY, attempts).await?;
    Ok(())
}

impl From<OidcError> for AppError {
    fn from(fault: OidcError) -> Self {
        let status = match fault {
            OidcError::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            OidcError::Stale | OidcError::Rejected | OidcError::InvalidToken => StatusCode::BAD_REQUEST,
            OidcError::Denied | OidcError::NoEmail => StatusCode::FORBIDDEN,
        };
        Self::Bad(status, fault.to_string())
    }
}
