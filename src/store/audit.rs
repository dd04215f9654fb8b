//! The audit log: a chain of entries, each bound to the one before it with a key that the database lacks.
//!
//! An entry is written in the transaction of what it tells of, as its last statements, so the numbers follow
//! the order of the commits and have no holes. Who can write to the database can destroy the log, but
//! can't change it unnoticed: [`verify`] finds changed, missing, added and exchanged entries. Only a cut at
//! the end would not show from within; therefore the [`Head`] is also kept in a file, see [`HeadFile`].
//!
//! Details may name people, and may have to be blanked one day. What is chained is a salted digest of them,
//! so a blanked entry still verifies, and nothing can be guessed from what is left.

mod approvals;
mod failed_attempts;
mod grants;
mod head;
mod read;
mod row;
mod search;
mod verify;

pub(super) use approvals::{records_approval, was_shown_after};
pub use failed_attempts::count_unsuccessful;
pub use grants::grants_since;
pub use head::{Checkpoint, Head, HeadFile};
pub use read::{
    Filter, from, get, last_editor, newest_by_account, of_account, open_intents, page, unacknowledged,
};
pub use row::Entry;
pub use search::{Found, Narrowed, Search, Whose, numbered, outcomes};
pub use verify::{Fault, Verified, verify};

use super::conn::{execute, first, one};
use super::{Conn, StoreError};
use crate::crypto::{KeyError, Keys};
use crate::domain::Millis;
use crate::domain::audit::{AuditEntry, AuditKind};
use row::NewEntry;

/// Appends an entry; its number. Call it last within a change.
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
    conn.head = Some(Head { seq, mac });
    Ok(seq)
}

/// How many entries before this moment have details that may be taken out. A seal may not: it is what holds the entries
/// before it.
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

/// Takes the details out of up to `limit` entries before this moment, the oldest first, for good. How many it were.
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

/// The newest link of the chain.
pub async fn head(conn: &mut Conn<'_>) -> Result<Head, StoreError> {
    let head = first!(conn, Head, "select seq, mac from audit_head where id = 1")?;
    head.ok_or_else(|| StoreError::Corrupt("the audit log has no head".into()))
}

/// A link: the key's name and the MAC over the link before, the number and the digest.
fn chain(keys: &Keys, before: &str, seq: i64, digest: &str) -> Result<String, KeyError> {
    let mac = keys.audit_mac(&[before.as_bytes(), &seq.to_be_bytes(), digest.as_bytes()])?;
    Ok(format!("{}.{}", keys.id(), hex::encode(mac)))
}
