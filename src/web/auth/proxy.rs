//! Who sends a request where each request brings its proof, or where none is asked for.
//!
//! The assertion is verified anew each time. The first one of somebody begins a web session, which remembers whose
//! it is; later ones are only compared with it, so that looking at pages does not write to the database. Another
//! identity on the same session begins a new session. A session without an assertion is worth nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tower_sessions::Session;
use tower_sessions::session::Id;

use crate::config::SsoMode;
use crate::domain::{Identity, Millis, RequestInfo};
use crate::live::events::{Change, SessionId};
use crate::ops::sign_in;
use crate::sso::{Assertion, Refused};
use crate::store::WebSessions;
use crate::web::auth::session;
use crate::web::auth::session::RequestSession;
use crate::web::error::AppError;
use crate::web::rate_limit;
use crate::web::state::{AppState, State};

/// In a session: the identity that began it.
const IDENTITY_KEY: &str = "identity";
/// The issuer of the one whom everybody is taken for.
const EVERYBODY: &str = "disable";
/// Assertions whose ends are remembered.
const REMEMBERED: usize = 10_000;

/// Until when the newest assertion of each session holds, for the streams that were opened with it.
#[derive(Debug, Default)]
pub struct AssertionExpiry(Mutex<HashMap<Id, Millis>>);

impl AssertionExpiry {
    fn known(&self) -> MutexGuard<'_, HashMap<Id, Millis>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, session: Id, until: Millis, now: Millis) {
        let mut known = self.known();
        if known.len() >= REMEMBERED {
            known.retain(|_, until| *until > now);
        }
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(session, until);
    }

    /// Whether a session's assertion still holds.
    pub fn holds(&self, session: Option<Id>, now: Millis) -> bool {
        session.is_some_and(|session| self.known().get(&session).is_some_and(|until| *until > now))
    }
}

/// Before every page: lets the request's assertion say whose the session is.
pub async fn authenticate(app: AppState, mut request: Request, next: Next) -> Response {
    let by_itself = matches!(request.uri().path(), "/sign-in" | "/sign-out");
    if by_itself || !app.config.sso_mode.is_by_request() {
        return next.run(request).await;
    }
    let Some(session) = request.extensions().get::<Session>().cloned() else {
        return AppError::SignedOut.into_response();
    };
    let origin = request.extensions().get::<RequestInfo>().cloned().unwrap_or_default();
    match verify_request(&app, request.headers()).await {
        Ok(assertion) => match bind_session(&app, &RequestSession { session, origin }, &assertion).await {
            Ok(()) => next.run(request).await,
            Err(error) => error.into_response(),
        },
        Err(Refused::NoKeys) => {
            AppError::Bad(StatusCode::SERVICE_UNAVAILABLE, NO_KEYS.into()).into_response()
        }
        Err(reason) => {
            tracing::warn!(%reason, "a request proves nobody");
            // What comes after this sees a session of nobody; the real one waits for a request with a proof.
            let store = Arc::new(WebSessions::watching(app.db.clone(), app.clock.clone()));
            request.extensions_mut().insert(Session::new(None, store, None));
            next.run(request).await
        }
    }
}

/// What people are told whose proof can't be checked.
const NO_KEYS: &str = "Telescope can't reach your identity provider to check who you are. Try again in a moment; an \
                       operator of Telescope finds the reason in its log.";

/// Who a request's headers say that it is from.
async fn verify_request(app: &State, headers: &HeaderMap) -> Result<Assertion, Refused> {
    if let Some(proxy_auth) = &app.sso.proxy {
        let values =
            |name: &str| headers.get_all(name).iter().map(|value| value.as_bytes()).collect::<Vec<_>>();
        let (assertion_expiry, cookies) =
            (values(&proxy_auth.format().header), values(header::COOKIE.as_str()));
        return proxy_auth.identify(assertion_expiry.into_iter(), cookies.into_iter()).await;
    }
    let everybody = app.config.admin_emails.iter().next().filter(|_| app.config.sso_mode.is_disabled());
    let claimed = Identity::claimed(everybody.ok_or(Refused::Missing)?.clone());
    let identity = Identity { issuer: EVERYBODY.into(), ..claimed };
    Ok(Assertion { identity, until: Millis(i64::MAX) })
}

/// Makes the session that of the assertion's person.
async fn bind_session(app: &State, caller: &RequestSession, assertion: &Assertion) -> Result<(), AppError> {
    let session = &caller.session;
    let identity = &assertion.identity;
    sign_in::admitted(app, identity, &caller.origin)?;
    if !is_of(app, session, identity).await? {
        rate_limit::check_rate_of(app, &identity.email)?;
        let replaced = session.id();
        session.flush().await?;
        if let Some(replaced) = replaced {
            app.live.events.publish(Change::SessionEnded(SessionId(replaced.0)));
        }
        session::sign_in(app, caller, identity).await?;
        session.insert(IDENTITY_KEY, traits(identity)).await?;
        // Now, since the page that was asked for wants to know whose the session is.
        session.save().await?;
    }
    if let Some(id) = session.id() {
        app.assertions.put(id, assertion.until, app.clock.now());
    }
    Ok(())
}

/// Whether a session was begun by this very identity. While the database is away, memory has to do.
async fn is_of(app: &State, session: &Session, identity: &Identity) -> Result<bool, AppError> {
    let Some(id) = session.id() else { return Ok(false) };
    let session_cache = || match app.sessions.is_of(id, &identity.email) {
        true => Ok(true),
        false => Err(AppError::Unavailable),
    };
    if app.db.is_away() {
        return session_cache();
    }
    match session.get::<Vec<String>>(IDENTITY_KEY).await.map_err(AppError::from) {
        Ok(known) => Ok(known.is_some_and(|known| known == traits(identity))),
        Err(AppError::Unavailable) => session_cache(),
        Err(error) => Err(error),
    }
}

/// What of an identity may not change within a session: whoever has other groups by now signs in anew.
fn traits(identity: &Identity) -> Vec<String> {
    let Identity { issuer, subject, email, verified, groups } = identity;
    let mut groups = groups.clone().unwrap_or_default();
    groups.sort_unstable();
    let who = [issuer.clone(), subject.clone(), email.to_string(), verified.to_string()];
    who.into_iter().chain(groups).collect()
}

/// What somebody is told whose request proves nobody: a title, and what to do.
pub fn unproven(mode: SsoMode) -> (&'static str, &'static str) {
    let words = match mode {
        SsoMode::Cloudflare => {
            "Cloudflare Access says who people are, and it did not say so of this request. Load the page again by \
             the address of Telescope. If that does not help, your way in has ended there, or does not lead through \
             it; a service token is no person."
        }
        SsoMode::Jwt => {
            "Your company's proxy says who people are, and it did not say so of this request. Load the page again by \
             the address of Telescope. If that does not help, your way in has ended there, or does not lead through it."
        }
        SsoMode::Disable | SsoMode::Mock | SsoMode::Oidc => "This person may not sign in any more.",
    };
    ("Telescope does not know who you are", words)
}
