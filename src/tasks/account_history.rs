//! Records changes that come from Telegram: each stage an account reaches, for its history, and its last known state,
//! for when its client does not run.
//!
//! Only the newest state of each account is written, and retried until that succeeds, so nothing accumulates while the
//! database is unavailable. Transient stages are left out.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::domain::AccountId;
use crate::domain::access::Principal;
use crate::domain::account::Known;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::live::accounts::Entry;
use crate::live::events::Change;
use crate::ops::App;
use crate::store::{self, StoreError};

/// How long changes are collected before they are written.
const GATHER: Duration = Duration::from_millis(250);

/// The last recorded stage of each account. It is kept when the task is restarted, which would otherwise record every
/// stage again.
#[derive(Clone, Debug, Default)]
pub struct RecordedStages(Arc<Mutex<HashMap<AccountId, &'static str>>>);

/// Accounts whose state may have to be written.
#[derive(Debug)]
enum Unwritten {
    Some(HashSet<AccountId>),
    /// All accounts whose state differs from the written one.
    Any,
}

pub async fn run(app: Arc<App>, recorded: RecordedStages) {
    let mut changes = app.live.events.subscribe();
    let mut unwritten = Unwritten::Any;
    // When to write the states; None while nothing has changed.
    let mut due = Some(Instant::now());
    for entry in app.live.accounts.listing().iter() {
        record_stage(&app, entry, &recorded);
    }
    loop {
        tokio::select! {
            change = changes.next() => match change {
                Change::Account(id) => {
                    if let Some(entry) = app.live.accounts.get(id) {
                        record_stage(&app, &entry, &recorded);
                    }
                    if let Unwritten::Some(ids) = &mut unwritten {
                        ids.insert(id);
                    }
                    due = due.or(Some(Instant::now() + GATHER));
                }
                // Retry failed writes when the database is available again.
                Change::Health => due = Some(Instant::now()),
                Change::Everything => {
                    for entry in app.live.accounts.listing().iter() {
                        record_stage(&app, entry, &recorded);
                    }
                    unwritten = Unwritten::Any;
                    due = due.or(Some(Instant::now() + GATHER));
                }
                Change::StoredPassword(_)
                | Change::Devices(_)
                | Change::Policy
                | Change::Approvals
                | Change::Jobs
                | Change::Invites
                | Change::Proxies
                | Change::User(_)
                | Change::SessionEnded(_)
                | Change::Audit => {}
            },
            () = reached(due) => {
                due = None;
                let written = match &unwritten {
                    Unwritten::Some(ids) => {
                        write(&app, ids.iter().filter_map(|id| app.live.accounts.get(*id)).collect()).await
                    }
                    Unwritten::Any => keep(&app).await,
                };
                match written {
                    Ok(()) => unwritten = Unwritten::Some(HashSet::new()),
                    Err(error) => tracing::warn!(%error, "states of accounts are not written yet"),
                }
            }
        }
    }
}

/// Resolves at that time, or never.
async fn reached(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

fn record_stage(app: &App, entry: &Entry, recorded: &RecordedStages) {
    let status = entry.snapshot.status();
    let id = entry.account.id;
    if entry.snapshot.stage.is_passing() || recorded.0.lock().insert(id, status) == Some(status) {
        return;
    }
    let event = AuditEvent::StageChanged { stage: status.to_owned() };
    app.audit_queue.put(AuditEntry::done(app.clock.now(), &Principal::System("telegram"), event).about(id));
}

/// Writes the state of every account that is not written yet. Also called before the server stops.
pub async fn keep(app: &App) -> Result<(), StoreError> {
    write(app, app.live.accounts.listing().iter().cloned().collect()).await
}

async fn write(app: &App, entries: Vec<Arc<Entry>>) -> Result<(), StoreError> {
    let known = entries.iter().filter_map(|entry| Some((entry.account.id, Known::of(&entry.snapshot)?)));
    let news: Vec<(AccountId, Known)> =
        known.filter(|(id, known)| app.live.last_known.differs(*id, known)).collect();
    if news.is_empty() {
        return Ok(());
    }
    let now = app.clock.now();
    app.db
        .maintain(async |conn| {
            for (account, known) in &news {
                store::account_states::put(conn, *account, known, now).await?;
            }
            Ok::<_, StoreError>(())
        })
        .await?;
    app.live.last_known.extend(news);
    Ok(())
}
