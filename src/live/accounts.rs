//! The directory: every account with the live picture of its login, in memory, swapped whole on change.
//!
//! Pages and live streams read it without locks and without the database, so pages go on working while the
//! database is away. Account rows are put here by `ops` after their commit, snapshots by the accounts'
//! actors. Each change gives the entry a new version; a row rendered for a version may be shared.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::domain::{Account, AccountId, Email, GroupId, Snapshot};

/// The names of groups.
pub type GroupNames = BTreeMap<GroupId, Arc<str>>;

/// An account and how it stands.
#[derive(Debug)]
pub struct Entry {
    /// What people said of it.
    pub account: Account,
    /// How it stands.
    pub snapshot: Snapshot,
    /// Grows with every change anywhere in the directory; unique per entry value.
    pub version: u64,
}

/// All entries at one moment, in the order the accounts were added.
#[derive(Debug, Default)]
pub struct Listing {
    /// The entries, by id (so: by time of adding).
    pub entries: Vec<Arc<Entry>>,
    /// The newest version among them, or of what left.
    pub version: u64,
}

impl Listing {
    /// The entry of an account.
    pub fn get(&self, id: AccountId) -> Option<&Arc<Entry>> {
        self.entries.get(place(&self.entries, id).ok()?)
    }
}

/// The shared directory. Reading never waits.
#[derive(Debug, Default)]
pub struct Directory {
    listing: ArcSwap<Listing>,
    groups: ArcSwap<GroupNames>,
    writing: Mutex<()>,
    changed: watch::Sender<u64>,
}

impl Directory {
    /// A directory of these accounts, none of which has a client yet.
    pub fn new(accounts: Vec<Account>) -> Self {
        let directory = Self {
            listing: ArcSwap::default(),
            groups: ArcSwap::default(),
            writing: Mutex::new(()),
            changed: watch::Sender::new(0),
        };
        directory.write(|entries, version| {
            for account in accounts {
                entries.push(Arc::new(Entry { account, snapshot: Snapshot::off(), version }));
            }
        });
        directory
    }

    /// The present listing; it does not change under the reader.
    pub fn listing(&self) -> Arc<Listing> {
        self.listing.load_full()
    }

    /// The present entry of an account.
    pub fn get(&self, id: AccountId) -> Option<Arc<Entry>> {
        self.listing.load().get(id).cloned()
    }

    /// Tells of changes by the listing's version; a slow reader sees the newest only.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Puts an account's row in, new or changed. Its live picture stays.
    pub fn put_account(&self, account: Account) {
        self.write(|entries, version| match place(entries, account.id) {
            Ok(at) => {
                if let Some(entry) = entries.get_mut(at) {
                    let snapshot = entry.snapshot.clone();
                    *entry = Arc::new(Entry { account, snapshot, version });
                }
            }
            Err(at) => {
                entries.insert(at, Arc::new(Entry { account, snapshot: Snapshot::off(), version }));
            }
        });
    }

    /// Puts an account's live picture in. An account that is not listed is ignored.
    pub fn put_snapshot(&self, id: AccountId, snapshot: Snapshot) {
        self.write(|entries, version| {
            let Ok(at) = entries.binary_search_by_key(&id, |entry| entry.account.id) else {
                return;
            };
            if let Some(entry) = entries.get_mut(at) {
                let account = entry.account.clone();
                *entry = Arc::new(Entry { account, snapshot, version });
            }
        });
    }

    /// Puts in what people say of an account. One that is not listed is ignored.
    pub fn put_details(&self, id: AccountId, owner: Option<Email>, comment: String, groups: Vec<GroupId>) {
        self.write(|entries, version| {
            let Ok(at) = place(entries, id) else { return };
            if let Some(entry) = entries.get_mut(at) {
                let account = Account { owner, comment, groups, ..entry.account.clone() };
                *entry = Arc::new(Entry { account, snapshot: entry.snapshot.clone(), version });
            }
        });
    }

    /// The names of all groups.
    pub fn groups(&self) -> Arc<GroupNames> {
        self.groups.load_full()
    }

    /// The names of all groups from now on.
    pub fn set_groups(&self, groups: impl IntoIterator<Item = (GroupId, String)>) {
        self.groups.store(Arc::new(groups.into_iter().map(|(id, name)| (id, name.into())).collect()));
    }

    /// Tells readers to look again, though no account has changed.
    pub fn touch(&self) {
        self.write(|_, _| {});
    }

    /// Takes an account out.
    pub fn remove(&self, id: AccountId) {
        self.write(|entries, _| entries.retain(|entry| entry.account.id != id));
    }

    fn write(&self, change: impl FnOnce(&mut Vec<Arc<Entry>>, u64)) {
        let _one_writer = self.writing.lock();
        let before = self.listing.load();
        let version = before.version + 1;
        let mut entries = before.entries.clone();
        change(&mut entries, version);
        self.listing.store(Arc::new(Listing { entries, version }));
        self.changed.send_replace(version);
    }
}

/// Where the account is, or would be: entries are in the order of their ids.
fn place(entries: &[Arc<Entry>], id: AccountId) -> Result<usize, usize> {
    entries.binary_search_by_key(&id, |entry| entry.account.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{DesiredState, Millis, Phone, Stage};

    fn account(number: u16) -> Account {
        Account {
            id: AccountId::generate(),
            phone: Phone::test(1, number),
            owner: None,
            comment: String::new(),
            groups: vec![],
            wanted: DesiredState::Connected,
            folder: String::new(),
            created: Millis(0),
        }
    }

    #[test]
    fn readers_keep_what_they_read_and_learn_of_changes() {
        let (first, second) = (account(1), account(2));
        let directory = Directory::new(vec![first.clone()]);
        let changes = directory.subscribe();
        let before = directory.listing();
        directory.put_account(second.clone());
        directory.put_snapshot(first.id, Snapshot { stage: Stage::Ready, ..Snapshot::off() });
        assert_eq!(before.entries.len(), 1, "a reader's listing does not change");
        assert_eq!(before.get(first.id).unwrap().snapshot.stage, Stage::Disconnected);
        let now = directory.listing();
        assert_eq!(now.get(first.id).unwrap().snapshot.stage, Stage::Ready);
        assert!(now.get(first.id).unwrap().version > now.get(second.id).unwrap().version);
        assert_eq!(*changes.borrow(), now.version);

        let commented = Account { comment: "sales".into(), ..first.clone() };
        directory.put_account(commented);
        let entry = directory.get(first.id).unwrap();
        assert_eq!((entry.account.comment.as_str(), &entry.snapshot.stage), ("sales", &Stage::Ready));

        directory.remove(first.id);
        directory.put_snapshot(first.id, Snapshot::off());
        assert!(directory.get(first.id).is_none(), "a late snapshot brings nobody back");
        assert_eq!(directory.listing().entries.len(), 1);
    }
}
