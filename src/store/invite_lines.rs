//! The lines of lists of people to invite. What a line says is sealed together with its place, so that what was put in or
//! changed with SQL can't become an invite, and the person who may see its link is the one who started it.

use super::conn::{all, execute, first, one};
use super::{Conn, StoreError, sealed_lines};
use crate::crypto::{Keys, Purpose};
use crate::domain::invite_list::PlannedInvite;
use crate::domain::job::{JobKind, JobState, Progress};
use crate::domain::{JobId, Millis, UserId};

/// A line, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub number: i64,
    pub planned: PlannedInvite,
    /// None until it is done; empty if its invite was created, else why it was not.
    pub outcome: Option<String>,
    /// Whether the link is sent by e-mail.
    pub email: bool,
    /// None until that was tried; empty if the mail server took it, else why it is not known to have arrived.
    pub emailed: Option<String>,
}

type Row = (i64, String, Option<String>, i64, Option<String>);

/// Adds a line that is to be done; with `email`, its link is sent.
pub async fn insert(
    conn: &mut Conn<'_>,
    keys: &Keys,
    job: JobId,
    (number, planned, email): (i64, &PlannedInvite, bool),
    now: Millis,
) -> Result<(), StoreError> {
    let sealed = sealed_lines::seal(keys, Purpose::InviteLine, (job, number), planned)?;
    execute!(
        conn,
        "insert into invite_lines (job_id, line, creator, key_id, sealed, outcome, email, created)
         values ($1, $2, $3, $4, $5, null, $6, $7)",
        job,
        number,
        planned.creator,
        sealed.key_id(),
        sealed.to_string(),
        i64::from(email),
        now
    )?;
    Ok(())
}

/// The first line that is not done.
pub async fn next(conn: &mut Conn<'_>, keys: &Keys, job: JobId) -> Result<Option<Line>, StoreError> {
    let row = first!(
        conn,
        Row,
        "select line, sealed, outcome, email, emailed from invite_lines
         where job_id = $1 and outcome is null order by line limit 1",
        job
    )?;
    row.map(|row| opened(keys, job, row)).transpose()
}

/// The first line whose invite was created and whose link has to be sent.
pub async fn next_to_send(conn: &mut Conn<'_>, keys: &Keys, job: JobId) -> Result<Option<Line>, StoreError> {
    let row = first!(
        conn,
        Row,
        "select line, sealed, outcome, email, emailed from invite_lines
         where job_id = $1 and outcome = '' and email = 1 and emailed is null order by line limit 1",
        job
    )?;
    row.map(|row| opened(keys, job, row)).transpose()
}

/// Every line of a list. One that can't be opened is an error.
pub async fn all(conn: &mut Conn<'_>, keys: &Keys, job: JobId) -> Result<Vec<Line>, StoreError> {
    let rows = all!(
        conn,
        Row,
        "select line, sealed, outcome, email, emailed from invite_lines where job_id = $1 order by line",
        job
    )?;
    rows.into_iter().map(|row| opened(keys, job, row)).collect()
}

fn opened(
    keys: &Keys,
    job: JobId,
    (number, sealed, outcome, email, emailed): Row,
) -> Result<Line, StoreError> {
    let planned = sealed_lines::open(keys, Purpose::InviteLine, (job, number), &sealed)?;
    Ok(Line { number, planned, outcome, email: email == 1, emailed })
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

/// What became of the e-mail of a line; without an outcome, it is tried again.
pub async fn set_emailed(
    conn: &mut Conn<'_>,
    job: JobId,
    number: i64,
    outcome: Option<&str>,
) -> Result<(), StoreError> {
    execute!(
        conn,
        "update invite_lines set emailed = $3 where job_id = $1 and line = $2",
        job,
        number,
        outcome
    )?;
    Ok(())
}

/// Gives up what is not done, and says why.
pub async fn stop(conn: &mut Conn<'_>, job: JobId, why: &str) -> Result<(), StoreError> {
    execute!(
        conn,
        "update invite_lines set emailed = $2 where job_id = $1 and outcome = '' and email = 1 and emailed is null",
        job,
        why
    )?;
    execute!(conn, "update invite_lines set outcome = $2 where job_id = $1 and outcome is null", job, why)?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Counts {
    job_id: JobId,
    lines: i64,
    done: i64,
    failed: i64,
    emails: i64,
    emailed: i64,
    emails_failed: i64,
}

impl From<Counts> for Progress {
    fn from(counts: Counts) -> Self {
        let count = |number: i64| u64::try_from(number).unwrap_or_default();
        Self {
            lines: count(counts.lines),
            done: count(counts.done),
            failed: count(counts.failed),
            emails: count(counts.emails),
            emailed: count(counts.emailed),
            emails_failed: count(counts.emails_failed),
        }
    }
}

/// How far each job is whose lines are there.
pub async fn progress(conn: &mut Conn<'_>) -> Result<Vec<(JobId, Progress)>, StoreError> {
    let rows = all!(
        conn,
        Counts,
        "select job_id, count(*) as lines, count(outcome) as done, count(nullif(outcome, '')) as failed,
         count(case when email = 1 and (outcome is null or outcome = '') then 1 end) as emails,
         count(emailed) as emailed, count(nullif(emailed, '')) as emails_failed
         from invite_lines group by job_id"
    )?;
    Ok(rows.into_iter().map(|row| (row.job_id, row.into())).collect())
}

/// How far a job is. Without lines, they were deleted.
pub async fn progress_of(conn: &mut Conn<'_>, job: JobId) -> Result<Progress, StoreError> {
    let counts = first!(
        conn,
        Counts,
        "select job_id, count(*) as lines, count(outcome) as done, count(nullif(outcome, '')) as failed,
         count(case when email = 1 and (outcome is null or outcome = '') then 1 end) as emails,
         count(emailed) as emailed, count(nullif(emailed, '')) as emails_failed
         from invite_lines where job_id = $1 group by job_id",
        job
    )?;
    Ok(counts.map(Progress::from).unwrap_or_default())
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
