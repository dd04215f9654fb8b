//! What must not happen twice at the same time, or too often. In memory only: a restart forgets it.

use std::collections::{HashMap, HashSet};

use parking_lot::Mutex;

use crate::domain::{AccountId, Millis};

/// For how long the same refused attempt is not recorded again, in seconds.
const PAUSE: i64 = 10 * 60;
/// Refused attempts that are recorded within that time.
const MAX_ATTEMPTS: usize = 100;

/// The guards of a running server.
#[derive(Debug, Default)]
pub struct Guards {
    /// Accounts for which a code is being requested.
    pub code_requests: InFlight,
    /// Accounts for which a code or a password is being submitted.
    pub inputs: InFlight,
    /// People who wait for the next login code of an account.
    pub pending_reveals: PendingReveals,
    pub failed_attempts: FailedAttempts,
}

/// Accounts with an operation under way that must not run twice.
#[derive(Debug, Default)]
pub struct InFlight(Mutex<HashSet<AccountId>>);

/// Ends the operation when dropped.
#[derive(Debug)]
pub struct InFlightGuard<'a>(&'a InFlight, AccountId);

impl InFlight {
    /// None if the operation is under way already.
    pub fn begin(&self, account: AccountId) -> Option<InFlightGuard<'_>> {
        let first = self.0.lock().insert(account);
        first.then(|| InFlightGuard(self, account))
    }
}

impl Drop for InFlightGuard<'_> {
    fn drop(&mut self) {
        self.0.0.lock().remove(&self.1);
    }
}

/// An account, and the principal who waits for its next login code.
type PendingKey = (AccountId, String);

/// People who wait for the next login code of an account.
#[derive(Debug, Default)]
pub struct PendingReveals(Mutex<HashMap<PendingKey, PendingReveal>>);

#[derive(Debug, Clone)]
pub struct PendingReveal {
    pub reason: String,
    /// The message of the newest code that was there when it began; the next code has a later one.
    pub after: i64,
    /// The earliest time of the next code, by Telegram's clock.
    pub from: Millis,
    pub until: Millis,
    /// Without an approval that is needed.
    pub emergency: bool,
}

impl PendingReveals {
    /// Replaces an earlier one of the same person and account, and drops those that have expired.
    pub fn insert(&self, key: PendingKey, pending: PendingReveal, now: Millis) {
        let mut all = self.0.lock();
        all.retain(|_, it| it.until > now);
        all.insert(key, pending);
    }

    pub fn get(&self, key: &PendingKey) -> Option<PendingReveal> {
        self.0.lock().get(key).cloned()
    }

    pub fn remove(&self, key: &PendingKey) -> Option<PendingReveal> {
        self.0.lock().remove(key)
    }
}

/// Refused attempts that were recorded a short time ago, by who and what. They are recorded, but not without a limit:
/// repeated attempts must not fill the audit log, nor push what others did out of sight. One entry is written for the
/// same refusal in ten minutes, and a hundred for all.
#[derive(Debug, Default)]
pub struct FailedAttempts(Mutex<HashMap<String, Millis>>);

impl FailedAttempts {
    /// Whether this attempt is to be recorded; if so, the same is not again for ten minutes.
    pub fn is_due(&self, what: String, now: Millis) -> bool {
        let mut recorded = self.0.lock();
        recorded.retain(|_, at| now.seconds_since(*at) < PAUSE);
        if recorded.contains_key(&what) || recorded.len() >= MAX_ATTEMPTS {
            return false;
        }
        recorded.insert(what, now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_counts_once_in_ten_minutes_and_all_together_a_hundred_times() {
        let attempts = FailedAttempts::default();
        let at = |minutes: i64| Millis(minutes * 60_000);
        let ada = || "ada".to_owned();
        assert!(attempts.is_due(ada(), at(0)) && !attempts.is_due(ada(), at(9)));
        assert!(attempts.is_due("bob".into(), at(9)), "another one is another matter");
        assert!(attempts.is_due(ada(), at(10)), "the pause is over");
        let many = (0..500).filter(|number| attempts.is_due(number.to_string(), at(11))).count();
        assert_eq!(many, 98);
        assert!(!attempts.is_due("carol".into(), at(12)) && attempts.is_due("carol".into(), at(21)));
    }
}
