//! Who may do what, in memory: read without locks by every page and stream, replaced as a whole by `ops::rules`.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::domain::access::Policy;

/// The rules that are in force.
#[derive(Debug, Default)]
pub struct CurrentPolicy {
    current: ArcSwap<Policy>,
    /// Held while the rules are read anew, so that an older state never replaces a newer one.
    pub reading: tokio::sync::Mutex<()>,
}

impl CurrentPolicy {
    /// These rules, for a start.
    pub fn new(rules: Policy) -> Self {
        Self { current: ArcSwap::from_pointee(rules), reading: tokio::sync::Mutex::default() }
    }

    /// The rules of this moment. Whoever holds them decides by them; so they are not kept.
    pub fn current(&self) -> Arc<Policy> {
        self.current.load_full()
    }

    /// Puts other rules in force.
    pub fn replace(&self, rules: Policy) {
        self.current.store(Arc::new(rules));
    }
}
