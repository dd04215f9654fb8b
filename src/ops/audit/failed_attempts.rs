//! Recording refused attempts, see [`FailedAttempts`](crate::live::guards::FailedAttempts) for the limit.

use crate::domain::audit::{AuditEntry, Outcome};
use crate::ops::App;

/// Writes down soon that this was refused, unless the same was not long ago.
pub(crate) fn note(app: &App, what: &str, entry: AuditEntry) {
    let what = format!("{what} {} {:?}", entry.event.code(), entry.account);
    if app.guards.failed_attempts.is_due(what, entry.at) {
        app.audit_queue.put(AuditEntry { outcome: Outcome::Failed, ..entry });
    }
}
