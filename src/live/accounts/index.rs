//! What is known of the accounts beside their entries.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::{Content, Entry, Listing};
use crate::domain::{AccountId, Email};

/// Changes that can be asked for by version; a reader that is further behind reads the whole listing.
pub(super) const LOG: usize = 4096;

/// Locked by writers, so one writes at a time.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// The newest changes, oldest first: one for each version of the listing.
    log: VecDeque<(u64, AccountId)>,
    /// How many accounts each owner has.
    owners: HashMap<Email, usize>,
}

impl Index {
    /// Puts `now` in place of an entry, or removes it.
    pub(super) fn replace(
        &mut self,
        listing: &mut Listing,
        id: AccountId,
        before: Option<&Entry>,
        now: Option<Content>,
    ) {
        listing.version += 1;
        self.uncount_owner(before.and_then(|entry| entry.account.owner.as_ref()));
        match now {
            Some((account, snapshot, picture)) => {
                self.count_owner(account.owner.as_ref());
                listing.entries.put(Arc::new(Entry { account, snapshot, picture, version: listing.version }));
            }
            None => listing.entries.remove(id),
        }
        if self.log.len() >= LOG {
            self.log.pop_front();
        }
        self.log.push_back((listing.version, id));
    }

    pub(super) fn changed_since(&self, version: u64, newest: u64) -> Option<Vec<AccountId>> {
        let missing = usize::try_from(newest.saturating_sub(version)).ok()?;
        (missing <= self.log.len()).then(|| self.log.iter().rev().take(missing).map(|(_, id)| *id).collect())
    }

    pub(super) fn has_owner(&self, owner: &Email) -> bool {
        self.owners.contains_key(owner)
    }

    pub(super) fn count_owner(&mut self, owner: Option<&Email>) {
        let Some(owner) = owner else { return };
        match self.owners.get_mut(owner) {
            Some(count) => *count += 1,
            None => drop(self.owners.insert(owner.clone(), 1)),
        }
    }

    fn uncount_owner(&mut self, owner: Option<&Email>) {
        let Some(count) = owner.and_then(|owner| self.owners.get_mut(owner)) else { return };
        *count -= 1;
        if *count == 0
            && let Some(owner) = owner
        {
            self.owners.remove(owner);
        }
    }
}
