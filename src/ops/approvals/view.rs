//! The requests that pages show: a picture of the newest rows in memory, and who keeps it true.
//!
//! Each change renews it and lets the open pages look again. What nobody decides expires by itself; that is written
//! down as well. Rows that are long over are deleted: the audit trail keeps what was.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::Notify;

use crate::domain::Millis;
use crate::domain::access::{Policy, Principal, system_privileges};
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::privilege::SystemPrivilege;
use crate::domain::reveal::{RequestState, RevealRequest};
use crate::ops::App;
use crate::store::{self, StoreError};

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

/// The newest requests, the newest first.
#[derive(Debug, Default)]
pub struct Board {
    requests: ArcSwap<Vec<RevealRequest>>,
    bell: Notify,
}

impl Board {
    /// The newest requests, the newest first.
    pub fn requests(&self) -> Arc<Vec<RevealRequest>> {
        self.requests.load_full()
    }

    /// How many requests wait for somebody like this to decide them; none if he may not.
    pub fn waiting_for(&self, rules: &Policy, actor: &Principal, now: Millis) -> Option<usize> {
        if !system_privileges(rules, actor).has(SystemPrivilege::ApproveReveal) {
            return None;
        }
        let requests = self.requests();
        let waiting = requests.iter().filter(|it| it.stands(now) == RequestState::Waiting);
        Some(waiting.filter(|it| !is_own(it, actor)).count())
    }
}

/// Whether this is the actor's own request, in whichever session he made it.
pub fn is_own(request: &RevealRequest, actor: &Principal) -> bool {
    matches!(actor, Principal::User(person) if person.id == request.requester)
}

/// Renews the board and lets open pages look again.
pub(crate) async fn changed(app: &App) {
    if let Err(error) = renew(app).await {
        tracing::warn!(%error, "the requests on the pages are not the newest");
    }
    app.reveals.bell.notify_one();
}

async fn renew(app: &App) -> Result<(), StoreError> {
    let from = app.clock.now().plus_seconds(-SHOWN_FOR);
    let newest = store::reveal_requests::since(&mut app.db.read().await?, from, SHOWN).await?;
    app.reveals.requests.store(Arc::new(newest));
    app.directory.touch();
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
            () = app.reveals.bell.notified() => {}
        }
    }
}

/// How long nothing expires.
fn until_next(app: &App) -> Duration {
    let now = app.clock.now();
    let requests = app.reveals.requests();
    let open =
        requests.iter().filter(|it| matches!(it.stands(now), RequestState::Waiting | RequestState::Approved));
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
        app.db
            .change(async |conn| -> Result<(), StoreError> {
                for request in store::reveal_requests::overdue(conn, now).await? {
                    store::reveal_requests::expire(conn, request.id).await?;
                    let event = AuditEvent::RevealExpired { kind: request.kind, person: request.person };
                    let entry = AuditEntry::done(now, &Principal::System("reveals"), event);
                    store::audit::append(conn, &app.keys, &entry.about(request.account)).await?;
                }
                store::reveal_requests::forget_before(conn, old).await.map(drop)
            })
            .await?;
    }
    renew(app).await
}
