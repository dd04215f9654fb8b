//! The seal of entries whose key is about to go.
//!
//! Each link of the audit log is made with a key that comes from the master key. When that is changed, the former one
//! is in the settings for a while; after that the old links can't be checked, and those entries could be rewritten by
//! anyone who can write to the database. So the first start with a new key verifies the log with both, and seals under
//! the new one what it was.

use crate::domain::access::Principal;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::ops::Context;
use crate::store::audit::Fault;
use crate::store::{StoreError, Written, audit};

/// Seals what the former key has linked, unless that was done. To be called at the start, by the active server.
pub async fn entries_of_former_key(context: &Context) -> Result<(), StoreError> {
    if context.keys.old_id().is_none() {
        return Ok(());
    }
    let found = audit::verify(&mut context.db.read().await?, &context.keys, None).await?;
    if found.under_former_key <= found.sealed {
        return Ok(());
    }
    // A mismatch that is written down is sealed like everything else.
    let wrong = |fault: &&Fault| !matches!(fault, Fault::Unacknowledged(_));
    if let Some(fault) = found.faults.iter().find(wrong) {
        tracing::error!(%fault, "the audit log is not as it was written, so it is not sealed under the new key");
        return Ok(());
    }
    let event = AuditEvent::AuditSealed { seal: found.seal };
    let entry = AuditEntry::done(context.clock.now(), &Principal::System("telescope"), event);
    context
        .write_with(async |tx| -> Result<Written<()>, StoreError> {
            // A command may have added to it; then the next start does this.
            if audit::head(tx).await? != found.head {
                return Ok(Written::unchanged(()));
            }
            Ok(tx.record(&entry).await?.with(()))
        })
        .await
}
