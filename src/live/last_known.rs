//! The last known state of each account, for when its client does not run.

use std::collections::HashMap;

use parking_lot::Mutex;

use crate::domain::AccountId;
use crate::domain::account::Known;

/// The last known states, as stored in the database.
#[derive(Debug, Default)]
pub struct LastKnownStates(Mutex<HashMap<AccountId, Known>>);

impl LastKnownStates {
    pub fn new(known: Vec<(AccountId, Known)>) -> Self {
        Self(Mutex::new(known.into_iter().collect()))
    }

    pub fn get(&self, account: AccountId) -> Option<Known> {
        self.0.lock().get(&account).cloned()
    }

    pub(crate) fn remove(&self, account: AccountId) {
        self.0.lock().remove(&account);
    }

    pub(crate) fn differs(&self, account: AccountId, known: &Known) -> bool {
        self.0.lock().get(&account) != Some(known)
    }

    pub(crate) fn extend(&self, written: impl IntoIterator<Item = (AccountId, Known)>) {
        self.0.lock().extend(written);
    }
}
