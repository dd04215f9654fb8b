//! The requests that pages show: a view in memory of the newest rows, and the task that keeps it current.
//!
//! Each change refreshes it and updates open pages. Requests that are not decided in time expire, which is recorded.
//! Old rows are deleted: the audit log keeps what happened.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::UserId;
use crate::domain::access::Principal;
use crate::domain::audit::{AuditEntry, AuditEvent, AuditKind, Outcome};
use crate::domain::reveal::{RequestState, RevealKind, RevealRequest};
use crate::live::approvals::{EmergencyAccess, Requests};
use crate::live::events::Change;
use crate::ops::App;
use crate::ops::approvals::approvers;
use crate::store::audit::Filter;
use crate::store::{self, Conn, StoreError, Written};

/// Seconds for which requests are shown.
const SHOWN_FOR: i64 = 60 * 60;
/// How many requests are shown at most.
const SHOWN: u32 = 1000;
/// Seconds for which rows are kept.
const KEPT_FOR: i64 = 7 * 24 * 60 * 60;
/// For how long approvers are told of emergency access, in seconds, and of how many.
const EMERGENCY_SHOWN_FOR: i64 = 24 * 60 * 60;
const MAX_EMERGENCIES: usize = 5;
/// Entries that are read for them; one emergency can have several.
const MAX_ENTRIES: u32 = 50;
/// How long the task sleeps at most.
const LONGEST_SLEEP: Duration = Duration::from_secs(10 * 60);
/// The pause while the database is unavailable.
const RETRY: Duration = Duration::from_secs(1);

/// Refreshes the view and updates open pages.
pub(crate) async fn changed(app: &App) {
    if let Err(error) = renew(app).await {
        tracing::warn!(%error, "the approval requests on pages could not be refreshed");
    }
    app.live.approvals.wake();
}

async fn renew(app: &App) -> Result<(), StoreError> {
    let from = app.clock.now().plus_seconds(-SHOWN_FOR);
    let conn = &mut app.db.read().await?;
    let recent = store::reveal_requests::since(conn, from, SHOWN).await?;
    let week = app.clock.now().plus_seconds(-KEPT_FOR);
    let earlier = store::reveal_requests::of_waiting_people(conn, week, SHOWN).await?;
    let dependent = dependent(app, conn, &recent).await?;
    let emergencies = emergencies(app, conn).await?;
    app.live.approvals.store(Requests { recent, earlier, dependent, emergencies });
    app.live.events.publish(Change::Approvals);
    Ok(())
}

/// What approvers are told of for a day.
async fn emergencies(app: &App, conn: &mut Conn<'_>) -> Result<Vec<EmergencyAccess>, StoreError> {
    let mut told = Vec::new();
    for (kind, event) in [
        (RevealKind::LoginCode, AuditKind::EmergencyCodeShown),
        (RevealKind::DeviceLogin, AuditKind::EmergencyDeviceLoggedIn),
    ] {
        let filter = Filter {
            code: Some(event.code().to_owned()),
            from: Some(app.clock.now().plus_seconds(-EMERGENCY_SHOWN_FOR)),
            ..Filter::default()
        };
        let entries = store::audit::page(conn, &filter, MAX_ENTRIES).await?;
        told.extend(entries.into_iter().filter(|entry| has_happened(entry.outcome)).map(|entry| {
            let store::audit::Entry { seq, at, actor, account, reason, .. } = entry;
            EmergencyAccess { kind, seq, at, actor, account, reason }
        }));
    }
    told.sort_by_key(|access| std::cmp::Reverse(access.seq));
    told.truncate(MAX_EMERGENCIES);
    Ok(told)
}

/// Whether it was done, or may have been.
const fn has_happened(outcome: Outcome) -> bool {
    match outcome {
        Outcome::Done | Outcome::Unknown => true,
        Outcome::Intent | Outcome::Failed | Outcome::NotSent => false,
    }
}

/// The approvers who have their permission from a person who waits for a decision, with that person.
async fn dependent(
    app: &App,
    conn: &mut Conn<'_>,
    requests: &[RevealRequest],
) -> Result<HashSet<(UserId, UserId)>, StoreError> {
    let now = app.clock.now();
    let waiting = requests.iter().filter(|request| request.state_at(now) == RequestState::Waiting);
    let people: HashSet<UserId> = waiting.map(|request| request.requester).collect();
    let mut dependent = HashSet::new();
    for requester in people {
        for approver in approvers::dependents(app, conn, requester).await? {
            dependent.insert((requester, approver));
        }
    }
    Ok(dependent)
}

/// Ends the approvals of people who may no longer approve. They stay ended if the permission is given back, so this is
/// done whenever the rules have changed.
pub(crate) async fn void_lost(app: &App) {
    if let Err(error) = void(app).await {
        tracing::warn!(%error, "approvals of people who may no longer approve are not ended yet");
    }
}

async fn void(app: &App) -> Result<(), StoreError> {
    let now = app.clock.now();
    if store::reveal_requests::approved(&mut app.db.read().await?, now).await?.is_empty() {
        return Ok(());
    }
    let voided = app
        .write_with(async |tx| -> Result<Written<bool>, StoreError> {
            let mut recorded = None;
            for request in store::reveal_requests::approved(tx, now).await? {
                let Some((id, approver)) = &request.decided_by else { continue };
                if approvers::may_still(app, tx, *id).await? {
                    continue;
                }
                store::reveal_requests::end(tx, request.id, RequestState::Voided).await?;
                let (kind, person, approver) = (request.kind, request.person, approver.clone());
                let event = AuditEvent::RevealVoided { kind, person, approver };
                let entry = AuditEntry::done(now, &Principal::System("reveals"), event);
                recorded = Some(tx.record(&entry.about(request.account)).await?);
            }
            let any = recorded.is_some();
            Ok(Written::of(recorded, any))
        })
        .await?;
    if voided {
        changed(app).await;
    }
    Ok(())
}

/// Keeps the view current until the program ends.
pub async fn run(app: Arc<App>) {
    loop {
        let pause = match tidy(&app).await {
            Ok(()) => until_next(&app),
            Err(error) => {
                tracing::warn!(%error, "approval requests could not be expired; retrying");
                RETRY
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
    let open = requests.recent.iter().filter(|it| it.state_at(now).is_open());
    let next = open.map(|it| it.expires.0.saturating_sub(now.0)).min();
    let next = next.and_then(|left| u64::try_from(left).ok()).map(Duration::from_millis);
    next.map_or(LONGEST_SLEEP, |left| left.min(LONGEST_SLEEP))
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
                store::reveal_requests::end(tx, request.id, RequestState::Expired).await?;
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
