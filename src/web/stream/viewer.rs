//! The reader of a stream. A page checks permissions once; a stream stays open, so it checks again: at once when its
//! session ends or a permission changes, and periodically. Before each message, one check for all streams makes sure
//! that the policy is at most a second old; its version counts changes of people as well.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use tokio::time::Instant;
use tower_sessions::Session;
use tower_sessions::session::Id;

use crate::domain::access::Principal;
use crate::domain::invite::InviteDenied;
use crate::domain::{Confirmation, Millis};
use crate::live::events::{Change, SessionId, Subscription};
use crate::ops::invites::Begun;
use crate::ops::policy;
use crate::store::WebSessions;
use crate::web::auth::invite_browser::{self, Caller};
use crate::web::auth::session::{self, RequestSession};
use crate::web::error::AppError;
use crate::web::state::State;
use crate::web::stream::SESSION_CHECK;
use crate::web::stream::limit::Place;
use crate::web::words::limits as words;

/// The least time between two checks whether an assertion has expired.
const LAPSE_CHECK: Duration = Duration::from_millis(100);
/// The longest wait for that.
const FAR: Duration = Duration::from_secs(24 * 60 * 60);

/// The reader of a stream.
pub struct Viewer {
    /// The person.
    pub principal: Principal,
    /// When the person was last read from the database.
    seen: Millis,
    session: Option<Id>,
    /// When the person signed in at the proxy, by the assertion that opened the stream.
    asserted: Option<Confirmation>,
    /// A browser that has begun with an invite, instead of a session.
    invited: Option<Caller>,
    pub(super) events: Subscription,
    /// Held as long as the stream is open.
    _place: Place,
}

impl Viewer {
    /// The person of a session; None without one. Refused if they have too many streams open.
    pub async fn of(app: &State, caller: &RequestSession) -> Result<Option<Self>, AppError> {
        // Before the session is checked: an end in between must not be missed.
        let events = app.live.events.subscribe();
        let seen = app.clock.now();
        let actor = session::current(app, caller).await?;
        let Some(actor) = actor else { return Ok(None) };
        policy::ensure_current(app).await;
        let place = app.streams.open(&actor, app.config.limits.streams_per_user);
        let place = place
            .ok_or_else(|| AppError::Bad(StatusCode::TOO_MANY_REQUESTS, words::TOO_MANY_STREAMS.into()))?;
        let (session, asserted) = (caller.session.id(), caller.asserted);
        Ok(Some(Self { principal: actor, seen, session, asserted, events, invited: None, _place: place }))
    }

    /// The browser of an invite; None if it can't go on.
    pub async fn of_invite(app: &State, caller: Caller) -> Result<Option<Self>, AppError> {
        let events = app.live.events.subscribe();
        let seen = app.clock.now();
        let Ok(Begun { principal, .. }) = invite_browser::current(app, &caller).await? else {
            return Ok(None);
        };
        policy::ensure_current(app).await;
        let place = app.streams.open(&principal, app.config.limits.streams_per_user);
        let place = place
            .ok_or_else(|| AppError::Bad(StatusCode::TOO_MANY_REQUESTS, words::TOO_MANY_STREAMS.into()))?;
        let invited = Some(caller);
        Ok(Some(Self { principal, seen, session: None, asserted: None, invited, events, _place: place }))
    }

    /// Reads the person from the database; false once the session has ended. While the database is unavailable the
    /// session continues, since no session can end then.
    pub async fn reload(&mut self, app: &State) -> bool {
        if self.has_lapsed(app) {
            return false;
        }
        // Not when the result arrives: it may be outdated by then.
        let asked = app.clock.now();
        if let Some(caller) = &self.invited {
            match invite_browser::current(app, caller).await {
                Ok(Ok(Begun { principal, .. })) => self.principal = principal,
                // The page says that it is done, and shows nothing of what happens to the account from then on.
                Ok(Err((InviteDenied::Used, Some(_)))) => {
                    if let Principal::Invite(pass) = &self.principal {
                        self.principal = Principal::Invite(pass.clone().used());
                    }
                }
                Err(_) => {}
                Ok(Err(_)) => return false,
            }
            self.seen = asked;
            return true;
        }
        // A new handle: the session's own caches its first read.
        let store = Arc::new(WebSessions::watching(app.db.clone(), app.clock.clone()));
        let session = Session::new(self.session, store, None);
        let (origin, asserted) = (self.principal.origin(), self.asserted);
        match session::current(app, &RequestSession { session, origin, asserted }).await {
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

    fn is_by_request(&self, app: &State) -> bool {
        self.invited.is_none() && app.config.sso.mode.is_by_request()
    }

    /// Whether the request's assertion has expired. The browser then reconnects, with a newer one if there is one.
    pub fn has_lapsed(&self, app: &State) -> bool {
        self.is_by_request(app) && !app.assertions.is_valid(self.session, app.clock.now())
    }

    /// When the request's assertion expires, as far as is known now. A later request may bring a newer one.
    pub(super) fn lapses(&self, app: &State) -> Option<Instant> {
        let until = app.assertions.until(self.session).filter(|_| self.is_by_request(app))?;
        let left = u64::try_from(until.0.saturating_sub(app.clock.now().0)).unwrap_or(0);
        // Where there is no sign-in, assertions never expire, and an instant can't be that far away.
        Instant::now().checked_add(Duration::from_millis(left).clamp(LAPSE_CHECK, FAR))
    }

    /// Whether the session has to be checked, because the last check was long ago or the assertion has expired.
    pub(super) fn is_outdated(&self, app: &State) -> bool {
        let age = app.clock.now().seconds_since(self.seen);
        self.has_lapsed(app) || age >= SESSION_CHECK.as_secs().cast_signed()
    }

    /// Makes sure that permissions are at most a second old; false once the session has ended.
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
            if !self.reload(app).await {
                return false;
            }
        }
    }

    pub(super) fn concerns(&self, change: Change) -> bool {
        match (change, &self.principal) {
            (Change::SessionEnded(SessionId(session)), _) => Some(Id(session)) == self.session,
            (Change::User(changed), Principal::User(person)) => changed == person.id,
            (Change::Invites, Principal::Invite(_)) => true,
            (Change::User(_), _) => false,
            (Change::Policy | Change::Everything, _) => true,
            (
                Change::Account(_)
                | Change::StoredPassword(_)
                | Change::Devices(_)
                | Change::Approvals
                | Change::Jobs
                | Change::Invites
                | Change::Proxies
                | Change::Health
                | Change::Audit,
                _,
            ) => false,
        }
    }
}
