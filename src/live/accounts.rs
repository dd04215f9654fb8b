//! The directory: every account with the live state of its login, in memory.
//!
//! Pages and streams read it without locks and without the database, so pages continue to work while the database is
//! unavailable. `ops` puts account rows here after their commit; the accounts' client tasks put snapshots. Each change
//! gives the entry a new version and is published.

mod entries;
mod index;

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use parking_lot::Mutex;

pub use entries::Entries;
use index::Index;

use crate::domain::picture::PhotoId;
use crate::domain::{Account, AccountId, DesiredState, Email, GroupId, Identifier, Snapshot};
use crate::live::events::{Change, Events};

/// The names of groups.
pub type GroupNames = BTreeMap<GroupId, Arc<str>>;

/// An account and its live state.
#[derive(Debug)]
pub struct Entry {
    pub account: Account,
    pub snapshot: Snapshot,
    /// Which photo the stored profile picture shows, if there is one.
    pub picture: Option<PhotoId>,
    /// The directory's version after the entry's last change; unique per change.
    pub version: u64,
}

impl Entry {
    /// What people call the account: its number; a bot by its name and username, once they are known.
    pub fn label(&self) -> String {
        match (&self.account.identifier, &self.snapshot.profile) {
            (Identifier::Bot(_), Some(profile)) => profile.full_name(),
            (identifier, _) => identifier.grouped(),
        }
    }
}

/// What an entry consists of beside its version.
type Content = (Account, Snapshot, Option<PhotoId>);

/// All entries at one moment, in the order the accounts were added. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    pub entries: Entries,
    /// The newest version, including removals.
    pub version: u64,
}

impl Listing {
    pub fn get(&self, id: AccountId) -> Option<&Arc<Entry>> {
        self.entries.get(id)
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<Entry>> {
        self.entries.iter()
    }
}

/// The shared directory. Reading the listing never waits.
#[derive(Debug)]
pub struct Directory {
    listing: ArcSwap<Listing>,
    groups: ArcSwap<GroupNames>,
    index: Mutex<Index>,
    events: Events,
}

impl Directory {
    /// A directory of these accounts, without clients.
    pub fn new(accounts: Vec<Account>, events: Events) -> Self {
        let mut listing = Listing { version: 1, ..Listing::default() };
        let mut index = Index::default();
        for account in accounts {
            index.count_owner(account.owner.as_ref());
            listing.entries.put(Arc::new(Entry {
                account,
                snapshot: Snapshot::off(),
                picture: None,
                version: 1,
            }));
        }
        Self {
            listing: ArcSwap::from_pointee(listing),
            groups: ArcSwap::default(),
            index: Mutex::new(index),
            events,
        }
    }

    /// The present listing; it does not change while it is read.
    pub fn listing(&self) -> Arc<Listing> {
        self.listing.load_full()
    }

    pub fn get(&self, id: AccountId) -> Option<Arc<Entry>> {
        self.listing.load().get(id).cloned()
    }

    /// The accounts that changed after this version, possibly with duplicates; none if the log does not reach back that
    /// far.
    pub fn changed_since(&self, version: u64) -> Option<Vec<AccountId>> {
        let index = self.index.lock();
        index.changed_since(version, self.listing.load().version)
    }

    /// Whether the person with this address owns an account.
    pub fn has_owner(&self, owner: &Email) -> bool {
        self.index.lock().has_owner(owner)
    }

    /// Adds or updates an account's row and keeps its live state.
    pub fn put_account(&self, account: Account) {
        self.write(account.id, |before| {
            let snapshot = before.map_or_else(Snapshot::off, |entry| entry.snapshot.clone());
            Some((account, snapshot, before.and_then(|entry| entry.picture)))
        });
    }

    /// Updates an account's desired state. Ignored if the account is not listed or being removed: two changes may arrive here
    /// in another order than they were committed.
    pub fn put_wanted(&self, id: AccountId, wanted: DesiredState) {
        self.write(id, |before| {
            let before = before?;
            let wanted = match before.account.wanted {
                DesiredState::Removed => DesiredState::Removed,
                DesiredState::Connected | DesiredState::Disconnected => wanted,
            };
            Some((Account { wanted, ..before.account.clone() }, before.snapshot.clone(), before.picture))
        });
    }

    /// Updates an account's live state. Ignored if the account is not listed.
    pub fn put_snapshot(&self, id: AccountId, snapshot: Snapshot) {
        self.write(id, |before| before.map(|before| (before.account.clone(), snapshot, before.picture)));
    }

    /// Sets which photo the stored profile picture shows. Ignored if the account is not listed.
    pub fn put_picture(&self, id: AccountId, picture: Option<PhotoId>) {
        self.write(id, |before| before.map(|it| (it.account.clone(), it.snapshot.clone(), picture)));
    }

    /// Updates the details that people enter about an account. Ignored if the account is not listed.
    pub fn put_details(&self, id: AccountId, owner: Option<Email>, comment: String, groups: Vec<GroupId>) {
        self.write(id, |before| {
            let before = before?;
            let account = Account { owner, comment, groups, ..before.account.clone() };
            Some((account, before.snapshot.clone(), before.picture))
        });
    }

    /// Puts in what people enter about these accounts, at one moment with what `at_once` does. Accounts that are not listed
    /// are ignored.
    pub(super) fn put_all_details(&self, accounts: Vec<Account>, at_once: impl FnOnce()) {
        let mut index = self.index.lock();
        let mut listing = Listing::clone(&self.listing.load());
        let mut changed = Vec::new();
        for Account { id, owner, comment, groups, .. } in accounts {
            let Some(before) = listing.get(id).cloned() else { continue };
            let known = &before.account;
            if (&known.owner, &known.comment, &known.groups) != (&owner, &comment, &groups) {
                let account = Account { owner, comment, groups, ..known.clone() };
                let now = Some((account, before.snapshot.clone(), before.picture));
                index.replace(&mut listing, id, Some(&before), now);
                changed.push(id);
            }
        }
        at_once();
        self.listing.store(Arc::new(listing));
        drop(index);
        changed.into_iter().for_each(|id| self.events.publish(Change::Account(id)));
    }

    /// The present listing, and what `beside` says at the same moment.
    pub(super) fn listing_with<T>(&self, beside: impl FnOnce() -> T) -> (Arc<Listing>, T) {
        let _no_writer = self.index.lock();
        (self.listing.load_full(), beside())
    }

    pub fn groups(&self) -> Arc<GroupNames> {
        self.groups.load_full()
    }

    /// Replaces the names of all groups.
    pub fn set_groups(&self, groups: impl IntoIterator<Item = (GroupId, String)>) {
        self.groups.store(Arc::new(groups.into_iter().map(|(id, name)| (id, name.into())).collect()));
    }

    pub fn remove(&self, id: AccountId) {
        self.write(id, |_| None);
    }

    /// Replaces an account's entry with the result of `change`; None removes it.
    fn write(&self, id: AccountId, change: impl FnOnce(Option<&Entry>) -> Option<Content>) {
        let mut index = self.index.lock();
        let mut listing = Listing::clone(&self.listing.load());
        let before = listing.get(id).cloned();
        let now = change(before.as_deref());
        if before.is_none() && now.is_none() {
            return;
        }
        index.replace(&mut listing, id, before.as_deref(), now);
        self.listing.store(Arc::new(listing));
        drop(index);
        self.events.publish(Change::Account(id));
    }
}

#[cfg(test)]
mod tests {
    use super::index::LOG;
    use super::*;
    use crate::domain::{Millis, Phone, Stage};

    fn account(number: u16) -> Account {
        Account {
            id: AccountId::generate(),
            identifier: Phone::test(1, number).into(),
            owner: None,
            comment: String::new(),
            groups: vec![],
            wanted: DesiredState::Connected,
            folder: String::new(),
            created: Millis(0),
        }
    }

    #[test]
    fn readers_keep_their_listing_and_are_notified_of_changes() {
        let (first, second) = (account(1), account(2));
        let events = Events::default();
        let directory = Directory::new(vec![first.clone()], events.clone());
        let mut changes = events.subscribe();
        let before = directory.listing();
        directory.put_account(second.clone());
        directory.put_snapshot(first.id, Snapshot { stage: Stage::Ready, ..Snapshot::off() });
        assert_eq!(before.entries.len(), 1, "a reader's listing does not change");
        assert_eq!(before.get(first.id).unwrap().snapshot.stage, Stage::Disconnected);
        let now = directory.listing();
        assert_eq!(now.get(first.id).unwrap().snapshot.stage, Stage::Ready);
        assert!(now.get(first.id).unwrap().version > now.get(second.id).unwrap().version);
        assert_eq!(changes.try_next(), Some(Change::Account(second.id)));
        assert_eq!(changes.try_next(), Some(Change::Account(first.id)));
        assert_eq!(directory.changed_since(before.version), Some(vec![first.id, second.id]));
        assert_eq!(directory.changed_since(now.version), Some(vec![]));

        let commented = Account { comment: "sales".into(), ..first.clone() };
        directory.put_account(commented);
        let entry = directory.get(first.id).unwrap();
        assert_eq!((entry.account.comment.as_str(), &entry.snapshot.stage), ("sales", &Stage::Ready));

        directory.remove(first.id);
        directory.put_snapshot(first.id, Snapshot::off());
        assert!(directory.get(first.id).is_none(), "a late snapshot does not bring the account back");
        assert_eq!(directory.listing().entries.len(), 1);
    }

    #[test]
    fn the_log_of_changes_is_bounded() {
        let account = account(1);
        let directory = Directory::new(vec![account.clone()], Events::default());
        let first = directory.listing().version;
        for _ in 0..LOG {
            directory.put_snapshot(account.id, Snapshot::off());
        }
        assert_eq!(directory.changed_since(first).map(|ids| ids.len()), Some(LOG));
        directory.put_snapshot(account.id, Snapshot::off());
        assert_eq!(directory.changed_since(first), None);
        assert_eq!(directory.changed_since(first + 1).map(|ids| ids.len()), Some(LOG));
    }

    #[test]
    fn owners_are_counted_over_all_their_accounts() {
        let ada = Email::parse("ada@example.org").unwrap();
        let owned = |number| Account { owner: Some(ada.clone()), ..account(number) };
        let (first, second) = (owned(1), owned(2));
        let directory = Directory::new(vec![first.clone()], Events::default());
        directory.put_account(second.clone());
        directory.remove(first.id);
        assert!(directory.has_owner(&ada));
        directory.put_details(second.id, None, String::new(), vec![]);
        assert!(!directory.has_owner(&ada));
    }
}
