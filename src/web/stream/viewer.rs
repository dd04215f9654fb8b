//! Whom a stream is for. A page is decided once, when it is asked for; a stream lives on, so it looks again: before
//! each message, if what it knows is a second old, now and then, and at once when its session ends.

use std::sync::Arc;

use axum::http::StatusCode;
use tower_sessions::Session;
use tower_sessions::session::Id;

use crate::domain::Millis;
use crate::domain::access::Principal;
use crate::live::events::{Change, SessionId, Subscription};
use crate::store::WebSessions;
use crate::web::auth::session::{self, RequestSession};
use crate::web::error::AppError;
use crate::web::state::State;
use crate::web::stream::limit::Place;

/// What somebody is told who has too many streams open.
const TOO_MANY: &str = "Too many open pages: this one does not change by itself until you close another.";

/// Whom a stream is for.
pub struct Viewer {
    /// Who it is.
    pub actor: Principal,
    /// When the database was last asked who this is.
    seen: Millis,
    session: Option<Id>,
    events: Subscription,
    /// Held as long as the stream is open.
    _place: Place,
}

impl Viewer {
    /// The person of a session; None if nobody is signed in. Refused if he has too many streams open.
    pub async fn of(app: &State, caller: &RequestSession) -> Result<Option<Self>, AppError> {
        let RequestSession { session, origin } = caller;
        // Before the session is looked at: an end in between must not be missed.
        let events = app.live.events.subscribe();
        let seen = app.clock.now();
        let actor = session::current(app, session, origin).await?;
        let Some(actor) = actor else { return Ok(None) };
        let place = app.streams.open(&actor, app.config.streams_per_user);
        let place = place.ok_or_else(|| AppError::Bad(StatusCode::TOO_MANY_REQUESTS, TOO_MANY.into()))?;
        Ok(Some(Self { actor, seen, session: session.id(), events, _place: place }))
    }

    /// Asks the database who this is now; false once nobody is signed in. While the database is away, whoever
    /// was signed in still is: nobody can have signed out.
    pub async fn look_again(&mut self, app: &State) -> bool {
        if self.has_lapsed(app) {
            return false;
        }
        // Not when the answer is there: it may be outdated by then.
        let asked = app.clock.now();
        // A new handle: a session's own has read once and would repeat that.
        let store = Arc::new(WebSessions::watching(app.db.clone(), app.clock.clone()));
        let origin = self.actor.origin();
        match session::current(app, &Session::new(self.session, store, None), &origin).await {
            Ok(Some(actor)) => {
                self.actor = actor;
                self.seen = asked;
                true
            }
            Ok(None) => false,
            Err(_) => true,
        }
    }

    /// Whether what proved who this is holds no more. The browser then asks again, with a newer proof if it has one.
    pub fn has_lapsed(&self, app: &State) -> bool {
        app.config.sso_mode.is_by_request() && !app.assertions.holds(self.session, app.clock.now())
    }

    /// Makes sure that rights are at most a second old.
    pub async fn is_present(&mut self, app: &State) -> bool {
        app.clock.now().seconds_since(self.seen) < 1 || self.look_again(app).await
    }

    fn concerns(&self, change: Change) -> bool {
        match (change, &self.actor) {
            (Change::SessionEnded(SessionId(session)), _) => Some(Id(session)) == self.session,
            (Change::User(changed), Principal::User(person)) => changed == person.id,
            (Change::User(_), _) => false,
            (Change::Policy | Change::Everything, _) => true,
            (
                Change::Account(_)
                | Change::StoredPassword(_)
                | Change::Approvals
                | Change::Jobs
                | Change::Health
                | Change::Audit,
                _,
            ) => false,
        }
    }

    /// Resolves when the session or the rights of this viewer may have changed.
    pub async fn has_news(&mut self) {
        loop {
            let change = self.events.next().await;
            if self.concerns(change) {
                return;
            }
        }
    }
}
