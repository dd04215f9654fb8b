//! `/sign-in` with an OpenID provider: the button, the redirect to the provider, and the callback.

use askama::Template;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::Query;
use tower_sessions::Session;

use super::session::begin;
use crate::domain::{Secret, UserId};
use crate::ops::sign_in::{SignedIn, sealing};
use crate::sso::oidc::{Answer, OidcError, PendingAuthorization, Proven, Provider};
use crate::store::web_sessions::USER_KEY;
use crate::web::auth::session::RequestSession;
use crate::web::auth::{pending_sign_ins, sign_in_limit};
use crate::web::error::AppError;
use crate::web::layout::{Layout, html};
use crate::web::pages::sign_in::confirm;
use crate::web::pages::sign_in::form::SignInQuery;
use crate::web::paths::{self, with_query};
use crate::web::return_to::local_redirect;
use crate::web::state::{AppState, State};
use crate::web::words::sign_in as words;

/// In a session: the token that began it, which is sent back when signing out of the provider.
const TOKEN_KEY: &str = "oidc_proof";
/// Bytes of a token that is kept; a longer one would not fit into an address.
const MAX_TOKEN: usize = 6000;

#[derive(Template)]
#[template(path = "pages/sign_in/oidc.html")]
struct ButtonPage {
    layout: Layout,
    reason: Option<&'static str>,
    host: String,
    start: String,
}

#[derive(Template)]
#[template(path = "pages/sign_in/oidc_notes.html")]
struct NotesPage {
    layout: Layout,
    /// What the person has to know before they go on.
    notes: Vec<String>,
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
pub(super) fn page(app: &State, provider: &Provider, query: &SignInQuery) -> Result<Response, AppError> {
    let start = with_query(paths::SIGN_IN_START, [("next", local_redirect(&query.next))]);
    let (layout, host) = (Layout::anonymous(app), provider.host());
    html(&ButtonPage { layout, reason: query.reason(), host, start })
}

/// Sends the browser to the provider.
pub async fn start(
    app: AppState,
    headers: HeaderMap,
    Query(query): Query<SignInQuery>,
) -> Result<Response, AppError> {
    let provider = app.sso.oidc.as_ref().ok_or(AppError::NotFound)?;
    let (address, pending) = provider.begin(local_redirect(&query.next).to_owned()).await?;
    let mut all = pending_sign_ins::of(&app, &headers);
    all.push(pending);
    let cookie = pending_sign_ins::cookie(&app, all)?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(address.as_str())).into_response())
}

/// The callback: the provider's answer, which the browser brings.
pub async fn callback(
    app: AppState,
    caller: RequestSession,
    headers: HeaderMap,
    Query(answer): Query<Answer>,
) -> Result<Response, AppError> {
    let provider = app.sso.oidc.as_ref().ok_or(AppError::NotFound)?;
    let mut all = pending_sign_ins::of(&app, &headers);
    let Some(at) = all.iter().position(|pending| pending.is(&answer.state)) else {
        sign_in_limit::count_stranger(&app, &caller.origin)?;
        return Err(OidcError::Stale.into());
    };
    sign_in_limit::check_address(&app, &caller.origin)?;
    let pending = all.remove(at);
    let cookie = pending_sign_ins::cookie(&app, all)?;
    let finished = match &pending.confirms {
        None => finish(&app, &caller, provider, &pending, &answer).await,
        Some(confirms) => confirm::finish(&app, &caller, provider, &pending, confirms, &answer).await,
    };
    if !finished.as_ref().is_ok_and(|response| !response.status().is_client_error()) {
        sign_in_limit::count_failure(&app, &caller.origin);
    }
    let mut response = finished.into_response();
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

async fn finish(
    app: &State,
    caller: &RequestSession,
    provider: &Provider,
    pending: &PendingAuthorization,
    answer: &Answer,
) -> Result<Response, AppError> {
    let Proven { identity, id_token } = provider.finish(pending, answer).await?;
    let SignedIn { person, roles, .. } = begin(app, caller, &identity).await?;
    store_token(app, &caller.session, person.id, &id_token).await?;
    let next = local_redirect(&pending.next).to_owned();
    let notes = words::after_sign_in(&person, &identity.email, &roles);
    if notes.is_empty() {
        return Ok(Redirect::to(&next).into_response());
    }
    html(&NotesPage { layout: Layout::anonymous(app), notes, next })
}

/// Keeps the token that begins a session. The database has it sealed only: at the provider it may be worth something.
async fn store_token(
    app: &State,
    session: &Session,
    person: UserId,
    id_token: &Secret,
) -> Result<(), AppError> {
    session.remove_value(TOKEN_KEY).await?;
    if id_token.expose().len() > MAX_TOKEN {
        return Ok(());
    }
    let sealed = sealing::seal_token(app, person, id_token)?;
    Ok(session.insert(TOKEN_KEY, sealed).await?)
}

/// The token that began a session, if it was kept and can still be opened.
pub(super) async fn stored_token(app: &State, session: &Session) -> Result<Option<Secret>, AppError> {
    let Some(person) = session.get::<UserId>(USER_KEY).await? else { return Ok(None) };
    let sealed: Option<String> = session.get(TOKEN_KEY).await?;
    Ok(sealed.and_then(|sealed| sealing::open_token(app, person, &sealed)))
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

impl From<OidcError> for AppError {
    fn from(fault: OidcError) -> Self {
        Self::bad(status(fault), words::oidc(&fault))
    }
}

/// The status of the answer to an attempt that failed.
pub(super) const fn status(fault: OidcError) -> StatusCode {
    match fault {
        OidcError::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        OidcError::Stale | OidcError::Rejected | OidcError::InvalidToken => StatusCode::BAD_REQUEST,
        OidcError::Denied | OidcError::NoEmail | OidcError::NotRecent | OidcError::Method => {
            StatusCode::FORBIDDEN
        }
    }
}
