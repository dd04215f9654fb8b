//! Publishes on the event bus that the audit log has new entries, and notes which accounts they are about. The store
//! knows it, but not the bus.

use std::sync::Arc;

use crate::context::App;
use crate::live::events::Change;
use crate::store::{self, StoreError};

/// Entries that are looked at when it is not known which are new.
const LOOK_BACK: i64 = 1000;

pub async fn run(app: Arc<App>) {
    let mut heads = app.db.audit_heads();
    let mut noted = heads.borrow_and_update().as_ref().map(|head| head.seq);
    while heads.changed().await.is_ok() {
        let newest = heads.borrow_and_update().as_ref().map_or(0, |head| head.seq);
        // One look for all open pages.
        match note(&app, noted.unwrap_or(newest - LOOK_BACK)).await {
            Ok(()) => noted = Some(newest),
            Err(error) => tracing::warn!(%error, "histories of accounts are not up to date"),
        }
        app.live.events.publish(Change::Audit);
    }
}

async fn note(app: &App, after: i64) -> Result<(), StoreError> {
    let newest = store::audit::newest_by_account(&mut app.db.read().await?, after).await?;
    app.live.newest_entries.extend(newest);
    Ok(())
}
