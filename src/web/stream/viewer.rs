//! Whom a stream is for. A page is decided once, when it is requested; a stream lives on, so it looks again: at once when
//! its session ends or a right changes, and now and then. Before each message the policy, whose version counts changes of
//! people as well, is made at most a second old for all streams together.

use std::sync::Arc;

use std::time::Duration;

use axum::http::StatusCode;
use tokio::time::Instant;
use tower_sessions::Session;
use tower_sessions::session::Id;

use crate::domain::Millis;
use crate::domain::access::Principal;
use crate::live::events::{Change, SessionId, Subscription};
use crate::ops::policy;
use crate::store::WebSessions;
use crate::web::auth::session::{self, RequestSession};
use crate::web::error::AppError;
use crate::web::state::State;
use crate::web::stream::SESSION_CHECK;
use crate::web::stream::limit::Place;

/// The least time between two looks whether a proof of identity has expired.
const LAPSE_CHECK: Duration = Duration::from_millis(100);
/// The longest wait for that.
const FAR: Duration = Duration::from_secs(24 * 60 * 60);

/// The answer to one stream too many.
const TOO_MANY: &str = "Too many open pages: this one does not change by itself until you close another.";

/// Whom a stream is for.
pub struct Viewer {
    /// Who it is.
    pub principal: Principal,
    /// When the database was last asked who this is.
    seen: Millis,
    session: Option<Id>,
    pub(super) events: Subscription,
    /// Held as long as the stream is open.
    _place: Place,
}

impl Viewer {
    /// The person of a session; None without one. Refused if they have too many streams open.
    pub async fn of(app: &State, caller: &RequestSession) -> Result<Option<Self>, AppError> {
        let RequestSession { session, origin } = caller;
        // Before the session is looked at: an end in between must not be missed.
        let events = app.live.events.subscribe();
        let seen = app.clock.now();
        let actor = session::current(app, session, origin).await?;
        let Some(actor) = actor else { return Ok(None) };
        policy::ensure_current(app).await;
        let place = app.streams.open(&actor, app.config.limits.streams_per_user);
        let place = place.ok_or_else(|| AppError::Bad(StatusCode::TOO_MANY_REQUESTS, TOO_MANY.into()))?;
        Ok(Some(Self { principal: actor, seen, session: session.id(), events, _place: place }))
    }

    /// Asks the database who this is now; false once the session has ended. While the database is unavailable the
    /// session goes on, since no session can end then.
    pub async fn look_again(&mut self, app: &State) -> bool {
        if self.has_lapsed(app) {
            return false;
        }
        // Not when the answer is there: it may be outdated by then.
        let asked = app.clock.now();
        // A new handle: a session's own has read once and would repeat that.
        let store = Arc::new(WebSessions::watching(app.db.clone(), app.clock.clone()));
        let origin = self.principal.origin();
        match session::current(app, &Session::new(self.session, store, None), &origin).await {
            Ok(Some(actor)) => {
                self.principal = actor;
                self.seen = asked;
                true
            }
            Ok(None) => false,
            Err(_) => {
                self.seen = asked;
                true
            }
        }
    }

    /// Whether the proof of identity that came with the request has expired. The browser then connects again, with a
    /// newer one if it has it.
    pub fn has_lapsed(&self, app: &State) -> bool {
        app.config.sso.mode.is_by_request() && !app.assertions.holds(self.session, app.clock.now())
    }

    /// When the proof of identity expires, as far as is known now. A later request may bring a newer one.
    pub(super) fn lapses(&self, app: &State) -> Option<Instant> {
        let until = app.assertions.until(self.session).filter(|_| app.config.sso.mode.is_by_request())?;
        let left = u64::try_from(until.0.saturating_sub(app.clock.now().0)).unwrap_or(0);
        // Far from now is never: everyone's proof lasts for ever where there is no sign-in.
        Instant::now().checked_add(Duration::from_millis(left).clamp(LAPSE_CHECK, FAR))
    }

    /// Whether the session has to be looked at, because that was long ago or the proof of identity has expired.
    pub(super) fn is_outdated(&self, app: &State) -> bool {
        let age = app.clock.now().seconds_since(self.seen);
        self.has_lapsed(app) || age >= SESSION_CHECK.as_secs().cast_signed()
    }

    /// Makes sure that rights are at most a second old; false once the session has ended.
    pub async fn is_present(&mut self, app: &State) -> bool {
        loop {
            policy::ensure_current(app).await;
            let mut outdated = self.is_outdated(app);
            while let Some(change) = self.events.try_next() {
                outdated |= self.concerns(change);
            }
            if !outdated {
                return true;
            }
            if !self.look_again(app).await {
                return false;
            }
        }
    }

    pub(super) fn concerns(&self, change: Change) -> bool {
        match (change, &self.principal) {
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
}
