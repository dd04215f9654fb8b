//! The one runner: a few jobs at a time, each a step after the other.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::{Step, Steps};
use crate::clock::Clock;
use crate::domain::job::Job;
use crate::domain::{JobId, Millis};
use crate::live::cached_view::CachedView;
use crate::live::jobs::Jobs;
use crate::store::{self, Db, StoreError};

/// Jobs that are worked on at the same time.
const AT_ONCE: usize = 8;
/// Jobs that pages show.
const SHOWN: u32 = 200;
/// The pause after a database that is away.
const AWAY: Duration = Duration::from_secs(1);
/// The first pause after a step that could not be done; doubled each time.
const FIRST_PAUSE: i64 = 2;
/// The longest pause, in seconds.
const LONGEST_PAUSE: i64 = 300;

/// Works on jobs until the program ends.
pub async fn run<S: Steps>(db: Db, clock: Clock, view: Arc<CachedView<Jobs>>, steps: Arc<S>) {
    let mut working: JoinSet<JobId> = JoinSet::new();
    let mut busy: HashSet<JobId> = HashSet::new();
    loop {
        let pause = match look(&db, &view).await {
            Ok(waiting) => {
                steps.changed();
                let now = clock.now();
                let idle: Vec<Job> = waiting.into_iter().filter(|job| !busy.contains(&job.id)).collect();
                let next = idle.iter().map(|job| job.not_before).filter(|at| *at > now).min();
                for job in idle.into_iter().filter(|job| job.not_before <= now) {
                    if busy.len() >= AT_ONCE {
                        break;
                    }
                    busy.insert(job.id);
                    working.spawn(advance(db.clone(), clock.clone(), Arc::clone(&steps), job));
                }
                next.map(|at| until(now, at))
            }
            Err(error) => {
                tracing::warn!(%error, "long work has to wait");
                Some(AWAY)
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
            () = view.woken() => {}
            () = sleep(pause) => {}
        }
    }
}

/// What waits; the board then shows the present.
async fn look(db: &Db, view: &CachedView<Jobs>) -> Result<Vec<Job>, StoreError> {
    let conn = &mut db.read().await?;
    let waiting = store::jobs::waiting(conn).await?;
    let mut shown = store::jobs::newest(conn, SHOWN).await?;
    let older = waiting.iter().rev().filter(|job| shown.iter().all(|known| known.id != job.id)).cloned();
    let older: Vec<Job> = older.collect();
    shown.extend(older);
    let phones = store::jobs::phones(conn).await?;
    view.store(Jobs { jobs: shown, phones: phones.into_iter().collect() });
    Ok(waiting)
}

/// Does one step of a job, and notes what came of it.
async fn advance<S: Steps>(db: Db, clock: Clock, steps: Arc<S>, job: Job) -> JobId {
    let id = job.id;
    let noted = match steps.step(&job).await {
        Ok(Step::Done) => Ok(()),
        Ok(Step::Later(why)) => {
            tracing::info!(job = %id, kind = %job.kind, why, "a step has to wait");
            let at = clock.now().plus_seconds(pause(job.attempts));
            db.maintain(async |conn| store::jobs::postpone(conn, id, at, &why).await).await
        }
        Ok(Step::Stuck(why)) => {
            tracing::warn!(job = %id, kind = %job.kind, why, "a job can't go on by itself");
            db.maintain(async |conn| store::jobs::fail(conn, id, &why).await).await
        }
        Err(error) => Err(error),
    };
    if let Err(error) = noted {
        tracing::warn!(job = %id, %error, "a job's step was not noted");
        tokio::time::sleep(AWAY).await;
    }
    id
}

/// Seconds to wait after so many tries without success.
fn pause(attempts: i64) -> i64 {
    let doublings = u32::try_from(attempts.clamp(0, 16)).unwrap_or(16);
    (FIRST_PAUSE << doublings).min(LONGEST_PAUSE)
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
