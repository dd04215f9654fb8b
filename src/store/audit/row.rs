//! A stored entry, and the digest over its fields.

use sha2::{Digest, Sha256};

use super::ChainHead;
use crate::crypto::KeyError;
use crate::domain::audit::{AuditEntry, AuditEvent, Outcome};
use crate::domain::{AccountId, Millis};

/// A stored entry.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Entry {
    /// Its number: 1, 2, 3, without gaps, in the order of the commits.
    pub seq: i64,
    pub at: Millis,
    /// The code of its [`AuditEvent`](crate::domain::audit::AuditEvent).
    pub code: String,
    pub outcome: Outcome,
    /// The entry of the intent whose outcome this is.
    pub intent: Option<i64>,
    pub actor: String,
    pub account: Option<AccountId>,
    /// The reason that the actor gave.
    pub reason: Option<String>,
    /// The network address the request came from.
    pub address: Option<String>,
    pub request_id: Option<String>,
    /// The event's details as JSON; none if it has none or they were removed.
    pub details: Option<String>,
    pub(super) details_salt: Option<String>,
    pub(super) details_digest: Option<String>,
    pub(super) digest: String,
    pub(super) mac: String,
}

/// The fields that chain an entry to the previous one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chained<'a> {
    /// The salt of the details' digest.
    pub details_salt: Option<&'a str>,
    /// The digest of its details.
    pub details_digest: Option<&'a str>,
    /// The digest of its fields.
    pub digest: &'a str,
    /// The key's id and the MAC.
    pub mac: &'a str,
}

impl Entry {
    /// Its chain fields, for verifying a copy of it.
    pub fn chained(&self) -> Chained<'_> {
        Chained {
            details_salt: self.details_salt.as_deref(),
            details_digest: self.details_digest.as_deref(),
            digest: &self.digest,
            mac: &self.mac,
        }
    }

    /// Whether its details were removed.
    pub fn is_blanked(&self) -> bool {
        self.details.is_none() && self.details_digest.is_some()
    }

    /// Whether this entry was the end of the chain that `head` describes.
    pub fn is_at(&self, head: &ChainHead) -> bool {
        self.seq == head.seq && self.mac == head.mac
    }

    /// Whether the fields match the digest.
    pub(super) fn is_intact(&self) -> bool {
        let details_hold = match (&self.details, &self.details_salt, &self.details_digest) {
            (Some(details), Some(salt), Some(digest)) => details_digest(salt, details) == *digest,
            (None, None, _) => true,
            _ => false,
        };
        details_hold && self.fields().digest() == self.digest
    }

    /// The event, as far as this version can read it.
    pub fn event(&self) -> AuditEvent {
        AuditEvent::read(&self.code, self.details.as_deref())
    }

    fn fields(&self) -> Fields<'_> {
        Fields {
            seq: self.seq,
            at: self.at,
            code: &self.code,
            outcome: self.outcome,
            intent: self.intent,
            actor: &self.actor,
            account: self.account,
            reason: self.reason.as_deref(),
            address: self.address.as_deref(),
            request_id: self.request_id.as_deref(),
            details_digest: self.details_digest.as_deref(),
        }
    }
}

/// The computed columns of a new entry.
pub(super) struct NewEntry {
    pub(super) details: Option<String>,
    pub(super) salt: Option<String>,
    pub(super) details_digest: Option<String>,
    pub(super) digest: String,
}

impl NewEntry {
    pub(super) fn of(seq: i64, entry: &AuditEntry) -> Result<Self, KeyError> {
        let details = entry.event.details();
        let salt = details.as_ref().map(|_| new_salt()).transpose()?;
        let details_digest =
            details.as_ref().zip(salt.as_ref()).map(|(details, salt)| details_digest(salt, details));
        let fields = Fields {
            seq,
            at: entry.at,
            code: entry.event.code(),
            outcome: entry.outcome,
            intent: entry.intent,
            actor: &entry.actor,
            account: entry.account,
            reason: entry.reason.as_deref(),
            address: entry.address.as_deref(),
            request_id: entry.request_id.as_deref(),
            details_digest: details_digest.as_deref(),
        };
        let digest = fields.digest();
        Ok(Self { details, salt, details_digest, digest })
    }
}

/// The fields that the digest covers. Their order must not change.
struct Fields<'a> {
    seq: i64,
    at: Millis,
    code: &'a str,
    outcome: Outcome,
    intent: Option<i64>,
    actor: &'a str,
    account: Option<AccountId>,
    reason: Option<&'a str>,
    address: Option<&'a str>,
    request_id: Option<&'a str>,
    details_digest: Option<&'a str>,
}

impl Fields<'_> {
    /// SHA-256 over all fields, each prefixed with its length; an absent field differs from an empty one.
    fn digest(&self) -> String {
        let numbers = [self.seq.to_string(), self.at.0.to_string()];
        let intent = self.intent.map(|seq| seq.to_string());
        let account = self.account.map(|id| id.to_string());
        let [seq, at] = &numbers;
        let fields = [
            Some(seq.as_str()),
            Some(at),
            Some(self.code),
            Some(self.outcome.name()),
            intent.as_deref(),
            Some(self.actor),
            account.as_deref(),
            self.reason,
            self.address,
            self.request_id,
            self.details_digest,
        ];
        let mut hash = Sha256::new();
        hash.update(b"telescope audit entry v1");
        for field in fields {
            match field {
                Some(text) => {
                    hash.update([1]);
                    hash.update((text.len() as u64).to_be_bytes());
                    hash.update(text);
                }
                None => hash.update([0]),
            }
        }
        hex::encode(hash.finalize())
    }
}

fn details_digest(salt: &str, details: &str) -> String {
    hex::encode(Sha256::digest(format!("{salt}.{details}")))
}

/// 16 random bytes: without a salt, a phone number could be found from its digest by trying all numbers.
fn new_salt() -> Result<String, KeyError> {
    let mut salt = [0; 16];
    getrandom::fill(&mut salt).map_err(|_| KeyError::Randomness)?;
    Ok(hex::encode(salt))
}
