//! Stopping a list: what is not done by then is not done.

use super::result::own_lines;
use crate::domain::JobId;
use crate::domain::access::Principal;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::invite_list::ListFault;
use crate::domain::job::JobState;
use crate::live::events::Change;
use crate::ops::{App, OpError};
use crate::store;
use crate::words::invite_list;

/// Stops a job that is not done. The invites that are created stay.
pub async fn stop(app: &App, actor: &Principal, job: JobId) -> Result<(), OpError> {
    let now = app.clock.now();
    app.write_with(async |tx| {
        let (_, lines) = own_lines(app, tx, actor, job).await?;
        let row = store::jobs::get(tx, job).await?.ok_or(OpError::NotFound)?;
        if row.state == JobState::Done {
            return Err(OpError::Refused(ListFault::Done.into()));
        }
        let left = lines.iter().filter(|line| line.outcome.is_none()).count();
        store::invite_lines::stop(tx, job, invite_list::STOPPED_BY_PERSON).await?;
        store::jobs::end(tx, job).await?;
        let event = AuditEvent::InviteListStopped { left: u64::try_from(left).unwrap_or(u64::MAX) };
        Ok(tx.record(&AuditEntry::done(now, actor, event)).await?.with(()))
    })
    .await?;
    app.live.jobs.wake();
    app.live.events.publish(Change::Jobs);
    Ok(())
}
