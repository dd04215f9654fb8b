//! Who sends a request: the session's person, looked up anew each time, so that a change counts at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use tower_sessions::Session;
use tower_sessions::session::Id;

use super::error::AppError;
use crate::app::App;
use crate::domain::access::Actor;
use crate::domain::{Email, Identity, UserId};
use crate::ops::people;
use crate::store;
use crate::store::web_sessions::USER_KEY;

/// The person who is signed in.
#[derive(Debug)]
pub struct CurrentUser(pub Actor);

impl FromRequestParts<Arc<App>> for CurrentUser {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, AppError> {
        let session = parts.extensions.get::<Session>().cloned().ok_or(AppError::SignedOut)?;
        current(app, &session).await?.map(Self).ok_or(AppError::SignedOut)
    }
}

/// Whom sessions belonged to when the database last said so, for the time that it is away. In memory only,
/// bounded, and asked only then: while the database answers, what it says counts.
#[derive(Debug, Default)]
pub struct Remembered(Mutex<HashMap<Id, Actor>>);

/// Sessions that are remembered.
const REMEMBERED: usize = 10_000;

impl Remembered {
    fn put(&self, session: Id, actor: Option<&Actor>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match actor {
            Some(actor) if known.len() < REMEMBERED || known.contains_key(&session) => {
                known.insert(session, actor.clone());
            }
            Some(_) => known.clear(),
            None => drop(known.remove(&session)),
        }
    }

    /// Forgets a session that has ended.
    pub fn forget(&self, session: Id) {
        self.put(session, None);
    }

    /// Whether a session belonged to that address.
    pub fn is_of(&self, session: Id, email: &Email) -> bool {
        self.get(session).is_some_and(|actor| matches!(actor, Actor::User(person) if person.email == *email))
    }

    fn get(&self, session: Id) -> Option<Actor> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&session).cloned()
    }
}

/// The person of a session, if there is one who may still sign in.
pub async fn current(app: &App, session: &Session) -> Result<Option<Actor>, AppError> {
    let Some(id) = session.id() else { return Ok(None) };
    if *app.database_away.borrow() {
        return app.remembered.get(id).map(Some).ok_or(AppError::Unavailable);
    }
    match looked_up(app, session).await {
        Ok(actor) => {
            app.remembered.put(id, actor.as_ref());
            Ok(actor)
        }
        Err(AppError::Unavailable) => app.remembered.get(id).map(Some).ok_or(AppError::Unavailable),
        Err(error) => Err(error),
    }
}

async fn looked_up(app: &App, session: &Session) -> Result<Option<Actor>, AppError> {
    let Some(id) = session.get::<UserId>(USER_KEY).await? else { return Ok(None) };
    let user = store::users::by_id(&mut app.db.read().await?, id).await?;
    let verified = session.get(VERIFIED_KEY).await?.unwrap_or(false);
    Ok(user.filter(|user| !user.disabled).map(|user| Actor::User(people::person(&user, verified))))
}

/// In a session: whether the identity that began it proves the person's address.
const VERIFIED_KEY: &str = "verified";

/// Signs a person in whose identity is proven; the session gets a new id.
pub async fn sign_in(app: &App, session: &Session, identity: &Identity) -> Result<(), AppError> {
    let person = people::sign_in(app, identity).await?;
    session.cycle_id().await?;
    session.insert(USER_KEY, person.id).await?;
    session.insert(VERIFIED_KEY, person.verified).await?;
    Ok(())
}
