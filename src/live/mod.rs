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
pub mod policy;

use std::sync::Arc;

use accounts::Directory;
use approvals::Requests;
use cached_view::CachedView;
use events::Events;
use health::Health;
use jobs::Jobs;
use last_known::LastKnownStates;
use policy::CurrentPolicy;

/// The live state of a running server.
#[derive(Debug, Default)]
pub struct Live {
    pub accounts: Arc<Directory>,
    pub policy: CurrentPolicy,
    /// Requests to see a secret.
    pub approvals: CachedView<Requests>,
    pub jobs: Arc<CachedView<Jobs>>,
    pub last_known: LastKnownStates,
    pub health: Health,
    pub events: Events,
}

impl Live {
    pub fn new(accounts: Directory, last_known: LastKnownStates) -> Self {
        Self { accounts: Arc::new(accounts), last_known, ..Self::default() }
    }
}
