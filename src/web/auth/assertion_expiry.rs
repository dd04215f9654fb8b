//! The expiry of each session's newest assertion, for the streams that were opened with it.

use std::collections::HashMap;

use parking_lot::Mutex;
use tower_sessions::session::Id;

use crate::domain::Millis;

/// Sessions that are remembered.
const CAPACITY: usize = 10_000;

#[derive(Debug, Default)]
pub struct AssertionExpiry(Mutex<HashMap<Id, Millis>>);

impl AssertionExpiry {
    pub fn put(&self, session: Id, until: Millis, now: Millis) {
        let mut known = self.0.lock();
        if known.len() >= CAPACITY {
            known.retain(|_, until| *until > now);
        }
        if known.len() >= CAPACITY {
            known.clear();
        }
        known.insert(session, until);
    }

    /// Until when a session's assertion holds.
    pub fn until(&self, session: Option<Id>) -> Option<Millis> {
        self.0.lock().get(&session?).copied()
    }

    /// Whether a session's assertion is still valid.
    pub fn is_valid(&self, session: Option<Id>, now: Millis) -> bool {
        session.is_some_and(|session| self.0.lock().get(&session).is_some_and(|until| *until > now))
    }
}
