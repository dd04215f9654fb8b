//! Walking along the chain.
//!
//! Links of a key that is not at hand can't be checked. Therefore a server that is given a new key, and the former one
//! beside it, writes down under the new one what the entries before were: their seal. What no key and no seal holds is
//! a fault, since it could have been written without any key.
//!
//! An entry may lose its details, but not unnoticed: before they are removed, an entry says of which time.

use sha2::{Digest, Sha256};

use super::{Entry, Head, head, read};
use crate::crypto::Keys;
use crate::domain::Millis;
use crate::domain::audit::{AuditEvent, AuditKind};
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
    /// How many, at the beginning of the log, were written with a former key that is not in the settings any
    /// more: a seal holds them, and not their links.
    pub under_other_keys: u64,
    /// The last entry that the former key in the settings has linked; 0 if there is none.
    pub under_former_key: i64,
    /// The last entry that a seal holds; 0 if there is none.
    pub sealed: i64,
    /// What all the entries together are, for a seal after them.
    pub seal: String,
    /// The head, as the database says.
    pub head: Head,
    /// What is wrong; empty if the log is as it was written.
    pub faults: Vec<Fault>,
}

/// Something wrong with the audit log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// An entry's fields are not those it was written with.
    #[error("entry {0} was changed")]
    Changed(i64),
    /// An entry does not follow from the one before it: it, or its place in the order, was made up.
    #[error("entry {0} does not follow from the one before it")]
    Unlinked(i64),
    /// An entry's details were taken out, and no entry says so.
    #[error("the details of entry {0} were taken out, and nothing says by whom")]
    Blanked(i64),
    /// Neither a key nor a seal holds the entries up to this number.
    #[error(
        "entries 1 to {0} were written under a key that is not in the settings, and nothing later holds them; with that \
         key as TWO_FACTOR_ENCRYPTION_KEY_OLD they can be checked"
    )]
    Unchecked(i64),
    /// Entries from the first to the last number are gone.
    #[error("entries {0} to {1} are missing")]
    Missing(i64, i64),
    /// There is an entry after the head.
    #[error("entry {0} is after the end of the audit log")]
    Surplus(i64),
    /// The head is not the last entry's link.
    #[error("the recorded end of the audit log is not its last entry")]
    Head,
    /// An entry has a value that can't be read.
    #[error("entry {0} can't be read: {1}")]
    Unreadable(i64, String),
    /// The log was found not to match its checkpoint.
    #[error(
        "entry {0} says that the audit log did not match its checkpoint, and no administrator has acknowledged that on \
         its page"
    )]
    Unacknowledged(i64),
    /// There is no checkpoint.
    #[error(
        "the file audit-head is missing, so entries missing at the end of the audit log can't be noticed"
    )]
    NoCheckpoint,
    /// The checkpoint was made up.
    #[error(
        "the checkpoint was not written by Telescope, so entries missing at the end of the audit log can't be noticed"
    )]
    ForgedCheckpoint,
    /// The log does not contain its checkpoint: entries were deleted at its end, or rewritten.
    #[error("the audit log does not lead through its checkpoint, entry {0}")]
    Cut(i64),
}

/// Verifies the whole audit log. `known` is an earlier head, from a [`HeadFile`](super::HeadFile) or an export;
/// the log must still lead through it.
pub async fn verify(conn: &mut Conn<'_>, keys: &Keys, known: Option<&Head>) -> Result<Verified, StoreError> {
    let mut walk = Walk::new(keys, head(conn).await?, known);
    loop {
        let entries = match read::from(conn, walk.next, CHUNK).await {
            Ok(entries) => entries,
            Err(StoreError::Corrupt(_)) => {
                if !one_by_one(conn, &mut walk).await? || walk.found.faults.len() >= ENOUGH {
                    break;
                }
                continue;
            }
            Err(error) => return Err(error),
        };
        if entries.is_empty() || walk.found.faults.len() >= ENOUGH {
            break;
        }
        for entry in &entries {
            walk.step(entry)?;
        }
    }
    Ok(walk.end())
}

/// Walks over entries of which some can't be read; whether there were any.
async fn one_by_one(conn: &mut Conn<'_>, walk: &mut Walk<'_>) -> Result<bool, StoreError> {
    let numbers = read::numbers(conn, walk.next, CHUNK).await?;
    for seq in &numbers {
        match read::get(conn, *seq).await {
            Ok(Some(entry)) => walk.step(&entry)?,
            Ok(None) => {}
            Err(StoreError::Corrupt(why)) => {
                let link = match read::link(conn, *seq).await {
                    Err(StoreError::Corrupt(_)) => None,
                    link => link?,
                };
                walk.pass(*seq, link, why);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(!numbers.is_empty())
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
    /// The last entry at the beginning that no key holds; 0 if there is none.
    unproven: i64,
    /// What the entries so far are, for seals.
    sum: Sha256,
    /// The newest entry that says that the log did not match its checkpoint; 0 if that is acknowledged.
    mismatch: i64,
    /// Entries without their details, and when they were written.
    blanked: Vec<(i64, Millis)>,
    /// Before which time details were taken out, as the log says; and as entries say that no key holds yet.
    blanked_before: String,
    blanked_before_unproven: String,
    found: Verified,
}

impl<'a> Walk<'a> {
    fn new(keys: &'a Keys, head: Head, known: Option<&'a Head>) -> Self {
        let found = Verified {
            entries: 0,
            blanked: 0,
            under_other_keys: 0,
            under_former_key: 0,
            sealed: 0,
            seal: String::new(),
            head,
            faults: Vec::new(),
        };
        Self {
            keys,
            known,
            next: 1,
            before: Some(String::new()),
            ours: false,
            unproven: 0,
            sum: Sha256::new(),
            mismatch: 0,
            blanked: Vec::new(),
            blanked_before: String::new(),
            blanked_before_unproven: String::new(),
            found,
        }
    }

    fn step(&mut self, entry: &Entry) -> Result<(), StoreError> {
        if entry.seq > self.next {
            self.fault(Fault::Missing(self.next, entry.seq - 1));
            self.before = None;
        }
        self.found.entries += 1;
        if entry.is_blanked() {
            self.found.blanked += 1;
            self.blanked.push((entry.seq, entry.at));
        }
        if !entry.holds() {
            self.fault(Fault::Changed(entry.seq));
        }
        match self.is_linked(entry)? {
            // After a hole there is nothing to follow from, and the hole is reported already.
            _ if self.before.is_none() => {}
            Some(true) => {
                self.ours = true;
                self.believe(entry);
            }
            // After an entry of our key an unknown one is made up: without a key one takes any.
            None if !self.ours => {
                self.found.under_other_keys += 1;
                self.unproven = entry.seq;
                let before = blanked_before(entry);
                self.blanked_before_unproven = before.max(std::mem::take(&mut self.blanked_before_unproven));
            }
            Some(false) | None => self.fault(Fault::Unlinked(entry.seq)),
        }
        if entry.seq > self.found.head.seq {
            self.fault(Fault::Surplus(entry.seq));
        }
        if self.known.is_some_and(|known| known.seq == entry.seq && known.mac != entry.mac) {
            self.fault(Fault::Cut(entry.seq));
        }
        self.sum.update(entry.digest.as_bytes());
        self.next = entry.seq + 1;
        self.before = Some(entry.mac.clone());
        Ok(())
    }

    /// Passes an entry that can't be read.
    fn pass(&mut self, seq: i64, link: Option<String>, why: String) {
        if seq > self.next {
            self.fault(Fault::Missing(self.next, seq - 1));
        }
        self.found.entries += 1;
        self.fault(Fault::Unreadable(seq, why));
        self.next = seq + 1;
        self.before = link;
    }

    /// Takes what an entry says of the log itself. Without a key one can't write an entry that is linked.
    fn believe(&mut self, entry: &Entry) {
        if self.keys.old_id().is_some_and(|old| entry.mac.starts_with(old)) {
            self.found.under_former_key = entry.seq;
        }
        match entry.event() {
            AuditEvent::AuditMismatch { .. } => self.mismatch = entry.seq,
            AuditEvent::MismatchAcknowledged { entry: acknowledged } if acknowledged >= self.mismatch => {
                self.mismatch = 0;
            }
            _ if entry.code == AuditKind::AuditMismatch.code() => self.mismatch = entry.seq,
            _ => {}
        }
        let mut before = blanked_before(entry);
        if matches!(entry.event(), AuditEvent::AuditSealed { seal } if seal == self.sum_so_far()) {
            self.found.sealed = entry.seq - 1;
            before = self.blanked_before_unproven.clone();
        }
        self.blanked_before = before.max(std::mem::take(&mut self.blanked_before));
    }

    fn sum_so_far(&self) -> String {
        hex::encode(self.sum.clone().finalize())
    }

    /// Whether the link follows from the one before; none if its key is not at hand.
    fn is_linked(&self, entry: &Entry) -> Result<Option<bool>, StoreError> {
        let Some(before) = &self.before else { return Ok(None) };
        let Some((key_id, mac)) = entry.mac.split_once('.') else { return Ok(Some(false)) };
        let seq = entry.seq.to_be_bytes();
        let parts: [&[u8]; 3] = [before.as_bytes(), &seq, entry.digest.as_bytes()];
        match self.keys.audit_mac_by(key_id, &parts) {
            Some(expected) => Ok(Some(hex::encode(expected?) == mac)),
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
        for (seq, at) in std::mem::take(&mut self.blanked) {
            if at.rfc3339() >= self.blanked_before {
                self.fault(Fault::Blanked(seq));
            }
        }
        if self.mismatch > 0 {
            self.fault(Fault::Unacknowledged(self.mismatch));
        }
        if self.unproven > self.found.sealed {
            self.fault(Fault::Unchecked(self.unproven));
        }
        self.found.seal = self.sum_so_far();
        self.found
    }

    fn fault(&mut self, fault: Fault) {
        if self.found.faults.len() < ENOUGH {
            self.found.faults.push(fault);
        }
    }
}

/// Before which time details were removed, as this entry says; empty if it does not. Moments are written alike, so
/// they sort as texts.
fn blanked_before(entry: &Entry) -> String {
    if let AuditEvent::DetailsBlanked { before, .. } = entry.event() { before } else { String::new() }
}
