//! The person of each session as last read from the database, for times when it is unavailable. In memory only, and
//! bounded. While the database is available, the cache is not used.

use std::collections::HashMap;

use parking_lot::{Mutex, MutexGuard};
use tower_sessions::session::Id;

use crate::domain::Email;
use crate::domain::access::Principal;
use crate::live::events::{Change, Events, SessionId, Subscription};

/// Sessions that are remembered.
const CAPACITY: usize = 10_000;

/// The cache. It applies pending events before each use, so no session outlives the change that ends it.
#[derive(Debug)]
pub struct SessionCache(Mutex<Cached>);

#[derive(Debug)]
struct Cached {
    principals: HashMap<Id, Principal>,
    /// Counts invalidations: an answer that the database gave before one may be outdated.
    generation: u64,
    events: Subscription,
}

impl SessionCache {
    pub fn new(events: &Events) -> Self {
        Self(Mutex::new(Cached { principals: HashMap::new(), generation: 0, events: events.subscribe() }))
    }

    fn current(&self) -> MutexGuard<'_, Cached> {
        let mut cached = self.0.lock();
        cached.apply_events();
        cached
    }

    /// To be read before the query, and passed to [`put`](Self::put) with its result.
    pub fn generation(&self) -> u64 {
        self.current().generation
    }

    /// Stores the result of a query, unless something was invalidated since `generation` was read.
    pub fn put(&self, session: Id, principal: Option<&Principal>, generation: u64) {
        let mut cached = self.current();
        let fresh = cached.generation == generation;
        match principal {
            Some(_) if !fresh => {}
            Some(principal)
                if cached.principals.len() < CAPACITY || cached.principals.contains_key(&session) =>
            {
                cached.principals.insert(session, principal.clone());
            }
            Some(_) => cached.principals.clear(),
            None => drop(cached.principals.remove(&session)),
        }
    }

    /// Whether a session belonged to that address.
    pub fn belongs_to(&self, session: Id, email: &Email) -> bool {
        let principal = self.get(session);
        principal.is_some_and(|it| matches!(it, Principal::User(person) if person.email == *email))
    }

    pub fn get(&self, session: Id) -> Option<Principal> {
        self.current().principals.get(&session).cloned()
    }
}

impl Cached {
    fn apply_events(&mut self) {
        while let Some(change) = self.events.try_next() {
            match change {
                Change::SessionEnded(SessionId(session)) => drop(self.principals.remove(&Id(session))),
                Change::User(user) => {
                    self.principals
                        .retain(|_, it| !matches!(it, Principal::User(person) if person.id == user));
                }
                Change::Policy | Change::Everything => self.principals.clear(),
                Change::Account(_)
                | Change::StoredPassword(_)
                | Change::Devices(_)
                | Change::Approvals
                | Change::Jobs
                | Change::Invites
                | Change::Proxies
                | Change::Health
                | Change::Audit => continue,
            }
            self.generation += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::Person;
    use crate::domain::{RequestInfo, UserId};

    #[test]
    fn an_answer_from_before_an_invalidation_is_not_kept() {
        let events = Events::default();
        let cache = SessionCache::new(&events);
        let (session, id) = (Id::default(), UserId::generate());
        let email = Email::parse("ada@example.org").unwrap();
        let origin = RequestInfo::default();
        let person = Person { id, email, verified: true, admin: true, confirmed: None, origin };
        let principal = Principal::User(person);
        for change in [Change::SessionEnded(SessionId(session.0)), Change::User(id), Change::Policy] {
            let generation = cache.generation();
            cache.put(session, Some(&principal), generation);
            assert_eq!(cache.get(session).as_ref(), Some(&principal));
            events.publish(change);
            assert_eq!(cache.get(session), None);
            // The query was sent before that, and its result arrives only now.
            cache.put(session, Some(&principal), generation);
            assert_eq!(cache.get(session), None);
        }
    }

    #[test]
    fn more_events_than_can_be_followed_clear_everything() {
        let events = Events::default();
        let cache = SessionCache::new(&events);
        let session = Id::default();
        cache.put(session, Some(&Principal::Cli), cache.generation());
        for _ in 0..5000 {
            events.publish(Change::User(UserId::generate()));
        }
        assert_eq!(cache.get(session), None);
    }
}
