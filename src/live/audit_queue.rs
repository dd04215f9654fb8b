//! Audit entries that are not written yet: outcomes of requests to Telegram, and changes that come from Telegram. They
//! must not be lost while the database is briefly unavailable.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::domain::audit::AuditEntry;

/// Entries kept while the database is unavailable; more are dropped and counted.
const CAPACITY: usize = 20_000;

#[derive(Debug, Default)]
pub struct AuditQueue {
    waiting: Mutex<VecDeque<AuditEntry>>,
    dropped: AtomicU64,
    wake: Notify,
}

impl AuditQueue {
    /// Queues an entry; entries are written soon, in order.
    pub fn put(&self, entry: AuditEntry) {
        let mut waiting = self.waiting.lock();
        if waiting.len() >= CAPACITY {
            // The oldest may be being written now, so the newest is dropped.
            let dropped = self.dropped.fetch_add(1, Ordering::Relaxed) + 1;
            tracing::error!(dropped, code = entry.event.code(), "the audit queue is full; an entry is lost");
            return;
        }
        waiting.push_back(entry);
        drop(waiting);
        self.wake.notify_one();
    }

    pub(crate) fn oldest(&self, count: usize) -> Vec<AuditEntry> {
        self.waiting.lock().iter().take(count).cloned().collect()
    }

    pub(crate) fn remove_oldest(&self, count: usize) {
        let mut waiting = self.waiting.lock();
        let count = count.min(waiting.len());
        waiting.drain(..count);
    }

    /// Resolves when an entry was queued since the last call.
    pub(crate) async fn woken(&self) {
        self.wake.notified().await;
    }
}
