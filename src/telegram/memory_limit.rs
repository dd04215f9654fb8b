//! The memory of a td-host. TDLib keeps every user and chat that it ever saw, so only the end of its process gives
//! memory back. A host over its limit is restarted at a quiet time; its accounts reconnect within a second, and
//! no login is needed.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// How often it is looked at.
const LOOK: Duration = Duration::from_secs(5);
/// Looks without any traffic in between that make a quiet time.
const QUIET: u32 = 2;
/// A host that is never quiet for that long is not waited for any more.
const PATIENCE: Duration = Duration::from_secs(15 * 60);
/// Hosts are not restarted more often, even if the limit is lower than what they begin with.
const AT_MOST_EVERY: Duration = Duration::from_secs(15 * 60);

/// Watches the hosts of one slot.
pub(crate) struct MemoryLimit {
    bytes: Option<u64>,
    not_before: Option<Instant>,
}

impl MemoryLimit {
    /// With this mark, or none.
    pub(crate) const fn new(bytes: Option<u64>) -> Self {
        Self { bytes, not_before: None }
    }

    /// Resolves when the process is over the mark and the time is right; gives its bytes.
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

/// Bytes of memory that a process has in use.
fn resident(process: u32) -> Option<u64> {
    let pages = std::fs::read_to_string(format!("/proc/{process}/statm")).ok()?;
    let pages: u64 = pages.split(' ').nth(1)?.parse().ok()?;
    Some(pages * u64::try_from(rustix::param::page_size()).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_program_uses_memory() {
        let bytes = resident(std::process::id()).unwrap();
        assert!((1 << 20..1 << 40).contains(&bytes), "{bytes}");
        assert_eq!(resident(u32::MAX), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_quiet_host_over_its_mark_is_reported_once_in_a_while() {
        let (me, traffic) = (Some(std::process::id()), AtomicU64::new(0));
        let mut mark = MemoryLimit::new(Some(1));
        let begun = Instant::now();
        assert!(mark.reached(me, &traffic).await > 1);
        assert!(begun.elapsed() < Duration::from_secs(30));
        mark.reached(me, &traffic).await;
        assert!(begun.elapsed() >= AT_MOST_EVERY);
    }

    #[tokio::test(start_paused = true)]
    async fn a_busy_host_is_waited_for_but_not_for_ever() {
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
    async fn a_host_below_its_mark_is_left_alone() {
        let traffic = AtomicU64::new(0);
        let mut mark = MemoryLimit::new(Some(u64::MAX));
        let reached = mark.reached(Some(std::process::id()), &traffic);
        assert!(tokio::time::timeout(Duration::from_secs(86_400), reached).await.is_err());
    }
}
