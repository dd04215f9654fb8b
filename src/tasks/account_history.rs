//! What the accounts do by themselves, written down: each stage they come to, for their history, and what was last
//! known of each, for the time when its client does not run.
//!
//! One task reads the directory when it changes. Only the newest of each account is written, and again until the
//! database takes it, so nothing piles up while the database is away. Stages that last a moment only are left out.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::domain::AccountId;
use crate::domain::access::Principal;
use crate::domain::account::Known;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::live::accounts::Listing;
use crate::ops::App;
use crate::store::{self, StoreError};

/// Changes are gathered for that long before they are written.
const GATHER: Duration = Duration::from_millis(250);

/// Runs until the program ends.
pub async fn run(app: Arc<App>) {
    let mut changes = app.live.accounts.subscribe();
    let mut away = app.live.health.database.subscribe();
    let mut recorded = HashMap::new();
    // When what is known is to be written; never, while nothing has changed since.
    let mut due = Some(Instant::now());
    loop {
        changes.borrow_and_update();
        note_stages(&app, &app.live.accounts.listing(), &mut recorded);
        tokio::select! {
            changed = changes.changed() => match changed {
                Ok(()) => due = due.or(Some(Instant::now() + GATHER)),
                Err(_) => return,
            },
            () = reached(due) => {
                due = None;
                if let Err(error) = keep(&app).await {
                    tracing::warn!(%error, "what is known of the accounts has to wait");
                }
            }
            // The database went, or came back: what it has not taken is written then.
            _ = away.changed() => due = Some(Instant::now()),
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

fn note_stages(app: &App, listing: &Listing, recorded: &mut HashMap<AccountId, &'static str>) {
    for entry in &listing.entries {
        let stage = &entry.snapshot.stage;
        if stage.is_passing() || recorded.insert(entry.account.id, stage.name()) == Some(stage.name()) {
            continue;
        }
        let event = AuditEvent::StageChanged { stage: stage.name().to_owned() };
        let entry =
            AuditEntry::done(app.clock.now(), &Principal::System("telegram"), event).about(entry.account.id);
        app.audit_queue.put(entry);
    }
}

/// Writes what is known now and was not yet. Also called before the program stops.
pub async fn keep(app: &App) -> Result<(), StoreError> {
    let listing = app.live.accounts.listing();
    let known =
        listing.entries.iter().filter_map(|entry| Some((entry.account.id, Known::of(&entry.snapshot)?)));
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
