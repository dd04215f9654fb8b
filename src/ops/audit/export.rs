//! Exporting the audit log. The export and its filter are recorded before the first byte is sent; afterwards, whether
//! all of it was sent.

use crate::domain::access::SystemGrant;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::privilege::can;
use crate::ops::audit::queue::Intent;
use crate::ops::{App, OpError};

/// An export in progress. Its outcome is recorded when this is ended or dropped.
pub struct Export<'a> {
    app: &'a App,
    intent: Intent,
    ended: bool,
}

/// Begins an export of the entries that match this filter.
pub async fn begin<'a>(
    app: &'a App,
    grant: SystemGrant<'_, can::ReadAudit>,
    format: &'static str,
    filter: String,
) -> Result<Export<'a>, OpError> {
    let event = AuditEvent::AuditExported { format: format.to_owned(), filter };
    let entry = AuditEntry::intent(app.clock.now(), grant.actor(), event);
    let intent = Intent::begin(app, entry).await?;
    tracing::info!(actor = %grant.actor(), seq = intent.seq(), "the audit log is exported");
    Ok(Export { app, intent, ended: false })
}

impl Export<'_> {
    /// Everything was sent.
    pub fn end(mut self) {
        self.ended = true;
    }
}

impl Drop for Export<'_> {
    fn drop(&mut self) {
        let how = if self.ended { Ok(()) } else { Err(()) };
        self.app.audit_queue.put(self.intent.outcome(self.app.clock.now(), &how));
    }
}
