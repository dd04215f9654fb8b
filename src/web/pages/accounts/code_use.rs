//! How many login codes were requested for an account's number, and when the next one may be.

use crate::domain::{Account, Millis};
use crate::store::{self, Conn, StoreError};
use crate::web::state::State;

/// Codes are counted over so many seconds.
const DAY: i64 = 24 * 60 * 60;

/// When a code stops counting: the millisecond in which it is a day old still counts.
const fn ends(at: Millis) -> Millis {
    Millis(at.0.saturating_add(DAY * 1000 + 1))
}

/// The codes of the last 24 hours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeUse {
    /// The oldest first.
    times: Vec<Millis>,
    pub limit: u32,
}

impl CodeUse {
    /// Read for a page; none while the database is unavailable.
    pub async fn now(app: &State, account: &Account) -> Option<Self> {
        if app.db.is_away() {
            return None;
        }
        Self::read(app, &mut app.db.read().await.ok()?, account).await.ok()
    }

    pub async fn read(app: &State, conn: &mut Conn<'_>, account: &Account) -> Result<Self, StoreError> {
        let since = app.clock.now().plus_seconds(-DAY);
        let times = match account.identifier.phone() {
            Some(phone) => store::login_attempts::times_since(conn, phone, since).await?,
            None => Vec::new(),
        };
        Ok(Self { times, limit: app.config.limits.login_attempts_per_day })
    }

    /// How many count at this moment.
    pub fn used(&self, now: Millis) -> usize {
        let since = now.plus_seconds(-DAY);
        self.times.iter().filter(|at| **at >= since).count()
    }

    /// When the next one may be requested, if that is not now.
    pub fn next_at(&self, now: Millis) -> Option<Millis> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        if self.used(now) < limit {
            return None;
        }
        // Enough of them have to be a day old.
        let last = self.times.len().checked_sub(limit)?;
        self.times.get(last).map(|at| ends(*at))
    }

    /// When the next of them stops counting.
    pub fn changes_at(&self, now: Millis) -> Option<Millis> {
        self.times.iter().map(|at| ends(*at)).filter(|end| *end > now).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_count_for_a_day() {
        let at = |hours: i64| Millis(hours * 60 * 60 * 1000);
        let codes = CodeUse { times: vec![at(1), at(2), at(3)], limit: 2 };
        assert_eq!((codes.used(at(4)), codes.next_at(at(4))), (3, Some(Millis(at(26).0 + 1))));
        assert_eq!((codes.used(at(26)), codes.next_at(at(26))), (2, Some(Millis(at(26).0 + 1))));
        assert_eq!((codes.used(Millis(at(26).0 + 1)), codes.next_at(Millis(at(26).0 + 1))), (1, None));
        assert_eq!(codes.changes_at(at(4)), Some(Millis(at(25).0 + 1)));
        assert_eq!(codes.changes_at(at(60)), None);
        let none = CodeUse { times: vec![], limit: 0 };
        assert_eq!((none.used(at(1)), none.next_at(at(1))), (0, None));
    }
}
