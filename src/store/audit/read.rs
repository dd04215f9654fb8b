//! Reading entries of the audit log.

use super::Entry;
use crate::domain::audit::{AuditKind, Outcome};
use crate::domain::{AccountId, Millis};
use crate::store::conn::{all, first};
use crate::store::{Conn, StoreError};

/// Which entries to read; fields that are None match everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub account: Option<AccountId>,
    pub code: Option<String>,
    /// The exact name.
    pub actor: Option<String>,
    pub outcome: Option<Outcome>,
    /// At or after this moment.
    pub from: Option<Millis>,
    /// Before this moment.
    pub until: Option<Millis>,
    /// Before this entry: the last one of the previous page.
    pub before: Option<i64>,
}

/// The newest `limit` entries that match the filter, the newest first.
pub async fn page(conn: &mut Conn<'_>, filter: &Filter, limit: u32) -> Result<Vec<Entry>, StoreError> {
    all!(
        conn,
        Entry,
        "select seq, at, code, outcome, intent, actor, account, reason, address, request_id,
         details, details_salt, details_digest, digest, mac from audit_log
         where ($1 is null or account = $1) and ($2 is null or code = $2) and ($3 is null or actor = $3)
         and ($4 is null or outcome = $4) and ($5 is null or at >= $5) and ($6 is null or at < $6)
         and ($7 is null or seq < $7)
         order by seq desc limit $8",
        filter.account,
        filter.code.as_deref(),
        filter.actor.as_deref(),
        filter.outcome,
        filter.from,
        filter.until,
        filter.before,
        i64::from(limit)
    )
}

/// The newest `limit` entries about an account, the newest first.
pub async fn of_account(
    conn: &mut Conn<'_>,
    account: AccountId,
    limit: u32,
) -> Result<Vec<Entry>, StoreError> {
    all!(
        conn,
        Entry,
        "select seq, at, code, outcome, intent, actor, account, reason, address, request_id,
         details, details_salt, details_digest, digest, mac from audit_log
         where account = $1 order by seq desc limit $2",
        account,
        i64::from(limit)
    )
}

/// Who changed the owner, comment or groups of an account last; none if that was not recorded.
pub async fn last_editor(conn: &mut Conn<'_>, account: AccountId) -> Result<Option<String>, StoreError> {
    let found = first!(
        conn,
        (String,),
        "select actor from audit_log where account = $1 and outcome = $2
         and code in ('account.edited', 'group.account.joined', 'group.account.left') order by seq desc limit 1",
        account,
        Outcome::Done
    )?;
    Ok(found.map(|(actor,)| actor))
}

/// The accounts that entries after `seq` are about, each with the newest of these entries.
pub async fn newest_by_account(conn: &mut Conn<'_>, seq: i64) -> Result<Vec<(AccountId, i64)>, StoreError> {
    all!(
        conn,
        (AccountId, i64),
        "select account, max(seq) from audit_log where seq > $1 and account is not null group by account",
        seq
    )
}

/// One entry.
pub async fn get(conn: &mut Conn<'_>, seq: i64) -> Result<Option<Entry>, StoreError> {
    first!(
        conn,
        Entry,
        "select seq, at, code, outcome, intent, actor, account, reason, address, request_id,
         details, details_salt, details_digest, digest, mac from audit_log where seq = $1",
        seq
    )
}

/// Up to `limit` entries from `seq` on, in order.
pub async fn from(conn: &mut Conn<'_>, seq: i64, limit: i64) -> Result<Vec<Entry>, StoreError> {
    all!(
        conn,
        Entry,
        "select seq, at, code, outcome, intent, actor, account, reason, address, request_id,
         details, details_salt, details_digest, digest, mac from audit_log
         where seq >= $1 order by seq limit $2",
        seq,
        limit
    )
}

/// Intents without an outcome, because Telescope stopped before it was known. The oldest first.
pub async fn open_intents(conn: &mut Conn<'_>) -> Result<Vec<Entry>, StoreError> {
    all!(
        conn,
        Entry,
        "select seq, at, code, outcome, intent, actor, account, reason, address, request_id,
         details, details_salt, details_digest, digest, mac from audit_log
         where outcome = $1 and not exists (select 1 from audit_log later where later.intent = audit_log.seq)
         order by seq",
        Outcome::Intent
    )
}

/// The newest entry that says that the log did not match its checkpoint, unless an administrator has acknowledged it.
pub async fn unacknowledged(conn: &mut Conn<'_>) -> Result<Option<Entry>, StoreError> {
    first!(
        conn,
        Entry,
        "select seq, at, code, outcome, intent, actor, account, reason, address, request_id,
         details, details_salt, details_digest, digest, mac from audit_log
         where code = $1
         and not exists (select 1 from audit_log later where later.code = $2 and later.seq > audit_log.seq)
         order by seq desc limit 1",
        AuditKind::AuditMismatch.code(),
        AuditKind::MismatchAcknowledged.code()
    )
}

/// The numbers of up to `limit` entries from `seq` on, in order.
pub(super) async fn numbers(conn: &mut Conn<'_>, seq: i64, limit: i64) -> Result<Vec<i64>, StoreError> {
    let rows =
        all!(conn, (i64,), "select seq from audit_log where seq >= $1 order by seq limit $2", seq, limit)?;
    Ok(rows.into_iter().map(|(seq,)| seq).collect())
}

/// The link of an entry whose other values may be unreadable.
pub(super) async fn link(conn: &mut Conn<'_>, seq: i64) -> Result<Option<String>, StoreError> {
    let row = first!(conn, (String,), "select mac from audit_log where seq = $1", seq)?;
    Ok(row.map(|(mac,)| mac))
}
