//! The devices of each account: the last list that is stored, which pages show, and the lists that are not stored yet.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use tokio::sync::Notify;

use crate::domain::{AccountId, Devices, Millis};

/// Lists that may wait to be stored. Beyond it only the newest of an account is kept.
const WAITING: usize = 10_000;

/// Lists as Telegram gave them, the oldest first.
pub type Lists = VecDeque<(AccountId, Devices)>;

/// The list that pages show, and when the stored one was read: that devices were used meanwhile is not stored at once.
#[derive(Debug)]
struct Known {
    list: Arc<Devices>,
    stored_at: Millis,
}

#[derive(Debug, Default)]
pub struct KnownDevices {
    known: RwLock<HashMap<AccountId, Known>>,
    unstored: Mutex<Lists>,
    added: Notify,
    /// Held while lists are stored.
    pub(crate) storing: tokio::sync::Mutex<()>,
}

impl KnownDevices {
    pub fn new(stored: Vec<(AccountId, Devices)>) -> Self {
        let known = |list: Devices| Known { stored_at: list.read_at, list: Arc::new(list) };
        let known = stored.into_iter().map(|(account, list)| (account, known(list))).collect();
        Self { known: RwLock::new(known), ..Self::default() }
    }

    /// The last list of an account that pages show.
    pub fn get(&self, account: AccountId) -> Option<Arc<Devices>> {
        self.known.read().get(&account).map(|known| Arc::clone(&known.list))
    }

    /// When the stored list of an account was read.
    pub(crate) fn stored_at(&self, account: AccountId) -> Option<Millis> {
        self.known.read().get(&account).map(|known| known.stored_at)
    }

    /// A list that Telegram gave. Each list with another set of devices is kept until it is stored, so that no device that
    /// was there for a short time is missed.
    pub fn put(&self, account: AccountId, devices: Devices) {
        let mut unstored = self.unstored.lock();
        let is_full = unstored.len() >= WAITING;
        let last = unstored.iter_mut().rev().find(|(of, _)| *of == account);
        match last {
            Some((_, last)) if is_full || devices.is_unchanged_since(last) => *last = devices,
            Some(_) | None => unstored.push_back((account, devices)),
        }
        drop(unstored);
        self.added.notify_one();
    }

    /// Resolves when something was added since the last time.
    pub(crate) async fn added(&self) {
        self.added.notified().await;
    }

    /// Takes so many lists at most, the oldest first, and one of each account.
    pub(crate) fn take(&self, most: usize) -> Lists {
        let mut unstored = self.unstored.lock();
        let mut accounts = HashSet::new();
        let count = unstored.iter().take(most).take_while(|(account, _)| accounts.insert(*account)).count();
        unstored.drain(..count).collect()
    }

    /// Puts back what could not be stored, before what came later.
    pub(crate) fn put_back(&self, taken: Lists) {
        let mut unstored = self.unstored.lock();
        taken.into_iter().rev().for_each(|list| unstored.push_front(list));
    }

    /// Shows this list, which was stored if that was due.
    pub fn set_known(&self, account: AccountId, list: Devices, is_stored: bool) {
        let mut known = self.known.write();
        let before = known.get(&account).map(|known| known.stored_at).filter(|_| !is_stored);
        let stored_at = before.unwrap_or(list.read_at);
        known.insert(account, Known { list: Arc::new(list), stored_at });
    }

    pub(crate) fn remove(&self, account: AccountId) {
        self.known.write().remove(&account);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(idle_days: u32, read_at: i64) -> Devices {
        Devices::new(Vec::new(), idle_days, Millis(read_at))
    }

    #[test]
    fn lists_that_differ_are_kept_in_their_order() {
        let devices = KnownDevices::default();
        let (first, second) = (AccountId::generate(), AccountId::generate());
        devices.put(first, list(180, 1));
        devices.put(first, list(180, 2));
        devices.put(second, list(180, 3));
        devices.put(first, list(30, 4));
        let taken = devices.take(2);
        let expected = [(first, list(180, 2)), (second, list(180, 3))];
        assert_eq!(taken, expected);
        devices.put_back(taken);
        assert_eq!(devices.take(9), expected, "one of each account");
        assert_eq!(devices.take(9), [(first, list(30, 4))]);
        assert!(devices.take(9).is_empty() && devices.get(first).is_none());
        devices.set_known(first, list(30, 4), true);
        devices.set_known(first, list(30, 5), false);
        assert_eq!(devices.get(first).as_deref(), Some(&list(30, 5)));
        assert_eq!(devices.stored_at(first), Some(Millis(4)));
    }
}
