//! The access policy in memory: read without locks by every page and stream, replaced as a whole by `ops::policy`.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use arc_swap::ArcSwap;

use crate::domain::Millis;
use crate::domain::access::Policy;

/// The current policy.
#[derive(Debug, Default)]
pub struct CurrentPolicy {
    current: ArcSwap<Policy>,
    /// Held while the policy is reloaded, so that an older one never replaces a newer one.
    pub reading: tokio::sync::Mutex<()>,
    /// Held while the database is queried for its version, so that one query serves all callers.
    pub checking: tokio::sync::Mutex<()>,
    checked: AtomicI64,
}

impl CurrentPolicy {
    pub fn new(policy: Policy) -> Self {
        Self { current: ArcSwap::from_pointee(policy), ..Self::default() }
    }

    /// The present policy. Don't keep it: each decision needs the newest one.
    pub fn current(&self) -> Arc<Policy> {
        self.current.load_full()
    }

    /// When it was last known to be current.
    pub fn checked_at(&self) -> Millis {
        Millis(self.checked.load(Ordering::Relaxed))
    }

    pub fn set_checked_at(&self, at: Millis) {
        self.checked.fetch_max(at.0, Ordering::Relaxed);
    }

    /// Replaces the policy.
    pub fn replace(&self, policy: Policy) {
        self.current.store(Arc::new(policy));
    }
}
