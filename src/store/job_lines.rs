//! The lines of jobs that do something with many accounts or people. What a line is to do is sealed together with its
//! place; its state is not, and is only about whether that is still to be done.

use super::conn::{all, execute, first, one};
use super::{Conn, StoreError, sealed_lines};
use crate::crypto::{Keys, Purpose};
use crate::domain::job::{JobState, Progress};
use crate::domain::job_line::{LineState, PlannedLine};
use crate::domain::{JobId, Millis};

/// A line, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub number: i64,
    /// None if it can't be opened.
    pub planned: Option<PlannedLine>,
    pub state: LineState,
    /// Why it failed, waits or is unknown, as a sentence.
    pub outcome: Option<String>,
    /// What was there before it was begun, for actions that must not be done twice.
    pub mark: Option<String>,
    /// Attempts that ended without a result.
    pub attempts: i64,
    /// The earliest time of the next attempt.
    pub not_before: Millis,
    /// When its state last changed.
    pub changed: Millis,
}

/// The place of a line: its job, and its number there.
pub type Place = (JobId, i64);

#[derive(sqlx::FromRow)]
struct Row {
    line: i64,
    sealed: String,
    state: LineState,
    outcome: Option<String>,
    mark: Option<String>,
    attempts: i64,
    not_before: Millis,
    changed: Millis,
}

impl Row {
    fn opened(self, keys: &Keys, job: JobId) -> Result<Line, StoreError> {
        let planned = match sealed_lines::open(keys, Purpose::JobLine, (job, self.line), &self.sealed) {
            Ok(planned) => Some(planned),
            Err(StoreError::Corrupt(_)) => None,
            Err(error) => return Err(error),
        };
        let Self { line: number, state, outcome, mark, attempts, not_before, changed, .. } = self;
        Ok(Line { number, planned, state, outcome, mark, attempts, not_before, changed })
    }
}

/// Adds a line that is to be done.
pub async fn insert(
    conn: &mut Conn<'_>,
    keys: &Keys,
    place: Place,
    planned: &PlannedLine,
) -> Result<(), StoreError> {
    let sealed = sealed_lines::seal(keys, Purpose::JobLine, place, planned)?;
    execute!(
        conn,
        "insert into job_lines
         (job_id, line, key_id, sealed, state, outcome, mark, attempts, not_before, changed, created)
         values ($1, $2, $3, $4, $5, null, null, 0, $6, $6, $6)",
        place.0,
        place.1,
        sealed.key_id(),
        sealed.to_string(),
        LineState::Waiting,
        planned.started
    )?;
    Ok(())
}

/// Every line of a job.
pub async fn all(conn: &mut Conn<'_>, keys: &Keys, job: JobId) -> Result<Vec<Line>, StoreError> {
    let rows = all!(
        conn,
        Row,
        "select line, sealed, state, outcome, mark, attempts, not_before, changed
         from job_lines where job_id = $1 order by line",
        job
    )?;
    rows.into_iter().map(|row| row.opened(keys, job)).collect()
}

/// The line at a place.
pub async fn get(conn: &mut Conn<'_>, keys: &Keys, place: Place) -> Result<Option<Line>, StoreError> {
    let row = first!(
        conn,
        Row,
        "select line, sealed, state, outcome, mark, attempts, not_before, changed
         from job_lines where job_id = $1 and line = $2",
        place.0,
        place.1
    )?;
    row.map(|row| row.opened(keys, place.0)).transpose()
}

/// The numbers of lines that can be done now, those first that have waited for the longest.
pub async fn due(conn: &mut Conn<'_>, job: JobId, now: Millis) -> Result<Vec<i64>, StoreError> {
    let rows = all!(
        conn,
        (i64,),
        "select line from job_lines where job_id = $1 and state in ($2, $3) and not_before <= $4
         order by not_before, line",
        job,
        LineState::Waiting,
        LineState::Begun,
        now
    )?;
    Ok(rows.into_iter().map(|(line,)| line).collect())
}

/// When the next line can be done; none if all are over.
pub async fn next_due(conn: &mut Conn<'_>, job: JobId) -> Result<Option<Millis>, StoreError> {
    let (at,) = one!(
        conn,
        (Option<Millis>,),
        "select min(not_before) from job_lines where job_id = $1 and state in ($2, $3)",
        job,
        LineState::Waiting,
        LineState::Begun
    )?;
    Ok(at)
}

/// An open line is begun.
pub async fn begin(
    conn: &mut Conn<'_>,
    place: Place,
    mark: Option<&str>,
    now: Millis,
) -> Result<(), StoreError> {
    execute!(
        conn,
        "update job_lines set state = $3, mark = $4, changed = $5
         where job_id = $1 and line = $2 and state in ($6, $3)",
        place.0,
        place.1,
        LineState::Begun,
        mark,
        now,
        LineState::Waiting
    )?;
    Ok(())
}

/// An open line is over. If it is unknown whether it was done, its mark stays, so that a retry finds out.
pub async fn finish(
    conn: &mut Conn<'_>,
    place: Place,
    (state, outcome): (LineState, Option<&str>),
    now: Millis,
) -> Result<(), StoreError> {
    execute!(
        conn,
        "update job_lines set state = $3, outcome = $4, mark = case when $3 = $8 then mark end, changed = $5
         where job_id = $1 and line = $2 and state in ($6, $7)",
        place.0,
        place.1,
        state,
        outcome,
        now,
        LineState::Waiting,
        LineState::Begun,
        LineState::Unknown
    )?;
    Ok(())
}

/// When an open line is tried again, and why it was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Postponed {
    pub not_before: Millis,
    pub why: String,
    /// Whether the attempt counts.
    pub counts: bool,
    /// Whether it may have been done, so that this is to be found out first.
    pub is_begun: bool,
}

/// An open line is tried again later.
pub async fn postpone(
    conn: &mut Conn<'_>,
    place: Place,
    postponed: &Postponed,
    now: Millis,
) -> Result<(), StoreError> {
    let state = if postponed.is_begun { LineState::Begun } else { LineState::Waiting };
    execute!(
        conn,
        "update job_lines set state = $3, outcome = $4, not_before = $5, attempts = attempts + $6, changed = $7
         where job_id = $1 and line = $2 and state in ($8, $9)",
        place.0,
        place.1,
        state,
        postponed.why.as_str(),
        postponed.not_before,
        i64::from(postponed.counts),
        now,
        LineState::Waiting,
        LineState::Begun
    )?;
    Ok(())
}

/// Lines that were not begun are not done. Of those that wait after an attempt, it stays unknown whether they were done.
/// Returns how many.
pub async fn stop(conn: &mut Conn<'_>, job: JobId, now: Millis) -> Result<u64, StoreError> {
    let tried = execute!(
        conn,
        "update job_lines set state = $2, changed = $3 where job_id = $1 and state = $4 and not_before > $3",
        job,
        LineState::Unknown,
        now,
        LineState::Begun
    )?;
    let waiting = execute!(
        conn,
        "update job_lines set state = $2, outcome = null, changed = $3 where job_id = $1 and state = $4",
        job,
        LineState::Stopped,
        now,
        LineState::Waiting
    )?;
    Ok(tried + waiting)
}

/// A line that is over is to be done again, as it is planned now.
pub async fn retry(
    conn: &mut Conn<'_>,
    keys: &Keys,
    place: Place,
    planned: &PlannedLine,
) -> Result<(), StoreError> {
    let sealed = sealed_lines::seal(keys, Purpose::JobLine, place, planned)?;
    execute!(
        conn,
        "update job_lines set key_id = $3, sealed = $4, state = case when state = $5 then $6 else $7 end,
         outcome = null, attempts = 0, not_before = $8, changed = $8 where job_id = $1 and line = $2",
        place.0,
        place.1,
        sealed.key_id(),
        sealed.to_string(),
        LineState::Unknown,
        LineState::Begun,
        LineState::Waiting,
        planned.started
    )?;
    Ok(())
}

/// How far each job is whose lines are there.
pub async fn progress(conn: &mut Conn<'_>) -> Result<Vec<(JobId, Progress)>, StoreError> {
    let rows = all!(
        conn,
        (JobId, i64, i64, i64),
        "select job_id, count(*), count(case when state not in ($1, $2) then 1 end),
         count(case when state not in ($1, $2, $3) then 1 end) from job_lines group by job_id",
        LineState::Waiting,
        LineState::Begun,
        LineState::Done
    )?;
    let count = |number: i64| u64::try_from(number).unwrap_or_default();
    let progress = |(job, lines, done, failed)| {
        let (lines, done, failed) = (count(lines), count(done), count(failed));
        (job, Progress { lines, done, failed, ..Progress::default() })
    };
    Ok(rows.into_iter().map(progress).collect())
}

/// Deletes the lines from before then of jobs that are over.
pub async fn forget_before(conn: &mut Conn<'_>, then: Millis) -> Result<u64, StoreError> {
    execute!(
        conn,
        "delete from job_lines where created < $1 and job_id in (select id from jobs where state <> $2)",
        then,
        JobState::Waiting
    )
}

/// Whether [`forget_before`] has something to do.
pub async fn any_before(conn: &mut Conn<'_>, then: Millis) -> Result<bool, StoreError> {
    let (count,) = one!(
        conn,
        (i64,),
        "select count(*) from job_lines where created < $1 and job_id in (select id from jobs where state <> $2)",
        then,
        JobState::Waiting
    )?;
    Ok(count > 0)
}
