//! Guards against concurrent or too frequent operations. In memory only, so a restart resets them.

use std::collections::{HashMap, HashSet};

use parking_lot::Mutex;

use crate::domain::{AccountId, Millis};

/// Seconds in which the same refused attempt is not recorded again.
const PAUSE: i64 = 10 * 60;
/// How many refused attempts are recorded within that time.
const MAX_ATTEMPTS: usize = 100;

/// The guards of a running server.
#[derive(Debug, Default)]
pub struct Guards {
    /// Accounts for which a code is being requested.
    pub code_requests: InFlight,
    /// People who wait for the next login code of an account.
    pub pending_reveals: PendingReveals,
    pub failed_attempts: FailedAttempts,
}

/// Accounts with a running operation that must not run twice.
#[derive(Debug, Default)]
pub struct InFlight(Mutex<HashSet<AccountId>>);

/// Ends the operation when dropped.
#[derive(Debug)]
pub struct InFlightGuard<'a>(&'a InFlight, AccountId);

impl InFlight {
    /// None if the operation is already running.
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

/// An account, and the principal that waits for its next login code.
type PendingKey = (AccountId, String);

/// People who wait for the next login code of an account.
#[derive(Debug, Default)]
pub struct PendingReveals(Mutex<HashMap<PendingKey, PendingReveal>>);

#[derive(Debug, Clone)]
pub struct PendingReveal {
    pub reason: String,
    pub since: Millis,
    pub until: Millis,
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

/// Recently recorded refused attempts, by actor and action. Their number is limited, because repeated attempts must not
/// fill the audit log and hide other entries: in ten minutes one entry is written for the same refusal, and a hundred
/// in total.
#[derive(Debug, Default)]
pub struct FailedAttempts(Mutex<HashMap<String, Millis>>);

impl FailedAttempts {
    /// Whether to record this attempt. If so, the same attempt is not recorded again for ten minutes.
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
    fn in_ten_minutes_one_attempt_is_recorded_once_and_a_hundred_in_total() {
        let attempts = FailedAttempts::default();
        let at = |minutes: i64| Millis(minutes * 60_000);
        let ada = || "ada".to_owned();
        assert!(attempts.is_due(ada(), at(0)) && !attempts.is_due(ada(), at(9)));
        assert!(attempts.is_due("bob".into(), at(9)), "a different attempt");
        assert!(attempts.is_due(ada(), at(10)), "the pause is over");
        let many = (0..500).filter(|number| attempts.is_due(number.to_string(), at(11))).count();
        assert_eq!(many, 98);
        assert!(!attempts.is_due("carol".into(), at(12)) && attempts.is_due("carol".into(), at(21)));
    }
}
