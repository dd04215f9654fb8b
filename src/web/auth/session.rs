//! Who sends a request: the session's person, looked up anew each time, so that a change counts at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use tower_sessions::Session;
use tower_sessions::session::Id;

use crate::context::App;
use crate::domain::access::{Person, Principal};
use crate::domain::{Email, Identity, RequestInfo, UserId};
use crate::ops::sign_in;
use crate::store;
use crate::store::web_sessions::USER_KEY;
use crate::web::error::AppError;

/// The person who is signed in.
#[derive(Debug)]
pub struct CurrentUser(pub Principal);

impl FromRequestParts<Arc<App>> for CurrentUser {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, AppError> {
        let RequestSession { session, origin } = RequestSession::from_request_parts(parts, app).await?;
        current(app, &session, &origin).await?.map(Self).ok_or(AppError::SignedOut)
    }
}

/// Who asks, before anybody has looked at who that is: the session, and where the request came from.
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

/// Whom sessions belonged to when the database last said so, for the time that it is away. In memory only,
/// bounded, and asked only then: while the database answers, what it says counts.
#[derive(Debug, Default)]
pub struct SessionCache(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    actors: HashMap<Id, Principal>,
    /// Counts what was forgotten: whoever asked the database before that has an answer of the past.
    forgotten: u64,
}

/// Sessions that are remembered.
const REMEMBERED: usize = 10_000;

impl SessionCache {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How much was forgotten so far.
    fn forgotten(&self) -> u64 {
        self.known().forgotten
    }

    /// Notes what the database said when it was asked after so much had been forgotten. If more was forgotten
    /// meanwhile, that answer may be of the past, and is not kept.
    fn put(&self, session: Id, actor: Option<&Principal>, asked_after: u64) {
        let mut known = self.known();
        let fresh = known.forgotten == asked_after;
        match actor {
            Some(_) if !fresh => {}
            Some(actor) if known.actors.len() < REMEMBERED || known.actors.contains_key(&session) => {
                known.actors.insert(session, actor.clone());
            }
            Some(_) => known.actors.clear(),
            None => drop(known.actors.remove(&session)),
        }
    }

    /// Forgets a session that has ended.
    pub fn forget(&self, session: Id) {
        let mut known = self.known();
        known.forgotten += 1;
        known.actors.remove(&session);
    }

    /// Forgets every session of a person whose sessions or rights were changed.
    pub fn forget_person(&self, id: UserId) {
        let mut known = self.known();
        known.forgotten += 1;
        known.actors.retain(|_, actor| !matches!(actor, Principal::User(person) if person.id == id));
    }

    /// Forgets everybody, since anybody's rights may have been changed.
    pub fn forget_everybody(&self) {
        let mut known = self.known();
        known.forgotten += 1;
        known.actors.clear();
    }

    /// Whether a session belonged to that address.
    pub fn is_of(&self, session: Id, email: &Email) -> bool {
        self.get(session)
            .is_some_and(|actor| matches!(actor, Principal::User(person) if person.email == *email))
    }

    fn get(&self, session: Id) -> Option<Principal> {
        self.known().actors.get(&session).cloned()
    }
}

/// The person of a session, if there is one who may still sign in.
pub async fn current(
    app: &App,
    session: &Session,
    origin: &RequestInfo,
) -> Result<Option<Principal>, AppError> {
    let actor = known(app, session).await?;
    Ok(actor.map(|actor| actor.coming_from(origin)))
}

async fn known(app: &App, session: &Session) -> Result<Option<Principal>, AppError> {
    let Some(id) = session.id() else { return Ok(None) };
    if *app.database_away.borrow() {
        return app.session_cache.get(id).map(Some).ok_or(AppError::Unavailable);
    }
    let asked_after = app.session_cache.forgotten();
    match looked_up(app, session).await {
        Ok(actor) => {
            app.session_cache.put(id, actor.as_ref(), asked_after);
            Ok(actor)
        }
        Err(AppError::Unavailable) => app.session_cache.get(id).map(Some).ok_or(AppError::Unavailable),
        Err(error) => Err(error),
    }
}

async fn looked_up(app: &App, session: &Session) -> Result<Option<Principal>, AppError> {
    let Some(id) = session.get::<UserId>(USER_KEY).await? else { return Ok(None) };
    // Which domains may sign in may have been set anew since this session began.
    let address: Option<String> = session.get(ADDRESS_KEY).await?;
    if address.is_some_and(|address| !Email::parse(&address).is_ok_and(|it| app.config.admits(&it))) {
        return Ok(None);
    }
    let user = store::users::by_id(&mut app.db.read().await?, id).await?;
    let verified = session.get(VERIFIED_KEY).await?.unwrap_or(false);
    Ok(user.filter(|user| !user.disabled).map(|user| Principal::User(sign_in::person(&user, verified))))
}

/// In a session: whether the identity that began it proves the person's address.
const VERIFIED_KEY: &str = "verified";

/// In a session: the address of that identity.
const ADDRESS_KEY: &str = "address";

/// Signs a person in whose identity is proven; the session gets a new id.
pub async fn sign_in(app: &App, caller: &RequestSession, identity: &Identity) -> Result<Person, AppError> {
    let RequestSession { session, origin } = caller;
    let person = sign_in::sign_in(app, identity, origin).await?;
    session.cycle_id().await?;
    session.insert(USER_KEY, person.id).await?;
    session.insert(VERIFIED_KEY, person.verified).await?;
    session.insert(ADDRESS_KEY, &identity.email).await?;
    Ok(person)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_from_before_somebody_was_forgotten_is_not_remembered() {
        let session_cache = SessionCache::default();
        let (session, id) = (Id::default(), UserId::generate());
        let email = Email::parse("ada@example.org").unwrap();
        let person = Person { id, email, verified: true, admin: true, origin: RequestInfo::default() };
        let actor = Principal::User(person);
        let forgets: [&dyn Fn(); 3] =
            [&|| session_cache.forget(session), &|| session_cache.forget_person(id), &|| {
                session_cache.forget_everybody()
            }];
        for forget in forgets {
            let asked_after = session_cache.forgotten();
            session_cache.put(session, Some(&actor), asked_after);
            assert_eq!(session_cache.get(session).as_ref(), Some(&actor));
            forget();
            assert_eq!(session_cache.get(session), None);
            // The database had been asked before that, and answers only now.
            session_cache.put(session, Some(&actor), asked_after);
            assert_eq!(session_cache.get(session), None);
        }
    }
}
