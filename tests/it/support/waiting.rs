//! Waiting for a condition, with a limit.

use std::time::{Duration, Instant};

/// The timeout of waits in tests: much longer than needed, since the machine may be busy.
pub const DEADLINE: Duration = Duration::from_secs(60);
/// The interval between two checks.
pub const LOOK: Duration = Duration::from_millis(40);

/// Calls `look` until it returns something. Panics with `what` after `limit`.
pub async fn until<T>(what: &str, limit: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let end = Instant::now() + limit;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < end, "{what}: not within {limit:?}");
        tokio::time::sleep(LOOK).await;
    }
}

/// Calls `look` until it returns true.
pub async fn until_true(what: &str, limit: Duration, mut look: impl AsyncFnMut() -> bool) {
    until(what, limit, async || look().await.then_some(())).await;
}
