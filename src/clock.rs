//! The clock: the only code that reads the system time. Tests use a clock that they advance themselves.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::domain::Millis;

/// A source of time. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The system clock.
    System,
    /// For tests: stands still until it is advanced.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `now`.
    pub fn manual(now: Millis) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(now.0)))
    }

    pub fn now(&self) -> Millis {
        match self {
            #[expect(clippy::disallowed_methods, reason = "this is the clock")]
            Self::System => Millis(
                std::time::SystemTime::now()
                    .duration_since(std::time::UNIX_EPOCH)
                    .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
            ),
            Self::Manual(now) => Millis(now.load(Ordering::SeqCst)),
        }
    }

    /// Advances a manual clock; does nothing to the system clock.
    pub fn advance(&self, seconds: i64) {
        if let Self::Manual(now) = self {
            now.fetch_add(seconds * 1000, Ordering::SeqCst);
        }
    }
}
