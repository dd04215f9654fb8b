//! The one place that asks for the time.

use std::time::{Duration, SystemTime};

/// The time since 1970.
pub fn now() -> Duration {
    #[expect(clippy::disallowed_methods, reason = "everything else is handed the time")]
    let now = SystemTime::now();
    now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

/// Seconds as Telegram counts them.
pub fn seconds(time: Duration) -> i32 {
    i32::try_from(time.as_secs()).unwrap_or(i32::MAX)
}
