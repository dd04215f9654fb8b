//! What pages and streams read without the database, and the events that announce changes of it.

pub mod accounts;
pub mod approvals;
pub mod audit_queue;
pub mod cached_view;
pub mod events;
pub mod guards;
pub mod health;
pub mod jobs;
pub mod last_known;
pub mod newest_entries;
pub mod policy;

use std::sync::Arc;

use accounts::Directory;
use approvals::Requests;
use cached_view::CachedView;
use events::{Change, Events};
use health::Health;
use jobs::Jobs;
use last_known::LastKnownStates;
use newest_entries::NewestEntries;
use policy::CurrentPolicy;

use crate::domain::Account;

/// The live state of a running server.
#[derive(Debug)]
pub struct Live {
    pub accounts: Arc<Directory>,
    pub policy: CurrentPolicy,
    /// Requests to see a secret.
    pub approvals: CachedView<Requests>,
    pub jobs: Arc<CachedView<Jobs>>,
    pub last_known: LastKnownStates,
    /// Of the audit log, by account.
    pub newest_entries: Arc<NewestEntries>,
    pub health: Health,
    pub events: Events,
}

impl Default for Live {
    fn default() -> Self {
        Self::new(Vec::new(), LastKnownStates::default())
    }
}

impl Live {
    pub fn new(accounts: Vec<Account>, last_known: LastKnownStates) -> Self {
        let events = Events::default();
        Self {
            accounts: Arc::new(Directory::new(accounts, events.clone())),
            policy: CurrentPolicy::default(),
            approvals: CachedView::default(),
            jobs: Arc::default(),
            last_known,
            newest_entries: Arc::default(),
            health: Health::default(),
            events,
        }
    }

    /// Publishes a change of whether Telegram can be reached; whether it was one.
    pub fn set_telegram_away(&self, away: bool) -> bool {
        let changed = self.health.set_telegram_away(away);
        if changed {
            self.events.publish(Change::Health);
        }
        changed
    }
}
