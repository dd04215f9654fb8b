//! Removing what somebody put into the database to get access, and recording it.
//!
//! Such a row gives nothing from the beginning, see [`access_seals`](crate::store::access_seals). Rules that were taken
//! away or moved with SQL count, but not unnoticed.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::access::Principal;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::live::events::Change;
use crate::ops::publisher::Publisher;
use crate::ops::{App, approvals};
use crate::store::{StoreError, Written, access_seals};

/// How often it is looked without any reason: not everything that gives access changes the version of the rules.
const LOOK: Duration = Duration::from_secs(60);
/// The pause after a database that is unavailable, and between two looks.
const PAUSE: Duration = Duration::from_secs(1);

/// Looks after each change of the rules and every minute, until the program ends.
pub async fn run(app: Arc<App>) {
    let mut changes = app.live.events.subscribe();
    loop {
        while changes.try_next().is_some() {}
        if let Err(error) = sweep(&app).await {
            tracing::warn!(%error, "what gives access can't be checked now");
        }
        tokio::time::sleep(PAUSE).await;
        let rules = changes.wait_for(|change| change == Change::Policy);
        let _ = tokio::time::timeout(LOOK, rules).await;
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
                tracing::error!(row = ?foreign.row, what = foreign.what, "SOMEBODY PUT ACCESS INTO THE DATABASE; removed");
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
