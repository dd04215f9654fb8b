//! Limits the open streams of one person. Each costs the server some work at every change, so a script, or a
//! browser with a hundred tabs, must not slow it down for everyone. One too many is refused with the reason; open ones
//! stay open.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};

use crate::domain::access::Principal;

/// The open streams, counted by person.
#[derive(Clone, Debug, Default)]
pub struct OpenStreams(Arc<Mutex<HashMap<String, u32>>>);

impl OpenStreams {
    /// Counts one more stream of a person who may have `limit` streams; None if there are as many already.
    pub fn open(&self, actor: &Principal, limit: u32) -> Option<Place> {
        let person = actor.to_string();
        let mut open = self.counts();
        let count = open.entry(person.clone()).or_default();
        if *count >= limit {
            return None;
        }
        *count += 1;
        drop(open);
        Some(Place { streams: self.clone(), person })
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<String, u32>> {
        self.0.lock()
    }
}

/// An open stream, counted until it is dropped.
#[derive(Debug)]
pub struct Place {
    streams: OpenStreams,
    person: String,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.streams.counts();
        if let Some(count) = open.get_mut(&self.person) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.person);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_by_person_and_come_back() {
        let streams = OpenStreams::default();
        let (ada, bob) = (Principal::System("ada"), Principal::System("bob"));
        let first = streams.open(&ada, 2).unwrap();
        let _second = streams.open(&ada, 2).unwrap();
        assert!(streams.open(&ada, 2).is_none());
        let others = streams.open(&bob, 2).unwrap();
        drop(first);
        let third = streams.open(&ada, 2).unwrap();
        assert!(streams.open(&ada, 2).is_none());
        drop((third, others));
        assert_eq!(streams.counts().len(), 1, "nothing is kept of people without streams");
    }
}
