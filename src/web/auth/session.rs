//! The user of a session, looked up for each request, so that a change counts at once.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use tower_sessions::Session;

use crate::domain::access::Principal;
use crate::domain::{Email, Identity, RequestInfo, UserId};
use crate::ops::sign_in::{self, SignedIn};
use crate::store::web_sessions::USER_KEY;
use crate::store::{self, users::User};
use crate::web::error::AppError;
use crate::web::state::{AppState, State};

/// The person who is signed in.
#[derive(Debug)]
pub struct CurrentUser(pub Principal);

impl FromRequestParts<AppState> for CurrentUser {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, AppError> {
        let RequestSession { session, origin } = RequestSession::from_request_parts(parts, app).await?;
        current(app, &session, &origin).await?.map(Self).ok_or(AppError::SignedOut)
    }
}

/// A request before its user is known: its session, and where it came from.
#[derive(Debug)]
pub struct RequestSession {
    /// The session.
    pub session: Session,
    /// Where the request came from.
    pub origin: RequestInfo,
}

impl<S: Send + Sync> FromRequestParts<S> for RequestSession {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AppError> {
        let session = parts.extensions.get::<Session>().cloned().ok_or(AppError::SignedOut)?;
        Ok(Self { session, origin: parts.extensions.get::<RequestInfo>().cloned().unwrap_or_default() })
    }
}

/// The person of a session, if there is one who may still sign in.
pub async fn current(
    app: &State,
    session: &Session,
    origin: &RequestInfo,
) -> Result<Option<Principal>, AppError> {
    let actor = known(app, session).await?;
    Ok(actor.map(|actor| actor.coming_from(origin)))
}

async fn known(app: &State, session: &Session) -> Result<Option<Principal>, AppError> {
    let Some(id) = session.id() else { return Ok(None) };
    if app.db.is_away() {
        return app.sessions.get(id).map(Some).ok_or(AppError::Unavailable);
    }
    let asked_after = app.sessions.generation();
    match looked_up(app, session).await {
        Ok(actor) => {
            app.sessions.put(id, actor.as_ref(), asked_after);
            Ok(actor)
        }
        Err(AppError::Unavailable) => app.sessions.get(id).map(Some).ok_or(AppError::Unavailable),
        Err(error) => Err(error),
    }
}

async fn looked_up(app: &State, session: &Session) -> Result<Option<Principal>, AppError> {
    // The domains that may sign in can have changed since this session began.
    let address: Option<String> = session.get(ADDRESS_KEY).await?;
    if address.is_some_and(|address| !Email::parse(&address).is_ok_and(|it| app.config.sso.admits(&it))) {
        return Ok(None);
    }
    let user = user_of(app, session).await?;
    let verified = session.get(VERIFIED_KEY).await?.unwrap_or(false);
    Ok(user.filter(|user| !user.disabled).map(|user| Principal::User(sign_in::person(&user, verified))))
}

/// The person who began a session, unless their sessions of that time have ended.
pub async fn user_of(app: &State, session: &Session) -> Result<Option<User>, AppError> {
    let Some(id) = session.get::<UserId>(USER_KEY).await? else { return Ok(None) };
    let epoch = session.get::<i64>(EPOCH_KEY).await?.unwrap_or(0);
    Ok(store::users::of_epoch(&mut app.db.read().await?, id, epoch).await?)
}

/// In a session: the epoch of the person's sessions when it began.
const EPOCH_KEY: &str = "epoch";

/// In a session: whether the identity that began it proves the person's address.
const VERIFIED_KEY: &str = "verified";

/// In a session: the address of that identity.
const ADDRESS_KEY: &str = "address";

/// Signs a person in whose identity is proven; the session gets a new id.
pub async fn sign_in(
    app: &State,
    caller: &RequestSession,
    identity: &Identity,
) -> Result<SignedIn, AppError> {
    let RequestSession { session, origin } = caller;
    let signed_in = sign_in::sign_in(app, identity, origin).await?;
    let SignedIn { person, epoch, .. } = &signed_in;
    session.cycle_id().await?;
    session.insert(USER_KEY, person.id).await?;
    session.insert(EPOCH_KEY, epoch).await?;
    session.insert(VERIFIED_KEY, person.verified).await?;
    session.insert(ADDRESS_KEY, &identity.email).await?;
    Ok(signed_in)
}
