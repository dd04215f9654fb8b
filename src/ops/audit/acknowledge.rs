//! An administrator has seen that the audit log did not match its checkpoint, and says why. Until then `telescope audit
//! verify` fails.

use crate::domain::access::{Principal, SystemGrant};
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::error::ErrorCode;
use crate::domain::privilege::can;
use crate::domain::reveal::Reason;
use crate::ops::{Context, OpError, current};
use crate::store::{Written, audit};

/// Acknowledges the mismatches up to this entry. Nothing is written if there are none.
pub async fn mismatch(
    context: &Context,
    grant: SystemGrant<'_, can::ReadAudit>,
    seq: i64,
    reason: &str,
) -> Result<(), OpError> {
    let reason = Reason::parse(reason).map_err(|error| OpError::invalid("reason", error))?;
    context
        .write_with(async |tx| -> Result<Written<()>, OpError> {
            let actor = current::principal(tx, grant.actor()).await?;
            let is_admin = match &actor {
                Principal::User(person) => person.admin,
                Principal::Invite(_) => false,
                Principal::Cli | Principal::System(_) => true,
            };
            if !is_admin {
                return Err(OpError::Refused(ErrorCode::AdministratorsOnly));
            }
            // One that was found after the page was shown is not acknowledged by it.
            match audit::unacknowledged(tx).await? {
                Some(newest) if newest.seq <= seq => {
                    let event = AuditEvent::MismatchAcknowledged { entry: newest.seq };
                    let entry = AuditEntry::done(context.clock.now(), &actor, event).because(reason.as_str());
                    Ok(tx.record(&entry).await?.with(()))
                }
                _ => Ok(Written::unchanged(())),
            }
        })
        .await
}
