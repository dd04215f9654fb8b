//! The accounts of a listing, by id. A changed copy shares all but one chunk with the original, so the cost of a change
//! hardly depends on the number of accounts.

use std::sync::Arc;

use super::Entry;
use crate::domain::AccountId;

/// A chunk that grows longer than this is split in two.
const CHUNK: usize = 128;

type Chunk = Arc<Vec<Arc<Entry>>>;

/// Ordered by id, and so by creation time. No chunk is empty.
#[derive(Clone, Debug, Default)]
pub struct Entries {
    chunks: Vec<Chunk>,
    len: usize,
}

impl Entries {
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Arc<Entry>> {
        self.chunks.iter().flat_map(|chunk| chunk.iter())
    }

    pub fn get(&self, id: AccountId) -> Option<&Arc<Entry>> {
        let chunk = self.chunks.get(self.chunk_of(id))?;
        chunk.get(position(chunk, id).ok()?)
    }

    /// Adds an entry, or replaces the one with the same id.
    pub(super) fn put(&mut self, entry: Arc<Entry>) {
        let id = entry.account.id;
        let at = self.chunk_of(id);
        let Some(chunk) = self.chunks.get_mut(at) else {
            self.chunks.push(Arc::new(vec![entry]));
            self.len += 1;
            return;
        };
        let entries = Arc::make_mut(chunk);
        match position(entries, id) {
            Ok(place) => {
                if let Some(known) = entries.get_mut(place) {
                    *known = entry;
                }
            }
            Err(place) => {
                entries.insert(place, entry);
                self.len += 1;
                if entries.len() > CHUNK {
                    // Accounts are mostly added at the end, so the first half stays full.
                    let rest = entries.split_off(CHUNK / 2);
                    self.chunks.insert(at + 1, Arc::new(rest));
                }
            }
        }
    }

    pub(super) fn remove(&mut self, id: AccountId) {
        let at = self.chunk_of(id);
        let Some(chunk) = self.chunks.get_mut(at) else { return };
        let Ok(place) = position(chunk, id) else { return };
        Arc::make_mut(chunk).remove(place);
        self.len -= 1;
        if chunk.is_empty() {
            self.chunks.remove(at);
        }
    }

    /// The index of the chunk in which the account is or would be.
    fn chunk_of(&self, id: AccountId) -> usize {
        let starts_before = |chunk: &Chunk| chunk.first().is_some_and(|entry| entry.account.id <= id);
        self.chunks.partition_point(starts_before).saturating_sub(1)
    }
}

impl<'a> IntoIterator for &'a Entries {
    type Item = &'a Arc<Entry>;
    type IntoIter = std::iter::FlatMap<
        std::slice::Iter<'a, Chunk>,
        std::slice::Iter<'a, Arc<Entry>>,
        fn(&'a Chunk) -> std::slice::Iter<'a, Arc<Entry>>,
    >;

    fn into_iter(self) -> Self::IntoIter {
        self.chunks.iter().flat_map(|chunk| chunk.iter())
    }
}

fn position(entries: &[Arc<Entry>], id: AccountId) -> Result<usize, usize> {
    entries.binary_search_by_key(&id, |entry| entry.account.id)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::{Account, DesiredState, Millis, Phone, Snapshot};

    fn entry(id: AccountId, version: u64) -> Arc<Entry> {
        let account = Account {
            id,
            identifier: Phone::test(1, 1).into(),
            owner: None,
            comment: String::new(),
            groups: vec![],
            wanted: DesiredState::Connected,
            folder: String::new(),
            created: Millis(0),
        };
        Arc::new(Entry { account, snapshot: Snapshot::off(), picture: None, version })
    }

    #[test]
    fn entries_are_found_replaced_and_removed_in_any_order_and_copies_share_chunks() {
        let mut ids: Vec<AccountId> = (0..1000).map(|_| AccountId::generate()).collect();
        let sorted: BTreeSet<AccountId> = ids.iter().copied().collect();
        // A shuffled order: 387 and 1000 are coprime.
        ids = (0..1000).map(|step| ids[step * 387 % 1000]).collect();
        let mut entries = Entries::default();
        for id in &ids {
            entries.put(entry(*id, 1));
        }
        assert_eq!(entries.len(), 1000);
        assert!(entries.iter().map(|entry| entry.account.id).eq(sorted.iter().copied()));
        let before = entries.clone();
        entries.put(entry(ids[500], 2));
        assert_eq!(before.get(ids[500]).unwrap().version, 1, "a copy does not change");
        assert_eq!(entries.get(ids[500]).unwrap().version, 2);
        let shared = entries.chunks.iter().filter(|a| before.chunks.iter().any(|b| Arc::ptr_eq(a, b)));
        assert_eq!(shared.count() + 1, entries.chunks.len());
        for id in &ids {
            assert!(entries.get(*id).is_some());
            entries.remove(*id);
            entries.remove(*id);
            assert!(entries.get(*id).is_none());
        }
        assert!(entries.is_empty() && entries.chunks.is_empty());
        assert_eq!(before.len(), 1000);
    }
}
