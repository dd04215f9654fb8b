//! What is refused is written down as well, but not without a limit: whoever tries again and again must not fill the
//! trail, nor push out of sight what others did. Of the same refusal one entry is written in ten minutes, and of all
//! together a hundred.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::domain::Millis;
use crate::domain::audit::{AuditEntry, Outcome};
use crate::ops::App;

/// For how long the same refusal is not written again.
const PAUSE: i64 = 10 * 60;
/// Refusals of that time.
const MANY: usize = 100;

/// The refusals that were written not long ago, by who and what.
#[derive(Debug, Default)]
pub struct Refusals(Mutex<HashMap<String, Millis>>);

impl Refusals {
    fn is_new(&self, what: String, now: Millis) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, at| now.seconds_since(*at) < PAUSE);
        if known.contains_key(&what) || known.len() >= MANY {
            return false;
        }
        known.insert(what, now);
        true
    }
}

/// Writes down soon that this was refused, unless the same was not long ago.
pub(crate) fn note(app: &App, what: &str, entry: AuditEntry) {
    let what = format!("{what} {} {:?}", entry.event.code(), entry.account);
    if app.refusals.is_new(what, entry.at) {
        app.journal.put(AuditEntry { outcome: Outcome::Failed, ..entry });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_counts_once_in_ten_minutes_and_all_together_a_hundred_times() {
        let refusals = Refusals::default();
        let at = |minutes: i64| Millis(minutes * 60_000);
        let ada = || "ada".to_owned();
        assert!(refusals.is_new(ada(), at(0)) && !refusals.is_new(ada(), at(9)));
        assert!(refusals.is_new("bob".into(), at(9)), "another one is another matter");
        assert!(refusals.is_new(ada(), at(10)), "the pause is over");
        let many = (0..500).filter(|number| refusals.is_new(number.to_string(), at(11))).count();
        assert_eq!(many, 98);
        assert!(!refusals.is_new("carol".into(), at(12)) && refusals.is_new("carol".into(), at(21)));
    }
}
