//! Recording refused attempts, see [`FailedAttempts`](crate::live::guards::FailedAttempts) for the limits.

use crate::domain::access::Principal;
use crate::domain::audit::{AuditEntry, AuditEvent, Outcome};
use crate::ops::App;

/// Seconds after which attempts that were left out are counted in an entry.
const LEFT_OUT_AFTER: i64 = 5 * 60;

/// Writes down soon that an actor was refused this, unless the same was not long ago.
pub(crate) fn note(app: &App, actor: &str, entry: AuditEntry) {
    note_from(app, actor, actor, entry);
}

/// The same for what one source may try under many names.
pub(crate) fn note_from(app: &App, source: &str, what: &str, entry: AuditEntry) {
    record_left_out(app);
    let what = format!("{what} {} {:?}", entry.event.code(), entry.account);
    if app.guards.failed_attempts.is_due(source, what, entry.at) {
        app.audit_queue.put(AuditEntry { outcome: Outcome::Failed, ..entry });
    }
}

/// Writes down how many attempts were left out, if that is some minutes ago.
pub(crate) fn record_left_out(app: &App) {
    let now = app.clock.now();
    if let Some(attempts) = app.guards.failed_attempts.take_left_out(now, LEFT_OUT_AFTER) {
        let event = AuditEvent::AttemptsLeftOut { attempts };
        app.audit_queue.put(AuditEntry::done(now, &Principal::System("audit"), event));
    }
}
