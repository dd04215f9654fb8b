//! The requests that pages show: a view in memory of the newest rows, and the task that keeps it current.
//!
//! Each change refreshes it and updates open pages. Requests that are not decided in time expire, which is recorded.
//! Old rows are deleted: the audit log keeps what happened.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::access::Principal;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::reveal::RequestState;
use crate::live::approvals::Requests;
use crate::live::events::Change;
use crate::ops::App;
use crate::store::{self, StoreError, Written};

/// Seconds for which requests are shown.
const SHOWN_FOR: i64 = 60 * 60;
/// How many requests are shown at most.
const SHOWN: u32 = 1000;
/// Seconds for which rows are kept.
const KEPT_FOR: i64 = 7 * 24 * 60 * 60;
/// How long the task sleeps at most.
const LOOK: Duration = Duration::from_secs(10 * 60);
/// The pause while the database is unavailable.
const AWAY: Duration = Duration::from_secs(1);

/// Refreshes the view and updates open pages.
pub(crate) async fn changed(app: &App) {
    if let Err(error) = renew(app).await {
        tracing::warn!(%error, "the approval requests on pages could not be refreshed");
    }
    app.live.approvals.wake();
}

async fn renew(app: &App) -> Result<(), StoreError> {
    let from = app.clock.now().plus_seconds(-SHOWN_FOR);
    let newest = store::reveal_requests::since(&mut app.db.read().await?, from, SHOWN).await?;
    app.live.approvals.store(Requests(newest));
    app.live.events.publish(Change::Approvals);
    Ok(())
}

/// Keeps the view current until the program ends.
pub async fn run(app: Arc<App>) {
    loop {
        let pause = match tidy(&app).await {
            Ok(()) => until_next(&app),
            Err(error) => {
                tracing::warn!(%error, "approval requests could not be expired; retrying");
                AWAY
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = app.live.approvals.woken() => {}
        }
    }
}

/// The time until the next request expires.
fn until_next(app: &App) -> Duration {
    let now = app.clock.now();
    let requests = app.live.approvals.load();
    let open = requests
        .0
        .iter()
        .filter(|it| matches!(it.stands(now), RequestState::Waiting | RequestState::Approved));
    let next = open.map(|it| it.expires.0.saturating_sub(now.0)).min();
    next.and_then(|left| u64::try_from(left).ok()).map_or(LOOK, |left| Duration::from_millis(left).min(LOOK))
}

/// Expires what is overdue, deletes old rows, and refreshes the view.
pub async fn tidy(app: &App) -> Result<(), StoreError> {
    let now = app.clock.now();
    let old = now.plus_seconds(-KEPT_FOR);
    let conn = &mut app.db.read().await?;
    let due = !store::reveal_requests::overdue(conn, now).await?.is_empty()
        || store::reveal_requests::any_before(conn, old).await?;
    if due {
        app.write_with(async |tx| -> Result<Written<()>, StoreError> {
            let mut recorded = None;
            for request in store::reveal_requests::overdue(tx, now).await? {
                store::reveal_requests::expire(tx, request.id).await?;
                let event = AuditEvent::RevealExpired { kind: request.kind, person: request.person };
                let entry = AuditEntry::done(now, &Principal::System("reveals"), event);
                recorded = Some(tx.record(&entry.about(request.account)).await?);
            }
            Ok(Written::of(recorded, ()))
        })
        .await?;
        app.db
            .maintain(async |conn| store::reveal_requests::forget_before(conn, old).await.map(drop))
            .await?;
    }
    renew(app).await
}
