//! Authentication with a signed assertion in each request, and without sign-on, where everyone is the administrator.
//!
//! The assertion is verified with each request. A person's first one begins a web session, which stores the identity;
//! later ones are only compared with it, so that reading pages does not write to the database. Another identity on the same
//! session begins a new session. A session without an assertion has no effect.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tower_sessions::Session;

use crate::domain::{Confirmation, Identity, Millis, ProviderGroups, RequestInfo};
use crate::live::events::{Change, SessionId};
use crate::ops::sign_in;
use crate::sso::{Assertion, Refused, TokenError};
use crate::store::WebSessions;
use crate::web::auth::session::{self, AssertedConfirmation, RequestSession};
use crate::web::auth::{renewal, sign_in_limit};
use crate::web::error::AppError;
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::words::sign_in as words;

/// In a session: the identity that began it.
const IDENTITY_KEY: &str = "identity";
/// The issuer of the administrator that everyone is while sign-on is off. It is stored, so it must not change.
const EVERYONE: &str = "disable";

/// Before every page: binds the session to the identity that the request's assertion proves.
pub async fn authenticate(app: AppState, mut request: Request, next: Next) -> Response {
    let signs_in_or_out = matches!(request.uri().path(), paths::SIGN_IN | paths::SIGN_OUT);
    if signs_in_or_out || !app.config.sso.mode.is_by_request() {
        return next.run(request).await;
    }
    let Some(session) = request.extensions().get::<Session>().cloned() else {
        return AppError::SignedOut.into_response();
    };
    let origin = request.extensions().get::<RequestInfo>().cloned().unwrap_or_default();
    match verify_request(&app, request.headers()).await {
        Ok(assertion) => {
            let asserted = assertion.signed_in.map(Confirmation::at);
            match bind_session(&app, &RequestSession { session, origin, asserted }, &assertion).await {
                Ok(()) => {
                    if let Some(asserted) = asserted {
                        request.extensions_mut().insert(AssertedConfirmation(asserted));
                    }
                    next.run(request).await
                }
                Err(error) => error.into_response(),
            }
        }
        Err(Refused::NoKeys) => {
            AppError::Bad(StatusCode::SERVICE_UNAVAILABLE, words::NO_KEYS.into()).into_response()
        }
        Err(reason) => {
            tracing::warn!(%reason, "a request carries no valid assertion");
            if reason == Refused::TokenError(TokenError::Expired)
                && let Some(again) = renewal::redirect(&app, &request)
            {
                return again;
            }
            // The handler sees an empty session; the real one waits for a request with an assertion.
            let store = Arc::new(WebSessions::watching(app.db.clone(), app.clock.clone()));
            request.extensions_mut().insert(Session::new(None, store, None));
            next.run(request).await
        }
    }
}

/// The assertion in a request's headers.
async fn verify_request(app: &State, headers: &HeaderMap) -> Result<Assertion, Refused> {
    if let Some(proxy_auth) = &app.sso.proxy {
        let values =
            |name: &str| headers.get_all(name).iter().map(|value| value.as_bytes()).collect::<Vec<_>>();
        let (assertions, cookies) = (values(&proxy_auth.format().header), values(header::COOKIE.as_str()));
        return proxy_auth.identify(assertions.into_iter(), cookies.into_iter()).await;
    }
    let everyone = app.config.sso.admin_emails.iter().next().filter(|_| app.config.sso.mode.is_disabled());
    let claimed = Identity::claimed(everyone.ok_or(Refused::Missing)?.clone());
    let identity = Identity { issuer: EVERYONE.into(), ..claimed };
    Ok(Assertion { identity, until: Millis(i64::MAX), signed_in: None })
}

/// Makes the session the asserted person's, if it isn't yet.
async fn bind_session(app: &State, caller: &RequestSession, assertion: &Assertion) -> Result<(), AppError> {
    let session = &caller.session;
    let identity = &assertion.identity;
    sign_in::admitted(app, identity, &caller.origin)?;
    if !belongs_to(app, session, identity).await? {
        sign_in_limit::check_person(app, &identity.email)?;
        let replaced = session.id();
        session.flush().await?;
        if let Some(replaced) = replaced {
            app.live.events.publish(Change::SessionEnded(SessionId(replaced.0)));
        }
        session::sign_in(app, caller, identity).await?;
        session.insert(IDENTITY_KEY, traits(identity)).await?;
        // Now, since the handler reads the session's user.
        session.save().await?;
    }
    if let Some(id) = session.id() {
        app.assertions.put(id, assertion.until, app.clock.now());
    }
    Ok(())
}

/// Whether a session was begun by this identity, and has not ended since: that may happen between the sign-in and the
/// session's row, which is then not found by what ends sessions. While the database is unavailable, the cache decides.
async fn belongs_to(app: &State, session: &Session, identity: &Identity) -> Result<bool, AppError> {
    let Some(id) = session.id() else { return Ok(false) };
    let from_cache = || match app.sessions.belongs_to(id, &identity.email) {
        true => Ok(true),
        false => Err(AppError::Unavailable),
    };
    if app.db.is_away() {
        return from_cache();
    }
    match began_with(app, session, identity).await {
        Err(AppError::Unavailable) => from_cache(),
        other => other,
    }
}

async fn began_with(app: &State, session: &Session, identity: &Identity) -> Result<bool, AppError> {
    let known = session.get::<Vec<String>>(IDENTITY_KEY).await?;
    Ok(known.is_some_and(|known| known == traits(identity))
        && session::user_of(app, session).await?.is_some())
}

/// The parts of an identity that can't change within a session: other groups, for example, begin a new one.
fn traits(identity: &Identity) -> Vec<String> {
    let Identity { issuer, subject, email, verified, groups } = identity;
    let mut groups = match groups {
        ProviderGroups::Listed(names) => names.clone(),
        ProviderGroups::NotUsed | ProviderGroups::Missing => Vec::new(),
        ProviderGroups::Unknown(why) => vec![format!("\u{0}{why:?}")],
    };
    groups.sort_unstable();
    let who = [issuer.clone(), subject.clone(), email.to_string(), verified.to_string()];
    who.into_iter().chain(groups).collect()
}
