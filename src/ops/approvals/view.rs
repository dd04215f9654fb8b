//! The requests that pages show: a picture of the newest rows in memory, and who keeps it true.
//!
//! Each change renews it and lets the open pages look again. What is not decided expires; that is recorded as
//! well. Rows that ended long ago are deleted: the audit log keeps what happened.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::access::Principal;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::reveal::RequestState;
use crate::live::approvals::Requests;
use crate::live::events::Change;
use crate::ops::App;
use crate::store::{self, StoreError, Written};

/// Requests of the last hour are shown.
const SHOWN_FOR: i64 = 60 * 60;
/// And no more than these.
const SHOWN: u32 = 1000;
/// Rows are kept for a week.
const KEPT_FOR: i64 = 7 * 24 * 60 * 60;
/// How often it is looked at without any reason.
const LOOK: Duration = Duration::from_secs(10 * 60);
/// The pause after a database that is away.
const AWAY: Duration = Duration::from_secs(1);

/// Renews the board and lets open pages look again.
pub(crate) async fn changed(app: &App) {
    if let Err(error) = renew(app).await {
        tracing::warn!(%error, "the requests on the pages are not the newest");
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

/// Keeps the board true until the program ends.
pub async fn run(app: Arc<App>) {
    loop {
        let pause = match tidy(&app).await {
            Ok(()) => until_next(&app),
            Err(error) => {
                tracing::warn!(%error, "requests to see a secret have to wait");
                AWAY
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = app.live.approvals.woken() => {}
        }
    }
}

/// How long nothing expires.
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

/// Notes what has expired, forgets what is long over, and renews the board.
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
