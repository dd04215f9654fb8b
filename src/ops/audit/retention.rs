//! Removing the details of old entries from the audit log: they may name people, who may have a right to be
//! forgotten. What happened, when, by whom and to which account stays, and the chain holds.
//!
//! The server does it once a day if AUDIT_DETAILS_DAYS says so; the command `telescope audit blank` does it on demand.
//! Where the server's database role can't change the log, which is the better way, only the command can, as the tables'
//! owner. Either way it is recorded first, and afterwards with the number of entries.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::Millis;
use crate::domain::access::Principal;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::ops::audit::queue::{self, Intent};
use crate::ops::{App, Context};
use crate::store::{StoreError, audit};

/// Entries of one transaction.
const CHUNK: u32 = 500;
/// How often the server looks.
const DAILY: Duration = Duration::from_secs(24 * 60 * 60);
/// How soon after a failure it looks again.
const AGAIN: Duration = Duration::from_secs(10 * 60);
/// A day, in milliseconds.
const DAY: i64 = 24 * 60 * 60 * 1000;

/// Takes out the details that are older than the settings allow, now and every day, until the program ends.
pub async fn run(app: Arc<App>) {
    let days = app.config.storage.audit_details_days;
    if days == 0 {
        return;
    }
    loop {
        let wait = match keep_to(&app, days).await {
            Ok(()) => DAILY,
            Err(error) => {
                tracing::warn!(%error, "details of old audit entries were not taken out; that is tried again");
                AGAIN
            }
        };
        tokio::time::sleep(wait).await;
    }
}

async fn keep_to(app: &App, days: u32) -> Result<(), StoreError> {
    let before = edge(app.clock.now(), days);
    if audit::with_details(&mut app.db.read().await?, before).await? == 0 {
        return Ok(());
    }
    if !app.db.can_change_audit_log().await? {
        tracing::warn!(
            "AUDIT_DETAILS_DAYS={days}: this server's database role can't change the audit log, as it should be, \
             so it removes no details. Run `telescope audit blank --before DATE --yes` with the DB_DSN of the \
             tables' owner"
        );
        return Ok(());
    }
    blank(app, &Principal::System("retention"), before).await.map(drop)
}

/// The beginning of the day so many days ago.
fn edge(now: Millis, days: u32) -> Millis {
    Millis((now.0.div_euclid(DAY) - i64::from(days)) * DAY)
}

/// Takes out the details of all entries before a moment; of how many. Nothing is written if there are none.
pub async fn blank(context: &Context, actor: &Principal, before: Millis) -> Result<u64, StoreError> {
    let there = audit::with_details(&mut context.db.read().await?, before).await?;
    if there == 0 {
        return Ok(0);
    }
    let event = |entries| AuditEvent::DetailsBlanked { entries, before: before.rfc3339() };
    let entry = AuditEntry::intent(context.clock.now(), actor, event(there));
    let intent = Intent::begin(context, entry).await?;
    let mut blanked = 0;
    let done = in_chunks(context, before, &mut blanked).await;
    let entry = AuditEntry { event: event(blanked), ..intent.outcome(context.clock.now(), &done) };
    let written = queue::record(context, &entry).await;
    tracing::info!(%actor, blanked, before = before.rfc3339(), "details of old audit entries were taken out");
    done.and(written).map(|_| blanked)
}

async fn in_chunks(context: &Context, before: Millis, blanked: &mut u64) -> Result<(), StoreError> {
    loop {
        // A transaction of its own each: other changes don't wait long, and what is done stays done.
        let now = context.db.maintain(async |conn| audit::blank_before(conn, before, CHUNK).await).await?;
        *blanked += now;
        if now < u64::from(CHUNK) {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_whole_and_counted_back_from_today() {
        let noon = Millis(20_000 * DAY + DAY / 2);
        assert_eq!(edge(noon, 1), Millis(19_999 * DAY));
        assert_eq!(edge(noon, 365), Millis(19_635 * DAY));
        assert_eq!(edge(Millis(20_000 * DAY), 1), Millis(19_999 * DAY), "an entry has its whole day");
    }
}
