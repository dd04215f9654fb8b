//! What a job with lines has done so far, for the page and the files about it.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::JobId;
use crate::domain::access::{Principal, system_privileges};
use crate::domain::job::JobRecord;
use crate::domain::privilege::SystemPrivilege;
use crate::live::events::Change;
use crate::ops::{App, OpError};
use crate::store::job_lines::Line;
use crate::store::{self, StoreError};

/// How long the lines of a job are kept, in seconds.
const KEPT: i64 = 90 * 24 * 60 * 60;
const TIDY_EVERY: Duration = Duration::from_secs(60 * 60);

#[derive(Debug)]
pub struct Report {
    pub job: JobRecord,
    pub lines: Vec<Line>,
    /// Whether the reader started it.
    pub is_own: bool,
}

/// A job, for the person who started it and for readers of the audit log, which has what was done, too.
pub async fn report(app: &App, reader: &Principal, job: JobId) -> Result<Report, OpError> {
    let conn = &mut app.db.read().await?;
    let row = store::jobs::get(conn, job).await?.ok_or(OpError::NotFound)?;
    if !row.kind.has_lines() {
        return Err(OpError::NotFound);
    }
    let lines = store::job_lines::all(conn, &app.keys, job).await?;
    let is_own = match reader {
        Principal::User(person) => {
            let mut planned = lines.iter().filter_map(|line| line.planned.as_ref());
            row.is_started_by(reader) && planned.all(|line| line.initiator == person.id)
        }
        Principal::Invite(_) | Principal::Cli | Principal::System(_) => false,
    };
    let policy = app.live.policy.current();
    let reads_audit = system_privileges(&policy, reader).has(SystemPrivilege::ReadAudit);
    if is_own || reads_audit { Ok(Report { job: row, lines, is_own }) } else { Err(OpError::NotFound) }
}

/// Deletes the lines of old jobs, now and every hour, until the program ends.
pub async fn tidy(app: Arc<App>) {
    let mut times = tokio::time::interval(TIDY_EVERY);
    loop {
        times.tick().await;
        if let Err(error) = forget_old(&app).await {
            tracing::warn!(%error, "lines of old tasks can't be deleted now");
        }
    }
}

async fn forget_old(app: &App) -> Result<(), StoreError> {
    let old = app.clock.now().plus_seconds(-KEPT);
    if !store::job_lines::any_before(&mut app.db.read().await?, old).await? {
        return Ok(());
    }
    let deleted = app.db.maintain(async |conn| store::job_lines::forget_before(conn, old).await).await?;
    tracing::info!(deleted, "lines of old tasks deleted");
    app.live.jobs.wake();
    app.live.events.publish(Change::Jobs);
    Ok(())
}
