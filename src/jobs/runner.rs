//! The one runner: a few jobs at a time, each a step after the other.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use strum::IntoEnumIterator;
use tokio::task::JoinSet;

use super::step;
use crate::context::App;
use crate::domain::backoff::Backoff;
use crate::domain::job::{JobKind, JobRecord, StepOutcome};
use crate::domain::{JobId, Millis};
use crate::live::events::Change;
use crate::live::jobs::{Jobs, NEWEST};
use crate::store::{self, StoreError};

/// Jobs that are worked on at the same time.
const AT_ONCE: usize = 8;
/// The pause while the database is unavailable.
const UNAVAILABLE: Duration = Duration::from_secs(1);
/// The pauses between tries of a step that can't be done yet.
const PAUSES: Backoff = Backoff::new(Duration::from_secs(2), Duration::from_secs(300));

/// Works on jobs until the program ends.
pub async fn run(app: Arc<App>) {
    let mut working: JoinSet<JobId> = JoinSet::new();
    let mut busy: HashSet<JobId> = HashSet::new();
    loop {
        let pause = match read_jobs(&app).await {
            Ok(waiting) => {
                app.live.events.publish(Change::Jobs);
                let now = app.clock.now();
                let idle: Vec<JobRecord> =
                    waiting.into_iter().filter(|job| !busy.contains(&job.id)).collect();
                let next = idle.iter().map(|job| job.not_before).filter(|at| *at > now).min();
                for job in idle.into_iter().filter(|job| job.not_before <= now) {
                    if busy.len() >= AT_ONCE {
                        break;
                    }
                    busy.insert(job.id);
                    working.spawn(advance(Arc::clone(&app), job));
                }
                next.map(|at| until(now, at))
            }
            Err(error) => {
                tracing::warn!(%error, "jobs have to wait");
                Some(UNAVAILABLE)
            }
        };
        tokio::select! {
            Some(ended) = working.join_next() => match ended {
                Ok(id) => drop(busy.remove(&id)),
                // Which one it was is not known; the others are looked at again when they end.
                Err(error) => {
                    tracing::error!(%error, "a job's step failed");
                    while let Some(ended) = working.join_next().await {
                        drop(ended);
                    }
                    busy.clear();
                }
            },
            () = app.live.jobs.woken() => {}
            () = sleep(pause) => {}
        }
    }
}

/// The jobs that wait. Refreshes the list that pages show.
async fn read_jobs(app: &App) -> Result<Vec<JobRecord>, StoreError> {
    let conn = &mut app.db.read().await?;
    let waiting = store::jobs::waiting(conn).await?;
    let mut shown = store::jobs::newest(conn, NEWEST as u32).await?;
    let older: Vec<JobRecord> =
        waiting.iter().rev().filter(|job| shown.iter().all(|known| known.id != job.id)).cloned().collect();
    shown.extend(older);
    let mut phones = HashMap::new();
    for kind in JobKind::iter().filter(|kind| kind.is_about_an_account()) {
        phones.extend(store::jobs::phones(conn, kind).await?);
    }
    app.live.jobs.store(Jobs { jobs: shown, phones });
    Ok(waiting)
}

/// Does one step of a job and stores what came of it.
async fn advance(app: Arc<App>, job: JobRecord) -> JobId {
    let id = job.id;
    let stored = match step(&app, &job).await {
        Ok(StepOutcome::Done | StepOutcome::Committed) => Ok(()),
        Ok(StepOutcome::Later(why)) => {
            tracing::info!(job = %id, kind = %job.kind, why, "a step has to wait");
            let at = app.clock.now().plus_seconds(pause(job.attempts));
            app.db.maintain(async |conn| store::jobs::postpone(conn, id, at, &why).await).await
        }
        Ok(StepOutcome::Stuck(why)) => {
            tracing::warn!(job = %id, kind = %job.kind, why, "a job needs a person");
            app.db.maintain(async |conn| store::jobs::fail(conn, id, &why).await).await
        }
        Err(error) => Err(error),
    };
    if let Err(error) = stored {
        tracing::warn!(job = %id, %error, "the outcome of a step could not be stored");
        tokio::time::sleep(UNAVAILABLE).await;
    }
    id
}

/// Seconds to wait after so many earlier failures and one more.
fn pause(attempts: i64) -> i64 {
    let failures = u32::try_from(attempts.max(0)).unwrap_or(u32::MAX).saturating_add(1);
    i64::try_from(PAUSES.after(failures).as_secs()).unwrap_or(i64::MAX)
}

fn until(now: Millis, at: Millis) -> Duration {
    Duration::from_millis(u64::try_from(at.0 - now.0).unwrap_or(0))
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
