//! Rows that pages show often, read once for all of them.

use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::Notify;

/// The newest rows of one kind, and a wake-up call for the task that works on them.
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
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    pub(crate) async fn woken(&self) {
        self.wake.notified().await;
    }
}
