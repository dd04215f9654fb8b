//! The event bus.
//!
//! Operations publish after their commit; session caches, streams and background tasks subscribe. An event says what
//! changed but does not contain the change: a subscriber reads the present state, so after missed events it only has to
//! read everything again.

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

use crate::domain::{AccountId, UserId};

/// How many events a subscriber may lag behind before it gets [`Change::Everything`].
const CAPACITY: usize = 1024;

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// An account's row or its live state, or the account was removed.
    Account(AccountId),
    /// The account's stored two-step password.
    StoredPassword(AccountId),
    /// The devices that are signed in to the account.
    Devices(AccountId),
    /// Roles, groups, grants, or owners and groups of accounts.
    Policy,
    /// Requests to see a secret.
    Approvals,
    /// Jobs and their steps.
    Jobs,
    /// Invites and their states.
    Invites,
    /// Proxies, what they are selected for, and the results of their tests.
    Proxies,
    /// The sessions or rights of one person.
    User(UserId),
    /// A web session ended.
    SessionEnded(SessionId),
    /// The database or Telegram became unavailable, or available again.
    Health,
    /// Entries were added to the audit log.
    Audit,
    /// The subscriber missed events, so anything may have changed. It is never published.
    Everything,
}

/// The id of a web session.
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

    pub fn subscribe(&self) -> Subscription {
        Subscription(self.0.subscribe())
    }
}

/// The events since the subscription.
#[derive(Debug)]
pub struct Subscription(broadcast::Receiver<Change>);

impl Subscription {
    pub async fn next(&mut self) -> Change {
        match self.0.recv().await {
            Ok(change) => change,
            Err(RecvError::Lagged(_)) => Change::Everything,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }

    /// The next event, if it was published already.
    pub fn try_next(&mut self) -> Option<Change> {
        match self.0.try_recv() {
            Ok(change) => Some(change),
            Err(TryRecvError::Lagged(_)) => Some(Change::Everything),
            Err(TryRecvError::Empty | TryRecvError::Closed) => None,
        }
    }

    /// Waits for the next event that is `wanted`.
    pub async fn wait_for(&mut self, wanted: impl Fn(Change) -> bool) -> Change {
        loop {
            let change = self.next().await;
            if change == Change::Everything || wanted(change) {
                return change;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_lagging_subscriber_gets_everything_and_then_the_next_events() {
        let events = Events::default();
        let mut subscription = events.subscribe();
        for _ in 0..=CAPACITY {
            events.publish(Change::Jobs);
        }
        assert_eq!(subscription.next().await, Change::Everything);
        assert_eq!(subscription.next().await, Change::Jobs);
        while subscription.try_next().is_some() {}
        events.publish(Change::Jobs);
        events.publish(Change::Health);
        assert_eq!(subscription.wait_for(|change| change == Change::Health).await, Change::Health);
    }
}
