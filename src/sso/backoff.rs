//! When a provider may be asked again: soon as long as it has never answered, since nobody can sign in before, and
//! seldom once it has.

use std::time::Duration;

use crate::domain::Millis;

/// Milliseconds after the first failures, while nothing is known; the last goes on.
const SOON: [i64; 4] = [1000, 2000, 5000, 10_000];

/// When it was last asked and had answered or failed to, and how often it has failed since it last answered.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    asked: Option<Millis>,
    failures: usize,
}

impl Backoff {
    /// Notes that it was asked, and how that went. A question that took long ends now: those who waited for it do not
    /// ask one after the other.
    pub(crate) fn record(&mut self, now: Millis, well: bool) {
        self.asked = Some(now);
        self.failures = if well { 0 } else { self.failures.saturating_add(1) };
    }

    /// How long it is not to be asked. `floor` are the milliseconds between two questions where something is known. A
    /// clock that was set back asks once more rather than never.
    pub(crate) fn remaining(&self, now: Millis, floor: Option<i64>) -> Option<Duration> {
        let soon = || SOON.get(self.failures.clamp(1, SOON.len()) - 1).copied().unwrap_or(0);
        let wait = floor.unwrap_or_else(soon);
        let passed = now.0.checked_sub(self.asked?.0).filter(|passed| (0..wait).contains(passed))?;
        Some(Duration::from_millis(u64::try_from(wait - passed).unwrap_or(0)))
    }

    /// Whether it may be asked.
    pub(crate) fn ready(&self, now: Millis, floor: Option<i64>) -> bool {
        self.remaining(now, floor).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_waits_longer_with_each_failure_and_a_minute_once_something_is_known() {
        let mut turn = Backoff::default();
        assert!(turn.ready(Millis(0), None) && turn.ready(Millis(0), Some(60_000)));
        let mut now = 1_000_000;
        for wait in [1000, 2000, 5000, 10_000, 10_000, 10_000] {
            turn.record(Millis(now), false);
            assert_eq!(turn.remaining(Millis(now), None), Some(Duration::from_millis(wait)));
            now += i64::try_from(wait).unwrap();
            assert!(!turn.ready(Millis(now - 1), None) && turn.ready(Millis(now), None));
        }
        turn.record(Millis(now), true);
        assert!(!turn.ready(Millis(now + 59_999), Some(60_000)));
        assert!(turn.ready(Millis(now + 60_000), Some(60_000)));
        assert!(turn.ready(Millis(now - 1), Some(60_000)), "the clock was set back");
    }
}
