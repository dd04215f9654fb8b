//! Stopping a job with lines, and trying again what failed. Both are for the person who started it: what is done is done in their name.

use crate::domain::JobId;
use crate::domain::access::{Person, Principal};
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::job::{JobRecord, LinesStep};
use crate::domain::job_line::{LineFault, PlannedLine};
use crate::live::events::Change;
use crate::ops::approvals::authorize::person;
use crate::ops::{App, OpError, current};
use crate::store::job_lines::Line;
use crate::store::{self, Conn, Written};

/// A job of this person, with its lines. Lines that can't be decrypted belong to no one.
async fn own(
    app: &App,
    conn: &mut Conn<'_>,
    person: &Person,
    job: JobId,
) -> Result<(JobRecord, Vec<Line>), OpError> {
    let row = store::jobs::get(conn, job).await?.ok_or(OpError::NotFound)?;
    let lines = store::job_lines::all(conn, &app.keys, job).await?;
    let mut initiators =
        lines.iter().filter_map(|line| line.planned.as_ref()).map(|planned| planned.initiator);
    let is_own =
        initiators.next().is_some_and(|first| first == person.id) && initiators.all(|it| it == person.id);
    if is_own { Ok((row, lines)) } else { Err(OpError::NotFound) }
}

/// Lets no further line begin. Those that have begun end.
pub async fn stop(app: &App, actor: &Principal, job: JobId) -> Result<(), OpError> {
    let (now, initiator) = (app.clock.now(), person(actor)?);
    app.write_with(async |tx| -> Result<Written<()>, OpError> {
        let (row, _) = own(app, tx, initiator, job).await?;
        let lines = store::job_lines::stop(tx, job, now).await?;
        if lines == 0 {
            return Err(OpError::Refused(LineFault::NothingToStop.into()));
        }
        store::jobs::reopen(tx, job, LinesStep::Work.name(), now).await?;
        let event = AuditEvent::JobStopped { job: row.kind, lines };
        Ok(tx.record(&AuditEntry::done(now, actor, event)).await?.with(()))
    })
    .await?;
    changed(app);
    Ok(())
}

/// Tries those lines again that failed, that were stopped, or of which it is unknown whether they were done.
pub async fn retry(app: &App, actor: &Principal, job: JobId) -> Result<(), OpError> {
    let (now, initiator) = (app.clock.now(), person(actor)?);
    app.write_with(async |tx| -> Result<Written<()>, OpError> {
        current::principal(tx, actor).await?;
        let (row, lines) = own(app, tx, initiator, job).await?;
        let mut retried = 0;
        for line in lines.into_iter().filter(|line| line.state.can_retry()) {
            let Some(planned) = line.planned else { continue };
            let planned = PlannedLine { started: now, is_verified: initiator.verified, ..planned };
            store::job_lines::retry(tx, &app.keys, (job, line.number), &planned).await?;
            retried += 1;
        }
        if retried == 0 {
            return Err(OpError::Refused(LineFault::NothingToRetry.into()));
        }
        store::jobs::reopen(tx, job, LinesStep::Work.name(), now).await?;
        let event = AuditEvent::JobRetried { job: row.kind, lines: retried };
        Ok(tx.record(&AuditEntry::done(now, actor, event)).await?.with(()))
    })
    .await?;
    changed(app);
    Ok(())
}

fn changed(app: &App) {
    app.live.jobs.wake();
    app.live.events.publish(Change::Jobs);
}
