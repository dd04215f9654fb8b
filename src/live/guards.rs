//! Guards against concurrent or too frequent operations. In memory only, so a restart resets them.

use std::collections::{HashMap, HashSet};

use parking_lot::Mutex;

use crate::domain::{AccountId, Millis};

/// Seconds in which the same refused attempt is not recorded again.
const PAUSE: i64 = 10 * 60;
/// How many refused attempts are recorded within that time.
const MAX_ATTEMPTS: usize = 100;
/// Of these, how many may come from one source.
const MAX_OF_SOURCE: usize = 10;

/// Seconds in which [`Recent`] counts.
const HOUR: i64 = 60 * 60;

/// The guards of a running server.
#[derive(Debug, Default)]
pub struct Guards {
    /// Accounts for which a code is being requested.
    pub code_requests: InFlight,
    /// Accounts about whose devices something is being requested.
    pub devices: InFlight,
    /// Accounts for which a code or a password is being submitted.
    pub inputs: InFlight,
    /// Accounts whose two-step password is being changed or checked at Telegram.
    pub two_step: InFlight,
    /// People who wait for the next login code of an account.
    pub pending_reveals: PendingReveals,
    pub failed_attempts: FailedAttempts,
    /// Refusals that told a person of a hidden account's number. A person who tries many numbers would learn which of them
    /// the organisation has.
    pub taken_numbers: Recent,
    /// Steps of a person in the login of an account that are limited in no other way.
    pub login_changes: Recent,
    /// Attempts of a person to log a device in to an account.
    pub device_logins: Recent,
    /// Tests of proxies that a person started.
    pub proxy_tests: Recent,
    /// E-mails with the link of an invite.
    pub invite_emails: Recent,
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

/// How often something happened in the last hour, by the person or account.
#[derive(Debug, Default)]
pub struct Recent(Mutex<HashMap<String, Vec<Millis>>>);

impl Recent {
    pub fn count(&self, key: &str, now: Millis) {
        self.0.lock().entry(key.to_owned()).or_default().push(now);
    }

    pub fn has_reached(&self, limit: usize, key: &str, now: Millis) -> bool {
        let mut all = self.0.lock();
        forget_old(&mut all, now);
        all.get(key).is_some_and(|times| times.len() >= limit)
    }

    /// Counts one more, unless the limit is reached.
    pub fn admit(&self, limit: usize, key: &str, now: Millis) -> bool {
        let mut all = self.0.lock();
        forget_old(&mut all, now);
        let times = all.entry(key.to_owned()).or_default();
        let is_within = times.len() < limit;
        if is_within {
            times.push(now);
        }
        is_within
    }
}

fn forget_old(all: &mut HashMap<String, Vec<Millis>>, now: Millis) {
    all.retain(|_, times| {
        times.retain(|at| now.seconds_since(*at) < HOUR);
        !times.is_empty()
    });
}

/// Recently recorded refused attempts, by actor and action. Their number is limited, because repeated attempts must not
/// fill the audit log and hide other entries: within ten minutes one entry is written for the same refusal, ten for all
/// refusals of one source, and a hundred for all sources together. What is left out beyond that is counted.
#[derive(Debug, Default)]
pub struct FailedAttempts(Mutex<RecordedAttempts>);

#[derive(Debug, Default)]
struct RecordedAttempts {
    /// By what was refused: to which source, and when.
    recorded: HashMap<String, (String, Millis)>,
    left_out: u64,
    /// When the first of those was left out.
    left_out_since: Option<Millis>,
}

impl FailedAttempts {
    /// Whether to record this attempt. If so, the same attempt is not recorded again for ten minutes.
    pub fn is_due(&self, source: &str, what: String, now: Millis) -> bool {
        let mut attempts = self.0.lock();
        attempts.recorded.retain(|_, (_, at)| now.seconds_since(*at) < PAUSE);
        if attempts.recorded.contains_key(&what) {
            return false;
        }
        let of_source = attempts.recorded.values().filter(|(other, _)| other == source).count();
        if attempts.recorded.len() >= MAX_ATTEMPTS || of_source >= MAX_OF_SOURCE {
            attempts.left_out += 1;
            attempts.left_out_since.get_or_insert(now);
            return false;
        }
        attempts.recorded.insert(what, (source.to_owned(), now));
        true
    }

    /// How many attempts were left out since this was last asked, if the first of them is that many seconds ago.
    pub fn take_left_out(&self, now: Millis, seconds: i64) -> Option<u64> {
        let mut attempts = self.0.lock();
        attempts.left_out_since.filter(|since| now.seconds_since(*since) >= seconds)?;
        attempts.left_out_since = None;
        Some(std::mem::take(&mut attempts.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_ten_minutes_one_attempt_is_recorded_once_and_a_hundred_in_total() {
        let attempts = FailedAttempts::default();
        let at = |minutes: i64| Millis(minutes * 60_000);
        let is_due = |what: &str, now| attempts.is_due(what, what.to_owned(), now);
        assert!(is_due("ada", at(0)) && !is_due("ada", at(9)));
        assert!(is_due("bob", at(9)), "another one is another matter");
        assert!(is_due("ada", at(10)), "the pause is over");
        assert_eq!(attempts.take_left_out(at(10), 0), None, "what is recorded is not left out");
        let many = (0..500).filter(|number| is_due(&number.to_string(), at(11))).count();
        assert_eq!(many, 98);
        assert!(!is_due("carol", at(12)));
        assert_eq!(attempts.take_left_out(at(13), 180), None, "soon, and in one number");
        assert_eq!(attempts.take_left_out(at(14), 180), Some(500 - 98 + 1));
        assert_eq!(attempts.take_left_out(at(20), 0), None, "it is said once");
        assert!(is_due("carol", at(21)));
    }

    #[test]
    fn one_source_does_not_use_up_what_all_share() {
        let attempts = FailedAttempts::default();
        let from =
            |source: &str, number: u32| attempts.is_due(source, format!("{source} {number}"), Millis(0));
        assert_eq!((0..200).filter(|number| from("eve", *number)).count(), 10);
        assert!(from("bob", 0), "others are recorded");
        assert_eq!(attempts.take_left_out(Millis(0), 0), Some(190));
    }
}
