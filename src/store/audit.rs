//! The audit log: a chain of entries, each linked to the previous one by a MAC with a key that is not in the database.
//!
//! An entry is written in the transaction of the change that it records, as its last statements, so the numbers follow
//! the order of the commits without gaps. Anyone who can write to the database can destroy the log but can't change it
//! undetected: [`verify`] finds changed, missing, added and reordered entries. Only a truncated end can't be detected
//! from the log alone; therefore the [`ChainHead`] is also kept in a file, see [`CheckpointFile`].
//!
//! Details may name people, and may have to be removed later. The chain contains a salted digest of them, so an entry
//! without its details still verifies, and the details can't be guessed from the digest.

mod approvals;
mod failed_attempts;
mod grants;
mod head;
mod read;
mod row;
mod search;
mod seen;
mod verify;

pub(super) use approvals::{records_approval, was_used_after};
pub use failed_attempts::count_unsuccessful;
pub use grants::grants_since;
pub use head::{ChainHead, Checkpoint, CheckpointFile};
pub use read::{
    Filter, from, get, last_editor, newest_by_account, of_account, open_intents, page, unacknowledged,
};
pub use row::Entry;
pub use search::{Found, Narrowed, Search, Whose, numbered, outcomes};
pub use seen::{SecretAccess, password_change_of, password_changes, secret_accesses};
pub use verify::{Verified, verify};

use super::conn::{execute, first, one};
use super::{Conn, StoreError};
use crate::crypto::{KeyError, Keys};
use crate::domain::Millis;
use crate::domain::audit::{AuditEntry, AuditKind};
use row::NewEntry;

/// Appends an entry and returns its number. Call it last in a change.
pub async fn append(conn: &mut Conn<'_>, keys: &Keys, entry: &AuditEntry) -> Result<i64, StoreError> {
    let head =
        first!(conn, (i64, String), "update audit_head set seq = seq + 1 where id = 1 returning seq, mac")?;
    let (seq, before) = head.ok_or_else(|| StoreError::Corrupt("the audit log has no head".into()))?;
    let new = NewEntry::of(seq, entry)?;
    let mac = chain(keys, &before, seq, &new.digest)?;
    execute!(
        conn,
        "insert into audit_log (seq, at, code, outcome, intent, actor, account, reason, address, request_id,
         details, details_salt, details_digest, digest, mac)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        seq,
        entry.at,
        entry.event.code(),
        entry.outcome,
        entry.intent,
        entry.actor.as_str(),
        entry.account,
        entry.reason.as_deref(),
        entry.address.as_deref(),
        entry.request_id.as_deref(),
        new.details.as_deref(),
        new.salt.as_deref(),
        new.details_digest.as_deref(),
        new.digest.as_str(),
        mac.as_str()
    )?;
    execute!(conn, "update audit_head set mac = $1 where id = 1", mac.as_str())?;
    conn.head = Some(ChainHead { seq, mac });
    Ok(seq)
}

/// How many entries before this moment have details that can be removed. Those of a seal can't: it authenticates the
/// entries before it.
pub async fn with_details(conn: &mut Conn<'_>, before: Millis) -> Result<u64, StoreError> {
    let (count,) = one!(
        conn,
        (i64,),
        "select count(*) from audit_log where details is not null and at < $1 and code <> $2",
        before,
        AuditKind::AuditSealed.code()
    )?;
    Ok(count.unsigned_abs())
}

/// Removes the details of up to `limit` entries before this moment, the oldest first. Returns how many.
pub async fn blank_before(conn: &mut Conn<'_>, before: Millis, limit: u32) -> Result<u64, StoreError> {
    execute!(
        conn,
        "update audit_log set details = null, details_salt = null where seq in
         (select seq from audit_log where details is not null and at < $1 and code <> $3 order by at, seq limit $2)",
        before,
        i64::from(limit),
        AuditKind::AuditSealed.code()
    )
}

/// The end of the chain.
pub async fn head(conn: &mut Conn<'_>) -> Result<ChainHead, StoreError> {
    let head = first!(conn, ChainHead, "select seq, mac from audit_head where id = 1")?;
    head.ok_or_else(|| StoreError::Corrupt("the audit log has no head".into()))
}

/// The MAC of an entry, over the previous MAC, the number and the digest, prefixed with the key's id.
fn chain(keys: &Keys, before: &str, seq: i64, digest: &str) -> Result<String, KeyError> {
    let mac = keys.audit_mac(&[before.as_bytes(), &seq.to_be_bytes(), digest.as_bytes()])?;
    Ok(format!("{}.{}", keys.id(), hex::encode(mac)))
}
