//! When a provider is contacted again: soon while it has never answered, since no one can sign in before that, and at
//! most once per interval afterwards.

use std::time::Duration;

use crate::domain::Millis;
use crate::domain::backoff::Backoff;

/// Pauses after failures while nothing is known yet.
const UNKNOWN: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(10));

/// When the last request ended, and the pauses after failures.
#[derive(Debug)]
pub(crate) struct Refresh {
    asked: Option<Millis>,
    backoff: Backoff,
}

impl Default for Refresh {
    fn default() -> Self {
        Self { asked: None, backoff: UNKNOWN }
    }
}

impl Refresh {
    /// Records the end of a request. Callers that waited for a slow request then don't start the next one at once.
    pub(crate) fn record(&mut self, now: Millis, succeeded: bool) {
        self.asked = Some(now);
        if succeeded {
            self.backoff.reset();
        } else {
            self.backoff.fail();
        }
    }

    /// How long to wait before the next request. Once something is known, `interval` applies instead of the growing pauses.
    /// If the clock was set back, a request is allowed.
    pub(crate) fn remaining(&self, now: Millis, interval: Option<Duration>) -> Option<Duration> {
        let wait = interval.unwrap_or_else(|| self.backoff.pause());
        let passed = u64::try_from(now.0.checked_sub(self.asked?.0)?).ok()?;
        wait.checked_sub(Duration::from_millis(passed)).filter(|left| !left.is_zero())
    }

    pub(crate) fn ready(&self, now: Millis, interval: Option<Duration>) -> bool {
        self.remaining(now, interval).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_with_failures_and_are_a_minute_once_something_is_known() {
        let minute = Some(Duration::from_secs(60));
        let mut refresh = Refresh::default();
        assert!(refresh.ready(Millis(0), None) && refresh.ready(Millis(0), minute));
        let mut now = 1_000_000;
        for wait in [1000, 2000, 4000, 8000, 10_000, 10_000] {
            refresh.record(Millis(now), false);
            assert_eq!(refresh.remaining(Millis(now), None), Some(Duration::from_millis(wait)));
            now += i64::try_from(wait).unwrap();
            assert!(!refresh.ready(Millis(now - 1), None) && refresh.ready(Millis(now), None));
        }
        refresh.record(Millis(now), true);
        assert!(!refresh.ready(Millis(now + 59_999), minute));
        assert!(refresh.ready(Millis(now + 60_000), minute));
        assert!(refresh.ready(Millis(now - 1), minute), "the clock was set back");
    }
}
