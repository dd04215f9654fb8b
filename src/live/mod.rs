//! The state that pages and streams read without the database, and the event bus that announces its changes.

pub mod accounts;
pub mod approvals;
pub mod audit_queue;
pub mod cached_view;
pub mod devices;
pub mod events;
pub mod guards;
pub mod health;
pub mod jobs;
pub mod last_known;
pub mod newest_entries;
pub mod pictures;
pub mod policy;
pub mod proxies;

use std::sync::Arc;

use accounts::{Directory, Listing};
use approvals::Requests;
use cached_view::CachedView;
use devices::KnownDevices;
use events::{Change, Events};
use health::Health;
use jobs::Jobs;
use last_known::LastKnownStates;
use newest_entries::NewestEntries;
use pictures::FetchedPictures;
use policy::CurrentPolicy;
use proxies::Proxies;

use crate::domain::Account;
use crate::domain::access::Policy;

/// The live state of a running server.
#[derive(Debug)]
pub struct Live {
    pub accounts: Arc<Directory>,
    pub policy: CurrentPolicy,
    /// Requests to see a secret.
    pub approvals: CachedView<Requests>,
    pub jobs: Arc<CachedView<Jobs>>,
    pub last_known: LastKnownStates,
    /// Profile pictures that are not stored yet.
    pub pictures: Arc<FetchedPictures>,
    pub devices: Arc<KnownDevices>,
    /// Of the audit log, by account.
    pub newest_entries: Arc<NewestEntries>,
    pub proxies: Proxies,
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
            pictures: Arc::default(),
            devices: Arc::default(),
            newest_entries: Arc::default(),
            proxies: Proxies::default(),
            health: Health::default(),
            events,
        }
    }

    /// Puts another policy in force, together with what rights depend on in these accounts' rows: owner and groups, and
    /// with them the comment. The rest of a row is kept current by what changes it.
    pub fn put_in_force(&self, policy: Policy, accounts: Vec<Account>) {
        self.accounts.put_all_details(accounts, || self.policy.replace(policy));
    }

    /// The policy in force and the accounts, both of one moment.
    pub fn policy_and_accounts(&self) -> (Arc<Policy>, Arc<Listing>) {
        let (listing, policy) = self.accounts.listing_with(|| self.policy.current());
        (policy, listing)
    }

    /// Sets whether Telegram is unreachable, and publishes a change. Returns whether it was one.
    pub fn set_telegram_away(&self, away: bool) -> bool {
        let changed = self.health.set_telegram_away(away);
        if changed {
            self.events.publish(Change::Health);
        }
        changed
    }
}
