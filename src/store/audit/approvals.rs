//! Approvals according to the audit log: one that it does not record is not valid, and one that was used has ended.

use super::{Entry, read};
use crate::domain::audit::{AuditKind, Outcome};
use crate::domain::reveal::RevealKind;
use crate::domain::{AccountId, Email};
use crate::store::conn::one;
use crate::store::{Conn, StoreError};

/// Whether this entry records that this person approved a request for this account, and follows from the previous
/// entry.
pub(in crate::store) async fn records_approval(
    conn: &mut Conn<'_>,
    seq: i64,
    account: AccountId,
    decider: &Email,
) -> Result<bool, StoreError> {
    let entries = read::from(conn, seq.saturating_sub(1), 2).await?;
    let Some(entry) = entries.iter().find(|entry| entry.seq == seq) else { return Ok(false) };
    let says = entry.code == AuditKind::RevealApproved.code()
        && entry.outcome == Outcome::Done
        && entry.account == Some(account)
        && entry.actor == decider.to_string();
    let before = entries.iter().find(|before| before.seq + 1 == seq).map_or("", |before| before.mac.as_str());
    Ok(says && follows(conn, entry, before)?)
}

/// Whether the entry is as it was written. Its details may have been removed; the digest still covers them.
fn follows(conn: &Conn<'_>, entry: &Entry, before: &str) -> Result<bool, StoreError> {
    let (Some(keys), Some((key_id, mac))) = (&conn.keys, entry.mac.split_once('.')) else { return Ok(false) };
    let seq = entry.seq.to_be_bytes();
    let parts: [&[u8]; 3] = [before.as_bytes(), &seq, entry.digest.as_bytes()];
    let expected = keys.audit_mac_by(key_id, &parts).transpose()?;
    Ok(entry.is_intact() && expected.is_some_and(|expected| hex::encode(expected) == mac))
}

/// Whether this person was shown a secret of this kind after that entry, or did what the kind stands for.
pub(in crate::store) async fn was_used_after(
    conn: &mut Conn<'_>,
    seq: i64,
    kind: RevealKind,
    account: AccountId,
    person: &Email,
) -> Result<bool, StoreError> {
    // Logging a device in counts from its intent on, since the device may be logged in although the outcome is unknown.
    let (code, since) = match kind {
        RevealKind::LoginCode => (AuditKind::LoginCodeShown, Outcome::Done),
        RevealKind::TwoStepPassword => (AuditKind::TwoStepPasswordShown, Outcome::Done),
        RevealKind::DeviceLogin => (AuditKind::DeviceLoggedIn, Outcome::Intent),
    };
    let (count,) = one!(
        conn,
        (i64,),
        "select count(*) from audit_log where account = $1 and code = $2 and actor = $3 and seq > $4
         and outcome = $5 and not exists (select 1 from audit_log ended where ended.intent = audit_log.seq
         and (ended.outcome = $6 or ended.outcome = $7))",
        account,
        code.code(),
        person.to_string(),
        seq,
        since,
        Outcome::Failed,
        Outcome::NotSent
    )?;
    Ok(count > 0)
}
