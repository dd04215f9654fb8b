//! Proofs of all rows that give access: making them once for the database of an earlier version, making them again for
//! a new master key, and finding rows that Telescope did not write.

mod names;
mod rows;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::key_check::{self, Proofs, Proven};
use super::{Conn, Db, StoreError, Tx, Written, access_version, invites, reveal_requests, web_sessions};
use crate::crypto::Keys;
use crate::domain::Millis;
use crate::domain::access::Principal;
use crate::domain::audit::{AuditEntry, AuditEvent, ForeignRow};
use crate::domain::reveal::RequestState;
use names::Names;
use rows::read;

/// Checks the keys, see [`key_check`], and uses them for proofs from now on. To be called at startup, after the
/// migrations.
pub async fn prepare(db: &Db, keys: &Arc<Keys>, now: Millis) -> Result<(), StoreError> {
    db.use_keys(keys);
    match db.dry_run(keys, async |tx| key_check::check(tx, keys).await).await? {
        Proofs::Only(Proven::Nothing) => {
            db.upgraded.store(true, Ordering::Relaxed);
            return db.write(keys, async |tx| prove_once(tx, keys, now).await).await;
        }
        Proofs::Only(proven) => {
            return db.write(keys, async |tx| prove_the_rest(tx, keys, proven, now).await).await;
        }
        Proofs::New | Proofs::Made | Proofs::OfFormerKey => {}
    }
    db.maintain(async |conn: &mut Conn<'_>| match key_check::check(conn, keys).await? {
        Proofs::Made | Proofs::Only(_) => Ok(()),
        Proofs::New => access_version::accept(conn).await,
        Proofs::OfFormerKey => prove_again(conn).await,
    })
    .await
}

/// Proves the existing rows: earlier versions made no proofs.
async fn prove_once(tx: &mut Tx<'_>, keys: &Keys, now: Millis) -> Result<Written<()>, StoreError> {
    key_check::check(tx, keys).await?;
    let rows = read(tx).await?;
    for row in &rows {
        row.prove(tx).await?;
    }
    web_sessions::delete_all(tx).await?;
    reveal_requests::expire_open(tx).await?;
    access_version::accept(tx).await?;
    let count = |since| rows.iter().filter(|row| row.proven_since() == since).count() as u64;
    // All are recorded, since none must happen again.
    let event = AuditEvent::AccessSealed { rows: count(Proven::Rights) };
    let _ = tx.record(&by_telescope(now, event)).await?;
    let event = AuditEvent::OwnersSealed { rows: count(Proven::Accounts) };
    let _ = tx.record(&by_telescope(now, event)).await?;
    let event = AuditEvent::ConfirmationsSealed { rows: count(Proven::Confirmations) };
    Ok(tx.record(&by_telescope(now, event)).await?.with(()))
}

/// Proves the rows that an earlier version with proofs did not. A change with SQL before that stays noticed.
async fn prove_the_rest(
    tx: &mut Tx<'_>,
    keys: &Keys,
    proven: Proven,
    now: Millis,
) -> Result<Written<()>, StoreError> {
    let is_new_key = key_check::is_new(tx, keys).await?;
    key_check::check(tx, keys).await?;
    let (mut accounts, mut confirmations) = (0, 0);
    for row in read(tx).await? {
        if row.proven_since() <= proven {
            if is_new_key && row.is_proven(tx) {
                row.prove(tx).await?;
            }
            continue;
        }
        row.prove(tx).await?;
        match row.proven_since() {
            Proven::Confirmations => confirmations += 1,
            Proven::Accounts => accounts += 1,
            Proven::Nothing | Proven::Rights => {}
        }
    }
    if is_new_key {
        invites::prove_again(tx).await?;
        web_sessions::delete_all(tx).await?;
        if access_version::find(tx).await?.foreign_since.is_none() {
            access_version::accept(tx).await?;
        }
    }
    if proven < Proven::Accounts {
        let _ = tx.record(&by_telescope(now, AuditEvent::OwnersSealed { rows: accounts })).await?;
    }
    let event = AuditEvent::ConfirmationsSealed { rows: confirmations };
    Ok(tx.record(&by_telescope(now, event)).await?.with(()))
}

fn by_telescope(now: Millis, event: AuditEvent) -> AuditEntry {
    AuditEntry::done(now, &Principal::System("telescope"), event)
}

/// Proves with the new key what the former key proves. Sessions are found with the key, so they end.
async fn prove_again(conn: &mut Conn<'_>) -> Result<(), StoreError> {
    for row in read(conn).await? {
        if row.is_proven(conn) {
            row.prove(conn).await?;
        }
    }
    invites::prove_again(conn).await?;
    web_sessions::delete_all(conn).await?;
    if access_version::find(conn).await?.foreign_since.is_none() {
        access_version::accept(conn).await?;
    }
    Ok(())
}

/// A row that Telescope did not write, and a description of it.
#[derive(Debug)]
pub struct Foreign {
    pub row: ForeignRow,
    pub what: String,
}

/// Whether the database has rows that would give access but that Telescope did not write, or a change of the rules with
/// SQL.
pub async fn any_foreign(conn: &mut Conn<'_>) -> Result<bool, StoreError> {
    let keys = conn.keys.clone();
    let Some(keys) = keys else { return Ok(false) };
    Ok(access_version::find(conn).await?.foreign_since.is_some()
        || read(conn).await?.iter().any(|row| !row.is_proven(conn))
        || !reveal_requests::foreign(conn).await?.is_empty()
        || !invites::foreign(conn).await?.is_empty()
        || web_sessions::any_foreign(conn, &keys).await?)
}

/// Removes rows that would give access but that Telescope did not write; returns a description of each.
pub async fn remove_foreign(conn: &mut Conn<'_>) -> Result<Vec<Foreign>, StoreError> {
    let Some(keys) = conn.keys.clone() else { return Ok(Vec::new()) };
    let names = Names::read(conn).await?;
    let mut removed = Vec::new();
    for row in read(conn).await? {
        if !row.is_proven(conn) {
            row.remove(conn).await?;
            removed.push(row.named(&names));
        }
    }
    for (id, person) in reveal_requests::foreign(conn).await? {
        reveal_requests::end(conn, id, RequestState::Expired).await?;
        removed.push(Foreign { row: ForeignRow::Approval, what: person.to_string() });
    }
    for invite in invites::foreign(conn).await? {
        invites::end(conn, invite.id).await?;
        removed.push(Foreign { row: ForeignRow::Invite, what: invite.person.to_string() });
    }
    for user in web_sessions::delete_foreign(conn, &keys).await? {
        let user = user.and_then(|user| user.parse().ok());
        let what = user.map_or_else(|| "no one".to_owned(), |user| names.person(user));
        removed.push(Foreign { row: ForeignRow::Session, what });
    }
    Ok(removed)
}

/// If the rules were changed with SQL, the version that Telescope wrote last and the present one; accepts the present
/// one.
pub async fn accept_version(conn: &mut Conn<'_>) -> Result<Option<(i64, i64)>, StoreError> {
    // As found at the beginning: removing rows in this change has raised the version.
    let found = conn.access.and_then(|found| Some((found.foreign_since?, found.version)));
    access_version::accept(conn).await?;
    Ok(found)
}
