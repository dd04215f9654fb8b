//! The newest audit entry of each account since the start, so that an open page reads its history only when that has
//! grown.

use std::collections::HashMap;

use parking_lot::Mutex;

use crate::domain::AccountId;

#[derive(Debug, Default)]
pub struct NewestEntries(Mutex<HashMap<AccountId, i64>>);

impl NewestEntries {
    /// The number of the account's newest entry; 0 if none was written since the start.
    pub fn of(&self, account: AccountId) -> i64 {
        self.0.lock().get(&account).copied().unwrap_or_default()
    }

    pub(crate) fn extend(&self, newest: impl IntoIterator<Item = (AccountId, i64)>) {
        self.0.lock().extend(newest);
    }
}
