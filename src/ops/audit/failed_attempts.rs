//! Recording refused attempts; [`FailedAttempts`](crate::live::guards::FailedAttempts) limits how often.

use crate::domain::audit::{AuditEntry, Outcome};
use crate::ops::App;

/// Queues an entry for a refused attempt, unless the same was recorded recently.
pub(crate) fn note(app: &App, what: &str, entry: AuditEntry) {
    let what = format!("{what} {} {:?}", entry.event.code(), entry.account);
    if app.guards.failed_attempts.is_due(what, entry.at) {
        app.audit_queue.put(AuditEntry { outcome: Outcome::Failed, ..entry });
    }
}
