//! The job runner: works on a few jobs at a time, one step after the other.

use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use strum::IntoEnumIterator;
use tokio::task::{self, JoinError, JoinSet};

use super::step;
use crate::context::App;
use crate::domain::backoff::Backoff;
use crate::domain::job::{JobKind, JobRecord, Progress, StepOutcome};
use crate::domain::{JobId, Millis};
use crate::live::events::Change;
use crate::live::jobs::{Jobs, NEWEST};
use crate::store::{self, StoreError};

/// How long the steps that run when the server stops may take to end. A step that takes longer is interrupted, and done
/// again after the next start.
pub const STEP_ENDS: Duration = Duration::from_secs(5);
/// Jobs that are worked on at the same time.
const AT_ONCE: usize = 8;
/// The pause while the database is unavailable.
const UNAVAILABLE: Duration = Duration::from_secs(1);
/// The pauses between attempts of a step that can't be done yet.
const PAUSES: Backoff = Backoff::new(Duration::from_secs(2), Duration::from_secs(300));

/// Works on jobs until the server stops.
pub async fn run(app: Arc<App>) {
    run_with(app, async |app, job| step(&app, &job).await).await;
}

/// Works on jobs with these steps until the server stops, and lets the running ones end.
pub async fn run_with<S, F>(app: Arc<App>, step: S)
where
    S: Fn(Arc<App>, JobRecord) -> F,
    F: Future<Output = Result<StepOutcome, StoreError>> + Send + 'static,
{
    let mut working = Working::default();
    let mut unreadable = HashSet::new();
    loop {
        let pause = match read_jobs(&app, &mut unreadable).await {
            Ok(waiting) => {
                app.live.events.publish(Change::Jobs);
                let now = app.clock.now();
                let mut idle: Vec<JobRecord> =
                    waiting.into_iter().filter(|job| working.is_idle(job.id)).collect();
                // Those first that have waited for the longest.
                idle.sort_by_key(|job| job.not_before);
                let next = idle.iter().map(|job| job.not_before).filter(|at| *at > now).min();
                for job in idle.into_iter().filter(|job| job.not_before <= now) {
                    if working.tasks.len() >= AT_ONCE {
                        break;
                    }
                    let step = step(Arc::clone(&app), job.clone());
                    working.begin(job.id, advance(Arc::clone(&app), job, step));
                }
                next.map(|at| until(now, at))
            }
            Err(error) => {
                tracing::warn!(%error, "jobs could not be read; retrying");
                Some(UNAVAILABLE)
            }
        };
        tokio::select! {
            biased;
            () = app.stopping.cancelled() => return working.end(&app).await,
            Some(ended) = working.tasks.join_next_with_id() => working.ended(ended),
            () = app.live.jobs.woken() => {}
            () = sleep(pause) => {}
        }
    }
}

/// The steps that run.
#[derive(Default)]
struct Working {
    tasks: JoinSet<()>,
    jobs: HashMap<task::Id, JobId>,
}

impl Working {
    fn is_idle(&self, job: JobId) -> bool {
        self.jobs.values().all(|busy| *busy != job)
    }

    fn begin(&mut self, job: JobId, work: impl Future<Output = ()> + Send + 'static) {
        let task = self.tasks.spawn(work).id();
        self.jobs.insert(task, job);
    }

    fn ended(&mut self, ended: Result<(task::Id, ()), JoinError>) {
        let task = match ended {
            Ok((task, ())) => task,
            Err(error) => {
                tracing::error!(%error, "a job's step ended without an outcome");
                error.id()
            }
        };
        self.jobs.remove(&task);
    }

    /// Lets the running steps end, for a while. If another server has taken over, they are interrupted at once.
    async fn end(mut self, app: &App) {
        let all = async { while self.tasks.join_next().await.is_some() {} };
        tokio::select! {
            ended = tokio::time::timeout(STEP_ENDS, all) => {
                if ended.is_err() {
                    tracing::warn!("some steps of jobs did not end in time; they are done again after the next start");
                }
            }
            () = app.db.lease_lost() => {}
        }
        self.tasks.shutdown().await;
    }
}

/// The waiting jobs. Also refreshes the list that pages show, and says which rows can't be read: each once, as long as
/// it is in `unreadable`.
async fn read_jobs(app: &App, unreadable: &mut HashSet<String>) -> Result<Vec<JobRecord>, StoreError> {
    let conn = &mut app.db.read().await?;
    let waiting = store::jobs::waiting(conn).await?;
    let newest = store::jobs::newest(conn, NEWEST as u32).await?;
    let mut found = HashSet::new();
    for row in waiting.unreadable.iter().chain(&newest.unreadable) {
        if found.insert(row.id.clone()) && !unreadable.contains(&row.id) {
            tracing::error!(job = row.id, why = row.why, "a job's row can't be read; it is skipped");
        }
    }
    *unreadable = found;
    let (waiting, mut shown) = (waiting.jobs, newest.jobs);
    let older: Vec<JobRecord> =
        waiting.iter().rev().filter(|job| shown.iter().all(|known| known.id != job.id)).cloned().collect();
    shown.extend(older);
    let mut identifiers = HashMap::new();
    for kind in JobKind::iter().filter(|kind| kind.is_about_an_account()) {
        identifiers.extend(store::jobs::identifiers(conn, kind).await?);
    }
    let mut progress: HashMap<JobId, Progress> =
        store::invite_lines::progress(conn).await?.into_iter().collect();
    progress.extend(store::job_lines::progress(conn).await?);
    app.live.jobs.store(Jobs { jobs: shown, identifiers, progress });
    Ok(waiting)
}

/// Does one step of a job and stores the result.
async fn advance(app: Arc<App>, job: JobRecord, step: impl Future<Output = Result<StepOutcome, StoreError>>) {
    let id = job.id;
    let stored = match attempt(&job, step).await {
        Ok(StepOutcome::Done | StepOutcome::Committed) => Ok(()),
        Ok(StepOutcome::Later(why)) => {
            tracing::info!(job = %id, kind = %job.kind, why, "a job's step is postponed");
            let at = app.clock.now().plus_seconds(pause(job.attempts));
            app.db.maintain(async |conn| store::jobs::postpone(conn, id, at, &why).await).await
        }
        Ok(StepOutcome::Stuck(why)) => {
            tracing::warn!(job = %id, kind = %job.kind, why, "a job needs a person");
            app.db.maintain(async |conn| store::jobs::fail(conn, id, &why).await).await
        }
        Err(error) => Err(error),
    };
    if let Err(error) = stored.or_else(stopped_meanwhile) {
        tracing::warn!(job = %id, %error, "the outcome of a step could not be stored");
        tokio::time::sleep(UNAVAILABLE).await;
    }
}

/// A job that a person has stopped takes no outcome any more.
fn stopped_meanwhile(error: StoreError) -> Result<(), StoreError> {
    if matches!(error, StoreError::Missing) { Ok(()) } else { Err(error) }
}

/// The outcome of a step. One that panics or fails has failed like any other, and is retried with growing pauses. An
/// unavailable database is no failure of the step.
async fn attempt(
    job: &JobRecord,
    step: impl Future<Output = Result<StepOutcome, StoreError>>,
) -> Result<StepOutcome, StoreError> {
    match AssertUnwindSafe(step).catch_unwind().await {
        Ok(Err(error)) if !error.is_away() && !matches!(error, StoreError::LeaseLost) => {
            tracing::error!(job = %job.id, kind = %job.kind, %error, "a job's step failed");
            Ok(StepOutcome::Later("The step failed; the log says why.".into()))
        }
        Ok(outcome) => outcome,
        Err(_) => {
            tracing::error!(job = %job.id, kind = %job.kind, "a job's step panicked");
            Ok(StepOutcome::Later("The step ended unexpectedly; the log says why.".into()))
        }
    }
}

/// Seconds to wait after a failure that follows this many earlier ones.
fn pause(attempts: i64) -> i64 {
    let failures = u32::try_from(attempts.max(0)).unwrap_or(u32::MAX).saturating_add(1);
    i64::try_from(PAUSES.after(failures).as_secs()).unwrap_or(i64::MAX)
}

fn until(now: Millis, at: Millis) -> Duration {
    Duration::from_millis(u64::try_from(at.0.saturating_sub(now.0)).unwrap_or(0))
}

async fn sleep(pause: Option<Duration>) {
    match pause {
        Some(pause) => tokio::time::sleep(pause).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::pause;

    #[test]
    fn pauses_grow_and_end() {
        assert_eq!([0, 1, 2, 7, 8, 1_000_000].map(pause), [2, 4, 8, 256, 300, 300]);
        assert_eq!(pause(-1), 2);
    }
}
