//! Jobs, one row each. A step's effect and its new cursor are committed together.
//!
//! A row that can't be read, as one of a kind that a later version has, must not stop the others: lists leave it out
//! and name it.

use super::conn::{all, each, execute, first};
use super::{Conn, StoreError, Unreadable};
use crate::domain::job::{JobKind, JobRecord, JobState};
use crate::domain::{AccountId, Identifier, JobId, Millis};

#[derive(sqlx::FromRow)]
struct Row {
    id: JobId,
    kind: JobKind,
    args: String,
    cursor: Option<String>,
    state: JobState,
    attempts: i64,
    not_before: Millis,
    error: Option<String>,
    actor: String,
    created: Millis,
}

impl From<Row> for JobRecord {
    fn from(row: Row) -> Self {
        let Row { id, kind, args, cursor, state, attempts, not_before, error, actor, created } = row;
        Self { id, kind, args, cursor, state, attempts, not_before, error, actor, created }
    }
}

/// Jobs, and the rows that can't be read.
#[derive(Debug, Default)]
pub struct Found {
    pub jobs: Vec<JobRecord>,
    pub unreadable: Vec<Unreadable>,
}

impl From<Vec<Result<Row, Unreadable>>> for Found {
    fn from(rows: Vec<Result<Row, Unreadable>>) -> Self {
        let mut found = Self::default();
        for row in rows {
            match row {
                Ok(row) => found.jobs.push(row.into()),
                Err(unreadable) => found.unreadable.push(unreadable),
            }
        }
        found
    }
}

pub async fn insert(conn: &mut Conn<'_>, job: &JobRecord) -> Result<(), StoreError> {
    execute!(
        conn,
        "insert into jobs (id, kind, args, cursor, state, attempts, not_before, error, actor, created)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        job.id,
        job.kind,
        job.args.as_str(),
        job.cursor.as_deref(),
        job.state,
        job.attempts,
        job.not_before,
        job.error.as_deref(),
        job.actor.as_str(),
        job.created
    )?;
    Ok(())
}

/// Every waiting job, the oldest first.
pub async fn waiting(conn: &mut Conn<'_>) -> Result<Found, StoreError> {
    let rows = each!(
        conn,
        Row,
        "select id, kind, args, cursor, state, attempts, not_before, error, actor, created
         from jobs where state = $1 order by id",
        JobState::Waiting
    )?;
    Ok(rows.into())
}

/// The newest jobs, the newest first.
pub async fn newest(conn: &mut Conn<'_>, limit: u32) -> Result<Found, StoreError> {
    let rows = each!(
        conn,
        Row,
        "select id, kind, args, cursor, state, attempts, not_before, error, actor, created
         from jobs order by id desc limit $1",
        i64::from(limit)
    )?;
    Ok(rows.into())
}

/// The newest jobs that are done and older than that one, the newest first.
pub async fn done_before(conn: &mut Conn<'_>, id: JobId, limit: u32) -> Result<Found, StoreError> {
    let rows = each!(
        conn,
        Row,
        "select id, kind, args, cursor, state, attempts, not_before, error, actor, created
         from jobs where id < $1 and state = $2 order by id desc limit $3",
        id,
        JobState::Done,
        i64::from(limit)
    )?;
    Ok(rows.into())
}

/// The numbers, or ids of bots, of the accounts of jobs of this kind, including removed accounts. The arguments of this kind must be
/// account ids.
pub async fn identifiers(
    conn: &mut Conn<'_>,
    kind: JobKind,
) -> Result<Vec<(AccountId, Identifier)>, StoreError> {
    all!(
        conn,
        (AccountId, Identifier),
        "select id, phone from accounts where id in (select args from jobs where kind = $1)",
        kind
    )
}

pub async fn get(conn: &mut Conn<'_>, id: JobId) -> Result<Option<JobRecord>, StoreError> {
    let row = first!(
        conn,
        Row,
        "select id, kind, args, cursor, state, attempts, not_before, error, actor, created
         from jobs where id = $1",
        id
    )?;
    Ok(row.map(JobRecord::from))
}

/// The newest job of a kind with these arguments.
pub async fn about(conn: &mut Conn<'_>, kind: JobKind, args: &str) -> Result<Option<JobRecord>, StoreError> {
    let rows = each!(
        conn,
        Row,
        "select id, kind, args, cursor, state, attempts, not_before, error, actor, created
         from jobs where kind = $1 and args = $2 order by id desc",
        kind,
        args
    )?;
    Ok(Found::from(rows).jobs.into_iter().next())
}

/// A step is done: the next one can run at once; without a next one the job is done.
pub async fn advance(conn: &mut Conn<'_>, id: JobId, cursor: Option<&str>) -> Result<(), StoreError> {
    let state = if cursor.is_some() { JobState::Waiting } else { JobState::Done };
    let touched = execute!(
        conn,
        "update jobs set cursor = $2, state = $3, attempts = 0, error = null where id = $1 and state = $4",
        id,
        cursor,
        state,
        JobState::Waiting
    )?;
    found(touched)
}

/// Whether a job is to be worked on. It is not any more once a person has stopped it.
pub async fn is_waiting(conn: &mut Conn<'_>, id: JobId) -> Result<bool, StoreError> {
    let row = first!(conn, (JobState,), "select state from jobs where id = $1", id)?;
    Ok(row.is_some_and(|(state,)| state == JobState::Waiting))
}

/// Ends a job that waits or has failed.
pub async fn end(conn: &mut Conn<'_>, id: JobId) -> Result<(), StoreError> {
    let touched = execute!(
        conn,
        "update jobs set cursor = null, state = $2, error = null where id = $1 and state <> $2",
        id,
        JobState::Done
    )?;
    found(touched)
}

/// A step failed: it is retried at `not_before`.
pub async fn postpone(
    conn: &mut Conn<'_>,
    id: JobId,
    not_before: Millis,
    error: &str,
) -> Result<(), StoreError> {
    let touched = execute!(
        conn,
        "update jobs set attempts = case when attempts < 1000000 then attempts + 1 else attempts end,
         not_before = $2, error = $3 where id = $1 and state = $4",
        id,
        not_before,
        error,
        JobState::Waiting
    )?;
    found(touched)
}

/// A step needs a person's help.
pub async fn fail(conn: &mut Conn<'_>, id: JobId, error: &str) -> Result<(), StoreError> {
    let touched = execute!(
        conn,
        "update jobs set attempts = case when attempts < 1000000 then attempts + 1 else attempts end,
         state = $2, error = $3 where id = $1 and state = $4",
        id,
        JobState::Failed,
        error,
        JobState::Waiting
    )?;
    found(touched)
}

/// Resumes a job that waits or has failed.
pub async fn retry(conn: &mut Conn<'_>, id: JobId, now: Millis) -> Result<(), StoreError> {
    let touched = execute!(
        conn,
        "update jobs set state = $2, not_before = $3 where id = $1 and state <> $4",
        id,
        JobState::Waiting,
        now,
        JobState::Done
    )?;
    found(touched)
}

/// A job whose lines all wait has nothing to do until then.
pub async fn wait_until(conn: &mut Conn<'_>, id: JobId, until: Millis) -> Result<(), StoreError> {
    let touched = execute!(
        conn,
        "update jobs set not_before = $2, attempts = 0, error = null where id = $1 and state = $3",
        id,
        until,
        JobState::Waiting
    )?;
    found(touched)
}

/// A job goes on, even if it was done.
pub async fn reopen(conn: &mut Conn<'_>, id: JobId, cursor: &str, now: Millis) -> Result<(), StoreError> {
    let touched = execute!(
        conn,
        "update jobs set state = $2, cursor = $3, not_before = $4, attempts = 0, error = null where id = $1",
        id,
        JobState::Waiting,
        cursor,
        now
    )?;
    found(touched)
}

fn found(touched: u64) -> Result<(), StoreError> {
    if touched == 0 { Err(StoreError::Missing) } else { Ok(()) }
}
