//! The checkpoint: the end of the audit log, kept in a file as well.
//!
//! Who can write to the database can delete entries at its end, and what is left is a perfect chain. So the
//! newest end also goes to `audit-head` in `DATA_DIR`, soon after each commit, by one task that writes the newest
//! only and delays no change. At the start the audit log must still lead through the checkpoint. If it does not, that is
//! reported in the server's log, in the audit log itself and on its page, where an administrator acknowledges it. It does
//! not refuse the start: a database that was put back from a copy looks the same, and the accounts have to be looked after
//! in either case. A file that is missing, or that Telescope did not write, is such a mismatch, too.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::access::Principal;
use crate::domain::audit::{AuditEntry, AuditEvent, MismatchReason};
use crate::live::events::Change;
use crate::ops::audit::queue;
use crate::ops::{App, Context};
use crate::store::audit::{self, ChainHead, Checkpoint, CheckpointFile};
use crate::store::{Conn, StoreError};

/// How long commits are gathered before the file is written.
const GATHER: Duration = Duration::from_millis(100);
/// How long after a failure the file is tried again.
const AGAIN: Duration = Duration::from_secs(10);

/// Verifies that the audit log leads through the checkpoint of the previous run. To be called before anything is
/// recorded.
pub async fn verify(context: &Context) -> Result<(), StoreError> {
    let file = CheckpointFile::in_folder(&context.config.storage.data_dir);
    let mut conn = context.db.read().await?;
    let found = audit::head(&mut conn).await?;
    let mismatch = match file.check(&context.keys) {
        Ok(Checkpoint::Missing) if found.seq == 0 => None,
        Ok(Checkpoint::Missing) => Some((None, MismatchReason::Missing)),
        Ok(Checkpoint::Unauthentic) => Some((None, MismatchReason::Unauthentic)),
        // The version before this one signed nothing.
        Ok(Checkpoint::Unsigned(_)) if !context.db.was_upgraded() => {
            Some((None, MismatchReason::Unauthentic))
        }
        Ok(Checkpoint::Unsigned(known) | Checkpoint::Signed(known)) => {
            find_mismatch(&mut conn, &known).await?.map(|fault| (Some(known), fault))
        }
        Err(error) => {
            tracing::error!(%error, "the file audit-head can't be read");
            Some((None, MismatchReason::Unreadable))
        }
    };
    drop(conn);
    let Some((known, fault)) = mismatch else { return Ok(()) };
    report(context, known, fault, &found).await?;
    // What was said goes into the file at once, or it would be found again.
    let newest = context.db.audit_heads().borrow().clone();
    if let Some(newest) = newest {
        write_file(context, &newest).await;
    }
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

/// Why the audit log does not lead through a checkpoint; none if it does.
async fn find_mismatch(conn: &mut Conn<'_>, known: &ChainHead) -> Result<Option<MismatchReason>, StoreError> {
    if known.seq == 0 {
        return Ok(None);
    }
    let found = match audit::get(conn, known.seq).await {
        Err(StoreError::Corrupt(_)) => return Ok(Some(MismatchReason::Other)),
        found => found?,
    };
    Ok(match found {
        None => Some(MismatchReason::Shorter),
        Some(entry) if entry.is_at(known) => None,
        Some(_) => Some(MismatchReason::Other),
    })
}

/// Verifies that the audit log leads from the former checkpoint to the new one, before the file forgets the former:
/// entries may be deleted while the server runs, and the file, too.
async fn verify_former(
    context: &Context,
    written: Option<ChainHead>,
    newest: &ChainHead,
) -> Result<(), StoreError> {
    let file = CheckpointFile::in_folder(&context.config.storage.data_dir);
    let (former, foreign) = match file.check(&context.keys) {
        Ok(Checkpoint::Signed(former)) => (Some(former), None),
        Ok(Checkpoint::Unsigned(former)) if context.db.was_upgraded() && written.is_none() => {
            (Some(former), None)
        }
        Ok(Checkpoint::Missing) if written.is_none() => (None, None),
        Ok(Checkpoint::Missing) => (written, Some(MismatchReason::Missing)),
        Ok(Checkpoint::Unsigned(_) | Checkpoint::Unauthentic) => (written, Some(MismatchReason::Unauthentic)),
        Err(_) => (written, Some(MismatchReason::Unreadable)),
    };
    let mut conn = context.db.read().await?;
    let fault = match &former {
        Some(former) => find_mismatch(&mut conn, former).await?,
        None => None,
    };
    drop(conn);
    match fault.or(foreign) {
        Some(fault) => report(context, former, fault, newest).await,
        None => Ok(()),
    }
}

/// Writes each new checkpoint, until the program ends.
pub async fn run(app: Arc<App>) {
    let mut changes = app.live.events.subscribe();
    let mut written = None;
    loop {
        tokio::time::sleep(GATHER).await;
        while changes.try_next().is_some() {}
        let newest = app.db.audit_heads().borrow().clone();
        let committed = changes.wait_for(|change| change == Change::Audit);
        if write(&app, newest, &mut written).await {
            committed.await;
        } else {
            // Time, or another commit: whichever comes first.
            let _ = tokio::time::timeout(AGAIN, committed).await;
        }
    }
}

/// Writes the checkpoint a last time, when nothing more will be recorded.
pub async fn write_last(context: &Context) {
    let newest = context.db.audit_heads().borrow().clone();
    write(context, newest, &mut None).await;
}

/// Whether the file is up to date now. There is nothing to write before this run has recorded an entry. `written` is what
/// this run wrote last: if the file says anything else, another process changed it.
async fn write(context: &Context, newest: Option<ChainHead>, written: &mut Option<ChainHead>) -> bool {
    let Some(head) = newest else { return true };
    if context.db.is_taken_over().await {
        // The file is the successor's.
        return true;
    }
    if let Err(error) = verify_former(context, written.take(), &head).await {
        tracing::warn!(%error, "the audit log can't be checked against its checkpoint now");
        return false;
    }
    let done = write_file(context, &head).await;
    *written = Some(head);
    done
}

/// Puts an end into the file; whether the file says it now.
async fn write_file(context: &Context, head: &ChainHead) -> bool {
    let file = CheckpointFile::in_folder(&context.config.storage.data_dir);
    let (head, keys) = (head.clone(), Arc::clone(&context.keys));
    // The disk may take its time.
    match tokio::task::spawn_blocking(move || file.write(&head, &keys)).await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::error!(%error, "the checkpoint can't be written to audit-head");
            false
        }
        Err(_) => false,
    }
}
