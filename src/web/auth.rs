//! Who sends a request: the session's person, looked up anew each time, so that a change counts at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use tower_sessions::Session;
use tower_sessions::session::Id;

use super::error::AppError;
use crate::app::App;
use crate::domain::access::{Actor, Person};
use crate::domain::{Email, UserId};
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
    Ok(user.filter(|user| !user.disabled).map(|user| {
        // The mock is its own proof of the address; what else there will be says whether it was verified.
        Actor::User(Person { id: user.id, email: user.email, verified: true, admin: user.admin })
    }))
}

/// Signs a person in: the row is made at the first sight, and the session gets a new id.
pub async fn sign_in(app: &App, session: &Session, email: &Email) -> Result<(), AppError> {
    let now = app.clock.now();
    let admin = app.config.admin_emails.contains(email);
    let user = app
        .db
        .change(async |conn| -> Result<store::users::User, store::StoreError> {
            let user = store::users::first_sight(conn, email, now).await?;
            if admin && !user.admin {
                store::users::set_admin(conn, user.id, true).await?;
            }
            Ok(user)
        })
        .await?;
    if user.disabled {
        return Err(AppError::Forbidden("This person may not sign in any more.".into()));
    }
    session.cycle_id().await?;
    session.insert(USER_KEY, user.id).await?;
    tracing::info!(person = %email, "signed in");
    Ok(())
}
