//! Arranging which accounts need approvals: those of the groups that are marked so.

use super::clearance;
use crate::domain::GroupId;
use crate::domain::access::{self, SystemGrant};
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::privilege::can;
use crate::ops::{App, OpError, rules};
use crate::store;

/// Says whether the accounts of a group need approvals from now on. It counts for every reveal after it, also for
/// those that are on their way. That none are needed any more is for administrators to say.
pub async fn set_needed(
    app: &App,
    grant: SystemGrant<'_, can::ManageAccess>,
    group: GroupId,
    needed: bool,
) -> Result<(), OpError> {
    let now = app.clock.now();
    app.db
        .change(async |conn| -> Result<(), OpError> {
            let groups = store::groups::all(conn).await?;
            let known = groups.into_iter().find(|known| known.id == group).ok_or(OpError::NotFound)?;
            if store::groups::needing_approval(conn).await?.contains(&group) == needed {
                return Ok(());
            }
            let in_force = clearance::rules(app, conn).await?;
            let actor = clearance::present(conn, grant.actor()).await?;
            access::decide_system::<can::ManageAccess>(&in_force, &actor)?;
            if !needed {
                let judged = access::permit_change(&in_force, &actor, access::Change::NoApproval);
                judged.map_err(|why| OpError::Refused(why.to_string()))?;
            }
            store::groups::set_needs_approval(conn, group, needed).await?;
            let event = AuditEvent::GroupApprovalSet { group: known.name, needed };
            store::audit::append(conn, &app.keys, &AuditEntry::done(now, grant.actor(), event)).await?;
            Ok(())
        })
        .await?;
    rules::in_force(app).await;
    Ok(())
}
