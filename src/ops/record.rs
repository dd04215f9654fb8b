//! What the accounts do by themselves, written down: each stage they come to, for the account's history.
//!
//! One task reads the directory when it changes. Stages that last a moment only are left out.

use std::collections::HashMap;
use std::sync::Arc;

use super::App;
use crate::directory::Listing;
use crate::domain::access::Actor;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::{AccountId, Stage};

/// Runs until the program ends.
pub async fn run(app: Arc<App>) {
    let mut changes = app.directory.subscribe();
    let mut recorded = HashMap::new();
    loop {
        record(&app, &app.directory.listing(), &mut recorded);
        if changes.changed().await.is_err() {
            return;
        }
    }
}

fn record(app: &App, listing: &Listing, recorded: &mut HashMap<AccountId, &'static str>) {
    for entry in &listing.entries {
        let stage = &entry.snapshot.stage;
        let passing = matches!(
            stage,
            Stage::Starting | Stage::Reconnecting | Stage::Closing | Stage::LoggingOut | Stage::Disconnected
        );
        if passing || recorded.insert(entry.account.id, stage.name()) == Some(stage.name()) {
            continue;
        }
        let event = AuditEvent::StageChanged { stage: stage.name().to_owned() };
        let entry =
            AuditEntry::done(app.clock.now(), &Actor::System("telegram"), event).about(entry.account.id);
        app.journal.put(entry);
    }
}
