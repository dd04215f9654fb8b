//! Audit entries for effects outside the database.
//!
//! A change in the database is recorded in its own transaction. A request to Telegram gets two entries: the intent,
//! committed before the request, and the outcome. If the intent can't be written, the request is not sent. Outcomes, and
//! changes that come from Telegram, must not be lost while the database is briefly unavailable: those go through the
//! [`AuditQueue`](crate::live::audit_queue::AuditQueue).

use std::sync::Arc;
use std::time::Duration;

use crate::domain::Millis;
use crate::domain::audit::{AuditEntry, Outcome};
use crate::live::events::Change;
use crate::ops::{App, Context};
use crate::store::tx::Recorded;
use crate::store::{self, StoreError, Written};
use crate::telegram::AnswerError;

/// How many entries one transaction writes.
const BATCH: usize = 200;
/// The longest pause before a retry.
const AGAIN: Duration = Duration::from_secs(2);

/// An action outside the database that was recorded before it begins. Its outcome must be recorded, too.
#[derive(Debug)]
#[must_use]
pub(crate) struct Intent {
    seq: i64,
    entry: AuditEntry,
}

impl Intent {
    /// Records that an action is about to begin. If this fails, the action must not begin.
    pub(crate) async fn begin(context: &Context, entry: AuditEntry) -> Result<Self, StoreError> {
        let seq = record(context, &entry).await?;
        Ok(Self { seq, entry })
    }

    /// An intent that was recorded within another change.
    pub(crate) fn of(recorded: &Recorded, entry: AuditEntry) -> Self {
        Self { seq: recorded.seq(), entry }
    }

    pub(crate) fn seq(&self) -> i64 {
        self.seq
    }

    pub(crate) fn outcome<T, E>(&self, now: Millis, result: &Result<T, E>) -> AuditEntry {
        self.ended(now, if result.is_ok() { Outcome::Done } else { Outcome::Failed })
    }

    pub(crate) fn ended(&self, now: Millis, outcome: Outcome) -> AuditEntry {
        self.entry.outcome(self.seq, now, outcome)
    }

    /// Records its outcome, even if the database is unavailable for a while.
    pub(crate) fn end<T, E>(self, app: &App, result: &Result<T, E>) {
        app.audit_queue.put(self.outcome(app.clock.now(), result));
    }

    /// Records how a request to Telegram ended: whether it was refused, or never sent. What limits count is in the database
    /// before the person is told, if that is available.
    pub(crate) async fn end_at_telegram(self, app: &App, result: &Result<(), AnswerError>) {
        let outcome = match result {
            Ok(()) => Outcome::Done,
            Err(AnswerError::Refused(_)) => Outcome::Failed,
            Err(AnswerError::Away) => Outcome::Unknown,
            Err(AnswerError::Stale | AnswerError::Busy | AnswerError::NotNow | AnswerError::NotRunning) => {
                Outcome::NotSent
            }
        };
        record_or_queue(app, self.ended(app.clock.now(), outcome)).await;
    }

    /// Records its outcome before the person is told, if the database is available.
    pub(crate) async fn end_now<T, E>(self, app: &App, result: &Result<T, E>) {
        record_or_queue(app, self.outcome(app.clock.now(), result)).await;
    }
}

async fn record_or_queue(app: &App, entry: AuditEntry) {
    if let Err(error) = record(app, &entry).await {
        tracing::warn!(%error, "an outcome is recorded later");
        app.audit_queue.put(entry);
    }
}

/// Records an event that changes nothing in the database; returns the entry's number.
pub(crate) async fn record(context: &Context, entry: &AuditEntry) -> Result<i64, StoreError> {
    context
        .write_with(async |tx| {
            let recorded = tx.record(entry).await?;
            let seq = recorded.seq();
            Ok(recorded.with(seq))
        })
        .await
}

/// Writes what is in the queue now. After an error the entries stay in the queue.
pub async fn flush(app: &App) -> Result<(), StoreError> {
    loop {
        let batch: Vec<AuditEntry> = app.audit_queue.oldest(BATCH);
        if batch.is_empty() {
            return Ok(());
        }
        app.write_with(async |tx| -> Result<Written<()>, StoreError> {
            let mut recorded = None;
            for entry in &batch {
                recorded = Some(tx.record(entry).await?);
            }
            Ok(Written::of(recorded, ()))
        })
        .await?;
        app.audit_queue.remove_oldest(batch.len());
    }
}

/// Writes queued entries as they arrive, as soon as the database accepts them.
pub async fn keep_flushing(app: Arc<App>) {
    let mut changes = app.live.events.subscribe();
    loop {
        if let Err(error) = flush(&app).await {
            tracing::warn!(%error, "queued audit entries are not written yet");
            // As soon as the database is back. Other failures have no event, so retry after a pause, too.
            let _ = tokio::time::timeout(AGAIN, changes.wait_for(|change| change == Change::Health)).await;
            continue;
        }
        app.audit_queue.woken().await;
    }
}

/// Closes the intents that an earlier run left without an outcome.
pub async fn close_intents(app: &App) -> Result<(), StoreError> {
    let now = app.clock.now();
    app.write_with(async |tx| -> Result<Written<()>, StoreError> {
        let mut recorded = None;
        for open in store::audit::open_intents(tx).await? {
            let entry = AuditEntry {
                at: now,
                event: open.event(),
                outcome: Outcome::Unknown,
                intent: Some(open.seq),
                actor: open.actor,
                account: open.account,
                reason: None,
                address: None,
                request_id: None,
            };
            recorded = Some(tx.record(&entry).await?);
        }
        Ok(Written::of(recorded, ()))
    })
    .await
}
