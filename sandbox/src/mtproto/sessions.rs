//! All sessions of the server.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::crypto::KeyId;
use crate::mtproto::session::{MessageIds, Session, SessionKey};

const MAX_SESSIONS: usize = 20_000;
/// Seconds after which a session without a connection is forgotten.
const FORGOTTEN_AFTER: i64 = 3600;

/// The sessions, and the counter of message ids that they share.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    all: HashMap<SessionKey, Session>,
    pub(crate) ids: MessageIds,
}

impl Sessions {
    /// The session with this key and id, and whether it is new.
    pub(crate) fn open(&mut self, key: SessionKey, now: i64) -> (&mut Session, bool) {
        if self.all.len() >= MAX_SESSIONS && !self.all.contains_key(&key) {
            self.make_room(now);
        }
        match self.all.entry(key) {
            Entry::Occupied(entry) => (entry.into_mut(), false),
            Entry::Vacant(entry) => (entry.insert(Session::new(now)), true),
        }
    }

    fn make_room(&mut self, now: i64) {
        self.all
            .retain(|_, session| session.connection.is_some() || now - session.last_used < FORGOTTEN_AFTER);
        while self.all.len() >= MAX_SESSIONS {
            let oldest = self.all.iter().min_by_key(|(_, session)| session.last_used);
            let Some(key) = oldest.map(|(key, _)| *key) else {
                return;
            };
            self.all.remove(&key);
        }
    }

    pub(crate) fn get_mut(&mut self, key: &SessionKey) -> Option<&mut Session> {
        self.all.get_mut(key)
    }

    /// A session and the counter of ids.
    pub(crate) fn with_ids(&mut self, key: &SessionKey) -> Option<(&mut Session, &mut MessageIds)> {
        Some((self.all.get_mut(key)?, &mut self.ids))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (&SessionKey, &mut Session)> {
        self.all.iter_mut()
    }

    /// Forgets a session. `false` if there was none.
    pub(crate) fn remove(&mut self, key: &SessionKey) -> bool {
        self.all.remove(key).is_some()
    }

    /// Forgets the sessions of some keys. Returns the connections they were on.
    pub(crate) fn forget(&mut self, which: impl Fn(KeyId) -> bool) -> Vec<u64> {
        let forgotten = self.all.extract_if(|(key, _), _| which(*key));
        forgotten.filter_map(|(_, session)| session.connection.map(|(id, _)| id)).collect()
    }

    /// The session waits for its next connection.
    pub(crate) fn detach(&mut self, key: &SessionKey, connection: u64) {
        if let Some(session) = self.all.get_mut(key)
            && session.connection.as_ref().is_some_and(|(at, _)| *at == connection)
        {
            session.connection = None;
        }
    }
}
