//! Sealing the audit log when the master key is changed.
//!
//! The MACs of the audit log use a key derived from the master key. After a key change the former key stays in the
//! settings for a while; once it is gone, the old MACs can't be verified and anyone who can write to the database could
//! rewrite those entries. So the first start with a new key verifies the log with both keys and records a seal of the
//! old entries under the new key.

use crate::domain::access::Principal;
use crate::domain::audit::Fault;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::ops::Context;
use crate::store::{StoreError, Written, audit};
use crate::words;

/// Seals the entries made under the former key, unless that was done. To be called at startup by the active server.
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
        tracing::error!(
            fault = words::faults::fault(fault),
            "the audit log fails verification, so it is not sealed under the new key"
        );
        return Ok(());
    }
    let event = AuditEvent::AuditSealed { seal: found.seal };
    let entry = AuditEntry::done(context.clock.now(), &Principal::System("telescope"), event);
    context
        .write_with(async |tx| -> Result<Written<()>, StoreError> {
            // A command may have added an entry meanwhile; then the next start seals the log.
            if audit::head(tx).await? != found.head {
                return Ok(Written::unchanged(()));
            }
            Ok(tx.record(&entry).await?.with(()))
        })
        .await
}
