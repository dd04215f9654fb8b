//! Verifying the chain.
//!
//! MACs of a key that is not available can't be verified. Therefore a server that gets a new key, with the former one
//! beside it, records under the new key a seal of the entries before. Entries that neither a key nor a seal
//! authenticates are a fault, since they could have been written without any key.
//!
//! The details of entries may be removed, but not undetected: another entry records first up to which time.

use sha2::{Digest, Sha256};

use super::{ChainHead, Entry, head, read};
use crate::crypto::Keys;
use crate::domain::Millis;
use crate::domain::audit::{AuditEvent, AuditKind, Fault};
use crate::store::{Conn, StoreError};

/// Entries per query.
const CHUNK: i64 = 500;
/// Faults reported at most.
const ENOUGH: usize = 1000;

/// The result of verifying.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Entries read.
    pub entries: u64,
    /// How many of them had their details removed.
    pub blanked: u64,
    /// How many entries at the beginning of the log were written with a former key that is not in the settings any more:
    /// they are authenticated by a seal, not by their MACs.
    pub under_other_keys: u64,
    /// The last entry written under the former key in the settings; 0 if there is none.
    pub under_former_key: i64,
    /// The last entry that a seal covers; 0 if there is none.
    pub sealed: i64,
    /// The seal over all entries.
    pub seal: String,
    /// The head stored in the database.
    pub head: ChainHead,
    /// What is wrong; empty if the log is intact.
    pub faults: Vec<Fault>,
}

/// Verifies the whole audit log. `known` is an earlier head, from a [`CheckpointFile`](super::CheckpointFile) or an export, which the
/// log must still contain.
pub async fn verify(
    conn: &mut Conn<'_>,
    keys: &Keys,
    known: Option<&ChainHead>,
) -> Result<Verified, StoreError> {
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
    known: Option<&'a ChainHead>,
    /// The number that the next entry must have.
    next: i64,
    /// The MAC of the previous entry; none if that one is missing.
    before: Option<String>,
    /// Whether an entry of an available key was found.
    ours: bool,
    /// The last entry at the beginning whose key is not available; 0 if there is none.
    unproven: i64,
    /// The hash over the entries so far, for seals.
    sum: Sha256,
    /// The newest entry that says that the log did not match its checkpoint; 0 if that is acknowledged.
    mismatch: i64,
    /// Entries whose details were removed, and when they were written.
    blanked: Vec<(i64, Millis)>,
    /// Up to which time details were removed, according to authenticated entries, and according to entries that no key
    /// has authenticated yet.
    blanked_before: String,
    blanked_before_unproven: String,
    found: Verified,
}

impl<'a> Walk<'a> {
    fn new(keys: &'a Keys, head: ChainHead, known: Option<&'a ChainHead>) -> Self {
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
        if !entry.is_intact() {
            self.fault(Fault::Changed(entry.seq));
        }
        match self.is_linked(entry)? {
            // After a gap there is no previous MAC, and the gap is reported already.
            _ if self.before.is_none() => {}
            Some(true) => {
                self.ours = true;
                self.believe(entry);
            }
            // After an entry of an available key, an entry of an unknown key is forged.
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

    /// Evaluates what an authenticated entry says about the log itself.
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

    /// Whether the entry's MAC follows from the previous one; none if its key is not available.
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

/// Up to which time details were removed according to this entry; empty if it doesn't say. All times have the same
/// format, so they sort as text.
fn blanked_before(entry: &Entry) -> String {
    if let AuditEvent::DetailsBlanked { before, .. } = entry.event() { before } else { String::new() }
}
