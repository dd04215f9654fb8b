//! Exponential backoff: pauses between attempts that double with each failure, up to a limit.

use std::time::Duration;

#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    first: Duration,
    longest: Duration,
    failures: u32,
}

impl Backoff {
    pub(crate) const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, failures: 0 }
    }

    /// Counts a failure and returns how long to wait before the next attempt.
    pub(crate) fn fail(&mut self) -> Duration {
        self.failures = self.failures.saturating_add(1);
        self.pause()
    }

    /// The pause after the failures so far; the first pause if there was none.
    pub(crate) fn pause(&self) -> Duration {
        self.after(self.failures)
    }

    /// The pause after this many failures in a row.
    pub(crate) fn after(&self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        self.first.saturating_mul(1 << doublings).min(self.longest)
    }

    /// Resets the count after a success.
    pub(crate) const fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_limit_and_reset_after_a_success() {
        let mut backoff = Backoff::new(Duration::from_secs(2), Duration::from_secs(300));
        assert_eq!(backoff.pause().as_secs(), 2);
        let pauses: Vec<u64> = (0..10).map(|_| backoff.fail().as_secs()).collect();
        assert_eq!(pauses, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(backoff.after(u32::MAX).as_secs(), 300);
        backoff.reset();
        assert_eq!(backoff.fail().as_secs(), 2);
    }
}
