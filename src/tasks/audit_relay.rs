//! Publishes new audit entries on the event bus, which the store can't access.

use std::sync::Arc;

use crate::context::App;
use crate::live::events::Change;

pub async fn run(app: Arc<App>) {
    let mut heads = app.db.audit_heads();
    while heads.changed().await.is_ok() {
        app.live.events.publish(Change::Audit);
    }
}
