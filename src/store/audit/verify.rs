//! Walking along the chain.

use super::{Entry, Head, head, read};
use crate::keys::Keys;
use crate::store::{Conn, StoreError};

/// Entries read at once.
const CHUNK: i64 = 500;
/// Faults reported at most: after a thousand there is nothing more to learn.
const ENOUGH: usize = 1000;

/// What verifying found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Entries looked at.
    pub entries: u64,
    /// How many of them had their details taken out.
    pub blanked: u64,
    /// How many, at the beginning of the trail, were written with a former key that is not in the settings any
    /// more: their links could not be checked.
    pub under_other_keys: u64,
    /// The head, as the database says.
    pub head: Head,
    /// What is wrong; empty if the trail is as it was written.
    pub faults: Vec<Fault>,
}

/// Something wrong with the trail.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// An entry's fields are not those it was written with.
    #[error("entry {0} was changed")]
    Changed(i64),
    /// An entry does not follow from the one before it: it, or its place in the order, was made up.
    #[error("entry {0} does not follow from the one before it")]
    Unlinked(i64),
    /// Entries from the first to the last number are gone.
    #[error("entries {0} to {1} are missing")]
    Missing(i64, i64),
    /// There is an entry after the head.
    #[error("entry {0} stands after the end of the trail")]
    Surplus(i64),
    /// The head is not the last entry's link.
    #[error("the end of the trail is not its last entry's")]
    Head,
    /// The trail does not contain the end it had before: entries were cut off or written anew.
    #[error("the trail does not lead through its former end, entry {0}")]
    Cut(i64),
}

/// Verifies the whole trail. `known` is an earlier head, from a [`HeadFile`](super::HeadFile) or an export;
/// the trail must still lead through it.
pub async fn verify(conn: &mut Conn<'_>, keys: &Keys, known: Option<&Head>) -> Result<Verified, StoreError> {
    let mut walk = Walk::new(keys, head(conn).await?, known);
    loop {
        let entries = read::from(conn, walk.next, CHUNK).await?;
        if entries.is_empty() || walk.found.faults.len() >= ENOUGH {
            break;
        }
        for entry in &entries {
            walk.step(entry)?;
        }
    }
    Ok(walk.end())
}

struct Walk<'a> {
    keys: &'a Keys,
    known: Option<&'a Head>,
    /// The number that the next entry must have.
    next: i64,
    /// The link of the entry before; none if that one is missing.
    before: Option<String>,
    /// Whether an entry of one of our keys has been met.
    ours: bool,
    found: Verified,
}

impl<'a> Walk<'a> {
    fn new(keys: &'a Keys, head: Head, known: Option<&'a Head>) -> Self {
        let found = Verified { entries: 0, blanked: 0, under_other_keys: 0, head, faults: Vec::new() };
        Self { keys, known, next: 1, before: Some(String::new()), ours: false, found }
    }

    fn step(&mut self, entry: &Entry) -> Result<(), StoreError> {
        if entry.seq > self.next {
            self.fault(Fault::Missing(self.next, entry.seq - 1));
            self.before = None;
        }
        self.found.entries += 1;
        self.found.blanked += u64::from(entry.is_blanked());
        if !entry.holds() {
            self.fault(Fault::Changed(entry.seq));
        }
        match self.is_linked(entry)? {
            Some(true) => self.ours = true,
            // Nobody goes on with a key that was there before ours: whoever has no key takes any.
            None if !self.ours => self.found.under_other_keys += 1,
            Some(false) | None => self.fault(Fault::Unlinked(entry.seq)),
        }
        if entry.seq > self.found.head.seq {
            self.fault(Fault::Surplus(entry.seq));
        }
        if self.known.is_some_and(|known| known.seq == entry.seq && known.mac != entry.mac) {
            self.fault(Fault::Cut(entry.seq));
        }
        self.next = entry.seq + 1;
        self.before = Some(entry.mac.clone());
        Ok(())
    }

    /// Whether the link follows from the one before; none if its key is not at hand.
    fn is_linked(&self, entry: &Entry) -> Result<Option<bool>, StoreError> {
        // After a hole there is nothing to follow from, and the hole is reported already.
        let Some(before) = &self.before else { return Ok(Some(true)) };
        let Some((key_id, mac)) = entry.mac.split_once('.') else { return Ok(Some(false)) };
        let seq = entry.seq.to_be_bytes();
        let parts: [&[u8]; 3] = [before.as_bytes(), &seq, entry.digest.as_bytes()];
        match self.keys.audit_mac_by(key_id, &parts) {
            Some(expected) => Ok(Some(crate::domain::hex::encode(&expected?) == mac)),
            None => Ok(None),
        }
    }

    fn end(mut self) -> Verified {
        let last = self.next - 1;
        if last < self.found.head.seq {
            self.fault(Fault::Missing(self.next, self.found.head.seq));
        } else if last == self.found.head.seq && self.before.as_deref() != Some(self.found.head.mac.as_str())
        {
            self.fault(Fault::Head);
        }
        if let Some(known) = self.known.filter(|known| known.seq > last) {
            self.fault(Fault::Cut(known.seq));
        }
        self.found
    }

    fn fault(&mut self, fault: Fault) {
        if self.found.faults.len() < ENOUGH {
            self.found.faults.push(fault);
        }
    }
}
