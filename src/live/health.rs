//! What does not work at the moment, as far as the process itself can tell.
//!
//! Whether the database is unavailable is known to [`Db`](crate::store::Db) and kept only there.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

#[derive(Debug, Default)]
pub struct Health {
    telegram_away: AtomicBool,
    task_failures: Mutex<BTreeMap<&'static str, u64>>,
}

impl Health {
    /// Whether no account reaches Telegram, which points to the network rather than to one of them.
    pub fn telegram_away(&self) -> bool {
        self.telegram_away.load(Ordering::Relaxed)
    }

    /// Whether that is a change.
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
