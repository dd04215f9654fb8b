//! The memory limit of a td-host. TDLib keeps every user and chat that it ever saw in memory, so only a restart frees
//! memory. A host over its limit is restarted when it is idle; its accounts reconnect within a second, without a login.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// How often memory use is checked.
const LOOK: Duration = Duration::from_secs(5);
/// A host is idle if there was no traffic for this many checks.
const QUIET: u32 = 2;
/// A host that is never idle is restarted after this time.
const PATIENCE: Duration = Duration::from_secs(15 * 60);
/// The minimum time between restarts, in case a new host already exceeds the limit.
const AT_MOST_EVERY: Duration = Duration::from_secs(15 * 60);

/// Monitors the hosts of one slot.
pub(crate) struct MemoryLimit {
    bytes: Option<u64>,
    not_before: Option<Instant>,
}

impl MemoryLimit {
    /// `bytes` is the limit; none for no limit.
    pub(crate) const fn new(bytes: Option<u64>) -> Self {
        Self { bytes, not_before: None }
    }

    /// Resolves with the process's memory use when it is over the limit and should be restarted.
    pub(crate) async fn reached(&mut self, process: Option<u32>, traffic: &AtomicU64) -> u64 {
        let (Some(mark), Some(process)) = (self.bytes, process) else {
            return std::future::pending().await;
        };
        let mut over_since = None;
        let (mut seen, mut quiet) = (0, 0);
        loop {
            tokio::time::sleep(LOOK).await;
            let now = Instant::now();
            let before = std::mem::replace(&mut seen, traffic.load(Ordering::Relaxed));
            quiet = if seen == before { quiet + 1 } else { 0 };
            let bytes = resident(process).unwrap_or(0);
            if bytes < mark {
                over_since = None;
                continue;
            }
            let waited = now.duration_since(*over_since.get_or_insert(now));
            if self.not_before.is_none_or(|at| at <= now) && (quiet >= QUIET || waited >= PATIENCE) {
                self.not_before = Some(now + AT_MOST_EVERY);
                return bytes;
            }
        }
    }
}

/// The resident memory of a process, in bytes.
fn resident(process: u32) -> Option<u64> {
    let pages = std::fs::read_to_string(format!("/proc/{process}/statm")).ok()?;
    let pages: u64 = pages.split(' ').nth(1)?.parse().ok()?;
    Some(pages * u64::try_from(rustix::param::page_size()).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_use_is_read() {
        let bytes = resident(std::process::id()).unwrap();
        assert!((1 << 20..1 << 40).contains(&bytes), "{bytes}");
        assert_eq!(resident(u32::MAX), None);
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_host_over_its_limit_is_restarted_at_most_once_per_interval() {
        let (me, traffic) = (Some(std::process::id()), AtomicU64::new(0));
        let mut mark = MemoryLimit::new(Some(1));
        let begun = Instant::now();
        assert!(mark.reached(me, &traffic).await > 1);
        assert!(begun.elapsed() < Duration::from_secs(30));
        mark.reached(me, &traffic).await;
        assert!(begun.elapsed() >= AT_MOST_EVERY);
    }

    #[tokio::test(start_paused = true)]
    async fn a_busy_host_is_restarted_after_a_while() {
        let (me, traffic) = (Some(std::process::id()), AtomicU64::new(0));
        let mut mark = MemoryLimit::new(Some(1));
        let begun = Instant::now();
        let chatter = async {
            loop {
                tokio::time::sleep(Duration::from_secs(1)).await;
                traffic.fetch_add(1, Ordering::Relaxed);
            }
        };
        tokio::select! {
            _ = mark.reached(me, &traffic) => {}
            () = chatter => {}
        }
        assert!(begun.elapsed() >= PATIENCE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_below_its_limit_is_not_restarted() {
        let traffic = AtomicU64::new(0);
        let mut mark = MemoryLimit::new(Some(u64::MAX));
        let reached = mark.reached(Some(std::process::id()), &traffic);
        assert!(tokio::time::timeout(Duration::from_secs(86_400), reached).await.is_err());
    }
}
