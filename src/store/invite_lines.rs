//! The lines of lists of people to invite. What a line says is sealed together with its place, so that what was put in or
//! changed with SQL can't become an invite, and the person who may see its link is the one who started it.

use super::conn::{all, execute, first, one};
use super::{Conn, StoreError};
use crate::crypto::{Keys, Purpose, SealContext, Sealed};
use crate::domain::invite_list::PlannedInvite;
use crate::domain::job::{JobKind, JobState, Progress};
use crate::domain::{JobId, Millis, Secret, UserId};

/// A line, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub number: i64,
    pub planned: PlannedInvite,
    /// None until it is done; empty if its invite was created, else why it was not.
    pub outcome: Option<String>,
}

/// Adds a line that is to be done.
pub async fn insert(
    conn: &mut Conn<'_>,
    keys: &Keys,
    job: JobId,
    (number, planned): (i64, &PlannedInvite),
    now: Millis,
) -> Result<(), StoreError> {
    let text = serde_json::to_string(planned).map_err(|error| corrupt(&error))?;
    let sealed = keys.seal(&place(&job.to_string(), number), &Secret::new(text))?;
    execute!(
        conn,
        "insert into invite_lines (job_id, line, creator, key_id, sealed, outcome, created)
         values ($1, $2, $3, $4, $5, null, $6)",
        job,
        number,
        planned.creator,
        sealed.key_id(),
        sealed.to_string(),
        now
    )?;
    Ok(())
}

/// The first line that is not done.
pub async fn next(conn: &mut Conn<'_>, keys: &Keys, job: JobId) -> Result<Option<Line>, StoreError> {
    let row = first!(
        conn,
        (i64, String, Option<String>),
        "select line, sealed, outcome from invite_lines where job_id = $1 and outcome is null order by line limit 1",
        job
    )?;
    row.map(|row| opened(keys, job, row)).transpose()
}

/// Every line of a list. One that can't be opened is an error.
pub async fn all(conn: &mut Conn<'_>, keys: &Keys, job: JobId) -> Result<Vec<Line>, StoreError> {
    let rows = all!(
        conn,
        (i64, String, Option<String>),
        "select line, sealed, outcome from invite_lines where job_id = $1 order by line",
        job
    )?;
    rows.into_iter().map(|row| opened(keys, job, row)).collect()
}

fn opened(
    keys: &Keys,
    job: JobId,
    (number, sealed, outcome): (i64, String, Option<String>),
) -> Result<Line, StoreError> {
    let sealed: Sealed = sealed.parse()?;
    let text = keys.open(&place(&job.to_string(), number), &sealed)?;
    let planned = serde_json::from_str(text.expose()).map_err(|error| corrupt(&error))?;
    Ok(Line { number, planned, outcome })
}

/// A line is done.
pub async fn finish(conn: &mut Conn<'_>, job: JobId, number: i64, outcome: &str) -> Result<(), StoreError> {
    let touched = execute!(
        conn,
        "update invite_lines set outcome = $3 where job_id = $1 and line = $2 and outcome is null",
        job,
        number,
        outcome
    )?;
    if touched == 0 { Err(StoreError::Missing) } else { Ok(()) }
}

/// How far each job is whose lines are there.
pub async fn progress(conn: &mut Conn<'_>) -> Result<Vec<(JobId, Progress)>, StoreError> {
    let rows = all!(
        conn,
        (JobId, i64, i64, i64),
        "select job_id, count(*), count(outcome), count(nullif(outcome, '')) from invite_lines group by job_id"
    )?;
    Ok(rows.into_iter().map(|(job, lines, done, failed)| (job, counted(lines, done, failed))).collect())
}

/// How far a job is. Without lines, they were deleted.
pub async fn progress_of(conn: &mut Conn<'_>, job: JobId) -> Result<Progress, StoreError> {
    let (lines, done, failed) = one!(
        conn,
        (i64, i64, i64),
        "select count(*), count(outcome), count(nullif(outcome, '')) from invite_lines where job_id = $1",
        job
    )?;
    Ok(counted(lines, done, failed))
}

fn counted(lines: i64, done: i64, failed: i64) -> Progress {
    let count = |number: i64| u64::try_from(number).unwrap_or_default();
    Progress { lines: count(lines), done: count(done), failed: count(failed) }
}

/// How many lines of a person's lists are not done.
pub async fn waiting(conn: &mut Conn<'_>, creator: UserId) -> Result<i64, StoreError> {
    let (count,) = one!(
        conn,
        (i64,),
        "select count(*) from invite_lines where creator = $1 and outcome is null",
        creator
    )?;
    Ok(count)
}

/// Deletes the lines of lists from before then that are no longer worked on, and ends the jobs of those that were given up.
pub async fn forget_before(conn: &mut Conn<'_>, then: Millis) -> Result<u64, StoreError> {
    let deleted = execute!(
        conn,
        "delete from invite_lines where created < $1 and job_id in (select id from jobs where state <> $2)",
        then,
        JobState::Waiting
    )?;
    execute!(
        conn,
        "update jobs set state = $3 where kind = $1 and state = $2
         and not exists (select 1 from invite_lines where job_id = jobs.id)",
        JobKind::CreateInvites,
        JobState::Failed,
        JobState::Done
    )?;
    Ok(deleted)
}

/// Whether [`forget_before`] has something to do.
pub async fn any_before(conn: &mut Conn<'_>, then: Millis) -> Result<bool, StoreError> {
    let (count,) = one!(
        conn,
        (i64,),
        "select count(*) from invite_lines where created < $1 and job_id in (select id from jobs where state <> $2)",
        then,
        JobState::Waiting
    )?;
    Ok(count > 0)
}

const fn place(job: &str, number: i64) -> SealContext<'_> {
    SealContext { purpose: Purpose::InviteLine, row: job, version: number }
}

fn corrupt(error: &serde_json::Error) -> StoreError {
    StoreError::Corrupt(format!("a line of a list: {error}"))
}
