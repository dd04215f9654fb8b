//! Removes access that was granted by writing to the database directly, and records it.
//!
//! Such a row never gives access, see [`access_seals`](crate::store::access_seals). Rules that were removed or changed
//! with SQL take effect, and that is recorded.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::access::Principal;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::live::events::Change;
use crate::ops::publisher::Publisher;
use crate::ops::{App, approvals};
use crate::store::{StoreError, Written, access_seals};

/// How often the rows are checked although the rules did not change: some rows that give access are not rules.
const CHECK: Duration = Duration::from_secs(60);
/// The least time between two checks, also while the database is unavailable.
const PAUSE: Duration = Duration::from_secs(1);

/// Checks after each change of the rules and every minute, until the program ends.
pub async fn run(app: Arc<App>) {
    let mut changes = app.live.events.subscribe();
    loop {
        while changes.try_next().is_some() {}
        if let Err(error) = sweep(&app).await {
            tracing::warn!(%error, "the rows that give access can't be checked now");
        }
        tokio::time::sleep(PAUSE).await;
        let rules = changes.wait_for(|change| change == Change::Policy);
        let _ = tokio::time::timeout(CHECK, rules).await;
    }
}

/// Removes and records what Telescope did not write.
pub async fn sweep(app: &App) -> Result<(), StoreError> {
    if !access_seals::any_foreign(&mut app.db.read().await?).await? {
        return Ok(());
    }
    let now = app.clock.now();
    let found = app
        .write_with(async |tx| -> Result<Written<bool>, StoreError> {
            let mut recorded = None;
            let by_telescope = |event| AuditEntry::done(now, &Principal::System("telescope"), event);
            for foreign in access_seals::remove_foreign(tx).await? {
                tracing::error!(row = ?foreign.row, what = foreign.what, "access was granted by writing to the database directly; removed");
                let event = AuditEvent::ForeignRowRemoved { row: foreign.row, what: foreign.what };
                recorded = Some(tx.record(&by_telescope(event)).await?);
            }
            if let Some((before, found)) = access_seals::accept_version(tx).await? {
                tracing::error!(before, found, "access rules were changed in the database, not by Telescope");
                let event = AuditEvent::ForeignChange { before, found };
                recorded = Some(tx.record(&by_telescope(event)).await?);
            }
            let any = recorded.is_some();
            Ok(Written::of(recorded, any))
        })
        .await?;
    if found {
        approvals::view::changed(app).await;
        app.publish(Change::Policy).await;
    }
    Ok(())
}
