//! People signing in to Telescope and out of it.

use std::sync::Arc;
use std::time::Duration;

use super::{App, OpError, trail};
use crate::domain::Email;
use crate::domain::access::{Actor, Person};
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::store::{self, StoreError, WebSessions};

/// Signs a person in whose address is proven: the row is made at the first sight, the trail is written, and
/// whoever is named in ADMIN_EMAILS becomes administrator.
pub async fn sign_in(app: &App, email: &Email) -> Result<Person, OpError> {
    let now = app.clock.now();
    let named_admin = app.config.admin_emails.contains(email);
    let keys = &app.keys;
    let user = app
        .db
        .change(async |conn| -> Result<store::users::User, StoreError> {
            let mut user = store::users::first_sight(conn, email, now).await?;
            if named_admin && !user.admin {
                store::users::set_admin(conn, user.id, true).await?;
                user.admin = true;
            }
            if !user.disabled {
                let actor = Actor::User(person(&user));
                let entry = AuditEntry::done(now, &actor, AuditEvent::WebSignIn);
                store::audit::append(conn, keys, &entry).await?;
            }
            Ok(user)
        })
        .await?;
    if user.disabled {
        return Err(OpError::Refused("This person may not sign in any more.".into()));
    }
    tracing::info!(person = %email, "signed in");
    Ok(person(&user))
}

/// Writes down that somebody signs out.
pub async fn sign_out(app: &App, actor: &Actor) -> Result<(), OpError> {
    trail::write(app, &AuditEntry::done(app.clock.now(), actor, AuditEvent::WebSignOut)).await.map(drop)
}

/// What rights need to know of a user. The mock sign-in is its own proof of the address.
pub fn person(user: &store::users::User) -> Person {
    Person { id: user.id, email: user.email.clone(), verified: true, admin: user.admin }
}

/// Deletes the sessions that have ended by themselves, now and every hour, until the program ends.
pub async fn tidy_sessions(app: Arc<App>) {
    let sessions = WebSessions::new(app.db.clone(), app.clock.clone());
    let mut hours = tokio::time::interval(Duration::from_secs(60 * 60));
    loop {
        hours.tick().await;
        match sessions.delete_expired().await {
            Ok(0) => {}
            Ok(ended) => tracing::info!(ended, "sessions ended by themselves"),
            Err(error) => tracing::warn!(%error, "ended sessions were not deleted; that is tried again"),
        }
    }
}
