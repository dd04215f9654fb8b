//! The checkpoint: the last entry of the audit log, also kept in a file.
//!
//! Anyone who can write to the database can delete entries at the end of the log, and what is left is still a valid
//! chain. So one task writes the last entry's position to `audit-head` in `DATA_DIR` soon after each commit, without
//! delaying the commit. At startup the audit log must still contain the checkpoint. If it does not, that is reported in
//! the server's log, in the audit log and on its page. The server starts nevertheless: a database that was restored
//! from a backup looks the same, and the accounts need to be served in either case.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::access::Principal;
use crate::domain::audit::{AuditEntry, AuditEvent, MismatchReason};
use crate::live::events::Change;
use crate::ops::audit::queue;
use crate::ops::{App, Context};
use crate::store::audit::{self, ChainHead, CheckpointFile};
use crate::store::{Conn, StoreError};

/// How long commits are collected before the file is written.
const GATHER: Duration = Duration::from_millis(100);
/// The pause before another attempt to write the file.
const AGAIN: Duration = Duration::from_secs(10);

/// Verifies that the audit log contains the checkpoint of the previous run. Must be called before anything is recorded.
pub async fn verify(context: &Context) -> Result<(), StoreError> {
    let file = CheckpointFile::in_folder(&context.config.data_dir);
    let mut conn = context.db.read().await?;
    let found = audit::head(&mut conn).await?;
    let mismatch = match file.read() {
        Ok(None) if found.seq > 0 => {
            tracing::warn!(
                "there is no file audit-head, so entries missing at the end of the audit log can't be noticed"
            );
            return Ok(());
        }
        Ok(None) => return Ok(()),
        Ok(Some(known)) => find_mismatch(&mut conn, &known).await?.map(|fault| (Some(known), fault)),
        Err(error) => {
            tracing::error!(%error, "the file audit-head can't be read");
            Some((None, MismatchReason::Unreadable))
        }
    };
    drop(conn);
    let Some((known, fault)) = mismatch else { return Ok(()) };
    report(context, known, fault, &found).await?;
    // Move the checkpoint at once, or the same mismatch would be reported at the next start.
    let newest = context.db.audit_heads().borrow().clone();
    write_file(context, newest).await;
    Ok(())
}

/// Reports that the audit log does not match its checkpoint.
async fn report(
    context: &Context,
    known: Option<ChainHead>,
    reason: MismatchReason,
    found: &ChainHead,
) -> Result<(), StoreError> {
    tracing::error!(
        ?reason,
        checkpoint = known.as_ref().map(|head| head.seq),
        last_entry = found.seq,
        "THE AUDIT LOG DOES NOT MATCH ITS CHECKPOINT"
    );
    let event =
        AuditEvent::AuditMismatch { reason, known: known.map(|head| head.to_string()), found: found.seq };
    let entry = AuditEntry::done(context.clock.now(), &Principal::System("telescope"), event);
    queue::record(context, &entry).await.map(drop)
}

/// Why the audit log does not match a checkpoint; none if it does.
async fn find_mismatch(conn: &mut Conn<'_>, known: &ChainHead) -> Result<Option<MismatchReason>, StoreError> {
    if known.seq == 0 {
        return Ok(None);
    }
    Ok(match audit::get(conn, known.seq).await? {
        None => Some(MismatchReason::Shorter),
        Some(entry) if entry.is_at(known) => None,
        Some(_) => Some(MismatchReason::Other),
    })
}

/// Verifies that the audit log still contains the previous checkpoint before the file is overwritten: entries may be
/// deleted while the server runs.
async fn verify_former(context: &Context, former: ChainHead, newest: &ChainHead) -> Result<(), StoreError> {
    let mut conn = context.db.read().await?;
    let fault = find_mismatch(&mut conn, &former).await?;
    drop(conn);
    match fault {
        Some(fault) => report(context, Some(former), fault, newest).await,
        None => Ok(()),
    }
}

/// Writes each new checkpoint, until the program ends.
pub async fn run(app: Arc<App>) {
    let mut changes = app.live.events.subscribe();
    loop {
        tokio::time::sleep(GATHER).await;
        while changes.try_next().is_some() {}
        let newest = app.db.audit_heads().borrow().clone();
        let committed = changes.wait_for(|change| change == Change::Audit);
        if write(&app, newest).await {
            committed.await;
        } else {
            // Retry after a while, or at the next commit.
            let _ = tokio::time::timeout(AGAIN, committed).await;
        }
    }
}

/// Writes the checkpoint a last time, at the end, when nothing more will be recorded.
pub async fn write_last(context: &Context) {
    let newest = context.db.audit_heads().borrow().clone();
    write(context, newest).await;
}

/// Returns whether the file is up to date. There is nothing to write before this run has recorded something.
async fn write(context: &Context, newest: Option<ChainHead>) -> bool {
    let Some(head) = newest else { return true };
    if context.db.is_taken_over().await {
        // The file belongs to the server that took over.
        return true;
    }
    let file = CheckpointFile::in_folder(&context.config.data_dir);
    if let Ok(Some(former)) = file.read()
        && let Err(error) = verify_former(context, former, &head).await
    {
        tracing::warn!(%error, "the audit log can't be checked against its checkpoint now");
        return false;
    }
    write_file(context, Some(head)).await
}

/// Writes the file; returns whether it is up to date.
async fn write_file(context: &Context, newest: Option<ChainHead>) -> bool {
    let Some(head) = newest else { return true };
    let file = CheckpointFile::in_folder(&context.config.data_dir);
    // The disk may be slow.
    match tokio::task::spawn_blocking(move || file.write(&head)).await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::error!(%error, "the checkpoint can't be written to audit-head");
            false
        }
        Err(_) => false,
    }
}
