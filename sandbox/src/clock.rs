//! The only place that reads the system clock.

use std::time::{Duration, SystemTime};

/// The time since 1970.
pub fn now() -> Duration {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock; all other code gets the time as a parameter"
    )]
    let now = SystemTime::now();
    now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

/// Seconds since 1970 as the schema has them.
pub fn seconds(time: Duration) -> i32 {
    i32::try_from(time.as_secs()).unwrap_or(i32::MAX)
}
