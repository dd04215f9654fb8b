//! Outages and failures, as far as the process itself can detect them.
//!
//! Whether the database is unavailable is stored only in [`Db`](crate::store::Db).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

#[derive(Debug, Default)]
pub struct Health {
    telegram_away: AtomicBool,
    task_failures: Mutex<BTreeMap<&'static str, u64>>,
}

impl Health {
    /// Whether no account is connected, which indicates a network problem rather than one of a single account.
    pub fn telegram_away(&self) -> bool {
        self.telegram_away.load(Ordering::Relaxed)
    }

    /// Returns whether the value changed.
    pub(super) fn set_telegram_away(&self, away: bool) -> bool {
        self.telegram_away.swap(away, Ordering::Relaxed) != away
    }

    /// How often each background task failed since the start of the server.
    pub fn task_failures(&self) -> BTreeMap<&'static str, u64> {
        self.task_failures.lock().clone()
    }

    pub(crate) fn count_task_failure(&self, task: &'static str) -> u64 {
        let mut failures = self.task_failures.lock();
        let count = failures.entry(task).or_default();
        *count += 1;
        *count
    }
}
