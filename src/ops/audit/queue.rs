//! Writing the audit trail: before what it tells of, or not at all.
//!
//! What only touches the database is written in the same transaction. What is asked of Telegram gets two
//! entries: the intent, committed before the request, and the outcome. If the intent can't be written nothing
//! is asked. An outcome, and what the accounts do by themselves, must not be lost because the database is
//! away for a moment: those go through the [`AuditQueue`](crate::live::audit_queue::AuditQueue).

use std::sync::Arc;

use crate::domain::audit::{AuditEntry, AuditEvent, Outcome};
use crate::live::events::Change;
use crate::ops::{App, OpError};
use crate::store::{self, StoreError};

/// Entries of one transaction.
const BATCH: usize = 200;

/// Writes something that is done with this entry, before it is done.
pub(crate) async fn write(app: &App, entry: &AuditEntry) -> Result<i64, OpError> {
    let keys = &app.keys;
    Ok(app.db.change(async |conn| store::audit::append(conn, keys, entry).await).await?)
}

/// Writes how an intent went.
pub(crate) fn outcome<T, E>(app: &App, intent: (i64, &AuditEntry), result: &Result<T, E>) {
    let outcome = if result.is_ok() { Outcome::Done } else { Outcome::Failed };
    app.audit_queue.put(intent.1.outcome(intent.0, app.clock.now(), outcome));
}

/// Writes what is in the queue now. An error leaves it there.
pub async fn flush(app: &App) -> Result<(), StoreError> {
    loop {
        let batch: Vec<AuditEntry> = app.audit_queue.oldest(BATCH);
        if batch.is_empty() {
            return Ok(());
        }
        let keys = &app.keys;
        app.db
            .change(async |conn| {
                for entry in &batch {
                    store::audit::append(conn, keys, entry).await?;
                }
                Ok::<_, StoreError>(())
            })
            .await?;
        app.audit_queue.remove_oldest(batch.len());
    }
}

/// Writes what comes into the queue, as soon as the database takes it.
pub async fn keep_flushing(app: Arc<App>) {
    let mut changes = app.live.events.subscribe();
    loop {
        if let Err(error) = flush(&app).await {
            tracing::warn!(%error, "queued audit entries are not written yet");
            // Tried again when the database is back, or at the next entry.
            tokio::select! {
                _ = changes.wait_for(|change| change == Change::Health) => {}
                () = app.audit_queue.woken() => tokio::time::sleep(std::time::Duration::from_secs(1)).await,
            }
            continue;
        }
        app.audit_queue.woken().await;
    }
}

/// Closes the intents that an earlier run left without an outcome.
pub async fn close_intents(app: &App) -> Result<(), StoreError> {
    let now = app.clock.now();
    let keys = &app.keys;
    app.db
        .change(async |conn| {
            for open in store::audit::open_intents(conn).await? {
                let Some(event) = AuditEvent::of_intent(&open.code, open.details.as_deref()) else {
                    continue;
                };
                let entry = AuditEntry {
                    at: now,
                    event,
                    outcome: Outcome::Unknown,
                    intent: Some(open.seq),
                    actor: open.actor,
                    account: open.account,
                    reason: None,
                    address: None,
                    request_id: None,
                };
                store::audit::append(conn, keys, &entry).await?;
            }
            Ok(())
        })
        .await
}
