//! Rows that many pages show, read once for all of them.

use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::Notify;

/// The newest rows of one kind, and a way to wake the task that maintains them.
#[derive(Debug, Default)]
pub struct CachedView<T> {
    value: ArcSwap<T>,
    wake: Notify,
}

impl<T> CachedView<T> {
    pub fn load(&self) -> Arc<T> {
        self.value.load_full()
    }

    pub(crate) fn store(&self, value: T) {
        self.value.store(Arc::new(value));
    }

    /// Wakes the task, now or when it next waits.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    pub(crate) async fn woken(&self) {
        self.wake.notified().await;
    }
}
