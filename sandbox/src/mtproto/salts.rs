//! Server salts: eight bytes that each packet must carry and that change periodically, so that old packets cannot be
//! replayed.
//!
//! A key's salts are not stored. They are derived from the key and the number of the period; only the first one comes
//! from the key exchange. A salt is valid for its own period and the one after it, so clients have time to change.

use grammers_tl_types::types::FutureSalt;

use crate::crypto::{AuthKey, sha256};

/// For how many seconds a salt is the current one, by default.
pub(crate) const PERIOD: i64 = 30 * 60;
/// Salts that are announced in advance, at most.
const MAX_FUTURE: i64 = 64;

/// The salts of one key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Salts<'a> {
    pub(crate) key: &'a AuthKey,
    /// The salt of the key exchange.
    pub(crate) first: i64,
    /// When the key was created, in seconds since 1970.
    pub(crate) created: i64,
    /// The length of a period in seconds.
    pub(crate) period: i64,
}

impl Salts<'_> {
    /// The salt that packets should carry now.
    pub(crate) fn current(&self, now: i64) -> i64 {
        if now < self.created.saturating_add(self.period) {
            return self.first;
        }
        self.of_period(now.div_euclid(self.period))
    }

    /// Whether packets may carry this salt now.
    pub(crate) fn is_valid(&self, salt: i64, now: i64) -> bool {
        let period = now.div_euclid(self.period);
        let is_young = now < self.created.saturating_add(2 * self.period);
        (is_young && salt == self.first)
            || salt == self.of_period(period)
            || salt == self.of_period(period - 1)
    }

    /// The salts of this period and the next ones.
    pub(crate) fn future(&self, now: i64, count: i32) -> Vec<FutureSalt> {
        let period = now.div_euclid(self.period);
        let seconds = |period: i64| i32::try_from(period.saturating_mul(self.period)).unwrap_or(i32::MAX);
        (period..period + i64::from(count).clamp(1, MAX_FUTURE))
            .map(|period| FutureSalt {
                valid_since: seconds(period),
                valid_until: seconds(period + 2),
                salt: self.of_period(period),
            })
            .collect()
    }

    fn of_period(&self, period: i64) -> i64 {
        let [a, b, c, d, e, f, g, h, ..] = sha256(&[b"salt", &self.key.0, &period.to_le_bytes()]);
        i64::from_le_bytes([a, b, c, d, e, f, g, h])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_salt_is_valid_for_two_periods() {
        let key = AuthKey([7; 256]);
        let salts = Salts { key: &key, first: 42, created: 1000, period: 100 };
        assert_eq!(salts.current(1000), 42);
        assert!(salts.is_valid(42, 1199) && !salts.is_valid(42, 1200) && !salts.is_valid(43, 1000));
        let future = salts.future(1150, 3);
        let since: Vec<_> = future.iter().map(|salt| (salt.valid_since, salt.valid_until)).collect();
        assert_eq!(since, [(1100, 1300), (1200, 1400), (1300, 1500)]);
        assert_eq!(salts.current(1250), future[1].salt);
        for (at, good) in [(1199, false), (1200, true), (1399, true), (1400, false)] {
            assert_eq!(salts.is_valid(future[1].salt, at), good, "at {at}");
        }
        assert_eq!(salts.future(1150, -5).len(), 1);
        assert_eq!(salts.future(1150, i32::MAX).len(), 64);
    }
}
