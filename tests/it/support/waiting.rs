//! Waiting for something to become true, and for no longer than it takes.

use std::time::{Duration, Instant};

/// How long a test waits for what has to happen. A test that passes never waits so long; a machine under load may.
pub const DEADLINE: Duration = Duration::from_secs(60);
/// How often something is looked at while it is waited for.
const LOOK: Duration = Duration::from_millis(40);

/// Looks until there is something, and panics with `what` if there is nothing within `limit`.
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

/// Looks until it is so.
pub async fn until_true(what: &str, limit: Duration, mut look: impl AsyncFnMut() -> bool) {
    until(what, limit, async || look().await.then_some(())).await;
}
