//! The access policy in memory: read without locks by every page and stream, replaced as a whole by `ops::policy`.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use arc_swap::ArcSwap;

use crate::domain::Millis;
use crate::domain::access::Policy;

/// The policy in force.
#[derive(Debug, Default)]
pub struct CurrentPolicy {
    current: ArcSwap<Policy>,
    /// Held while the policy is read again, so that an older state never replaces a newer one.
    pub reading: tokio::sync::Mutex<()>,
    /// Held while the database is asked for its version, so that one asks for all.
    pub checking: tokio::sync::Mutex<()>,
    checked: AtomicI64,
}

impl CurrentPolicy {
    pub fn new(policy: Policy) -> Self {
        Self { current: ArcSwap::from_pointee(policy), ..Self::default() }
    }

    /// The policy of this moment. It is not to be kept: a decision needs the newest.
    pub fn current(&self) -> Arc<Policy> {
        self.current.load_full()
    }

    /// When it was last known to be the database's.
    pub fn checked_at(&self) -> Millis {
        Millis(self.checked.load(Ordering::Relaxed))
    }

    pub fn set_checked_at(&self, at: Millis) {
        self.checked.fetch_max(at.0, Ordering::Relaxed);
    }

    /// Puts another policy in force.
    pub fn replace(&self, policy: Policy) {
        self.current.store(Arc::new(policy));
    }
}
