//! The one way to say that something changed.
//!
//! Operations publish after their commit; session caches and streams subscribe. An event names what changed and never
//! carries it: a subscriber reads the present state, so a missed event costs nothing but a second look.

use tokio::sync::broadcast;

use crate::domain::UserId;

/// Events that a subscriber may lag behind; then it has to assume that everything changed.
const CAPACITY: usize = 1024;

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Roles, groups, grants, or owners and groups of accounts.
    Policy,
    /// The sessions or rights of one person.
    User(UserId),
    /// A web session ended.
    SessionEnded(SessionId),
}

/// The id of a web session, as far as events have to tell sessions apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SessionId(pub i128);

/// The event bus.
#[derive(Clone, Debug)]
pub struct Events(broadcast::Sender<Change>);

impl Default for Events {
    fn default() -> Self {
        Self(broadcast::Sender::new(CAPACITY))
    }
}

impl Events {
    pub fn publish(&self, change: Change) {
        // An error only means that there is no subscriber.
        let _ = self.0.send(change);
    }

    pub fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.0.subscribe()
    }
}
