//! The job runner: what a step that panics, a row that can't be read and a stop of the server do to jobs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use telescope::clock::Clock;
use telescope::domain::job::{JobKind, JobRecord, JobState, StepOutcome};
use telescope::domain::{AccountId, JobId};
use telescope::jobs::{self, STEP_ENDS};
use telescope::store::{self, StoreError};
use telescope::tasks;
use telescope::tasks::supervisor::{Supervisor, Task};
use tokio::sync::Notify;

use super::app::TestApp;
use crate::support::waiting::until;

const SOON: Duration = Duration::from_secs(30);

/// Adds a job whose step is due.
async fn added(test: &TestApp) -> JobRecord {
    let now = test.app.clock.now();
    let job = JobRecord {
        id: JobId::generate(),
        kind: JobKind::RemoveAccount,
        args: AccountId::generate().to_string(),
        cursor: Some("log-out".into()),
        state: JobState::Waiting,
        attempts: 0,
        not_before: now,
        error: None,
        actor: "system:test".into(),
        created: now,
    };
    test.app.db.maintain(async |conn| store::jobs::insert(conn, &job).await).await.unwrap();
    test.app.live.jobs.wake();
    job
}

async fn read(test: &TestApp, id: JobId) -> JobRecord {
    store::jobs::get(&mut test.app.db.read().await.unwrap(), id).await.unwrap().unwrap()
}

async fn until_job(test: &TestApp, what: &str, id: JobId, holds: impl Fn(&JobRecord) -> bool) -> JobRecord {
    until(what, SOON, async || Some(read(test, id).await).filter(|job| holds(job))).await
}

/// The runner with other steps.
fn runner<F>(test: &TestApp, step: impl Fn(JobRecord) -> F + Send + Sync + Clone + 'static) -> Supervisor
where
    F: Future<Output = Result<StepOutcome, StoreError>> + Send + 'static,
{
    let app = Arc::clone(&test.app);
    let task = Task::new("jobs", move || {
        let step = step.clone();
        jobs::run_with(Arc::clone(&app), move |_, job| step(job))
    });
    Supervisor::start(&test.app, [task.ending_within(STEP_ENDS * 2)])
}

#[tokio::test]
async fn a_step_that_panics_or_fails_is_tried_again_after_a_pause() {
    let test = TestApp::with_its_own_time().await;
    for panics in [true, false] {
        let (bad, calls) = (added(&test).await, Arc::new(AtomicUsize::new(0)));
        let (id, called) = (bad.id, Arc::clone(&calls));
        let supervisor = runner(&test, move |job| {
            let called = Arc::clone(&called);
            async move {
                if job.id != id {
                    return Ok(StepOutcome::Stuck("Done.".into()));
                }
                called.fetch_add(1, Ordering::Relaxed);
                assert!(!panics, "deliberate panic");
                Err(StoreError::Corrupt("deliberate".into()))
            }
        });
        for attempt in 1..4 {
            let job = until_job(&test, "the attempt is counted", id, |job| job.attempts == attempt).await;
            let pause = job.not_before.0 - test.app.clock.now().0;
            assert_eq!((job.state, pause), (JobState::Waiting, 1000 << attempt), "{job:?}");
            assert!(job.error.unwrap().contains("the log says why"));
            // Another job goes on meanwhile, and this one is not begun again before its time.
            let good = added(&test).await;
            until_job(&test, "another job goes on", good.id, |job| job.state == JobState::Failed).await;
            assert_eq!(calls.load(Ordering::Relaxed) as i64, attempt);
            test.app.clock.advance(1 << attempt);
            test.app.live.jobs.wake();
        }
        test.app.db.maintain(async |conn| store::jobs::fail(conn, id, "enough").await).await.unwrap();
        assert_eq!(test.app.live.health.task_failures().get("jobs"), None, "the runner itself goes on");
        supervisor.stop().await;
    }
}

/// Rows of a later version, or edited by hand.
#[tokio::test]
async fn a_row_that_can_not_be_read_stops_no_other_job() {
    let test = TestApp::with_clock(&[], Clock::System).await;
    for column in
        ["kind = 'later'", "state = 'paused'", "id = 'else'", "attempts = 'many'", "not_before = 'now'"]
    {
        let row = added(&test).await;
        test.sql(&format!("update jobs set {column} where id = '{}'", row.id)).await;
    }
    let good = added(&test).await;
    let running = tasks::all(&test.app).into_iter().filter(|task| task.name == "jobs");
    let supervisor = Supervisor::start(&test.app, running.collect::<Vec<_>>());
    // There is no such account, so there is nothing to do any more.
    until_job(&test, "the job is done", good.id, |job| job.state == JobState::Done).await;
    let shown = until("the page follows", SOON, async || {
        let jobs = test.app.live.jobs.load();
        jobs.jobs.iter().any(|job| job.state == JobState::Done).then(|| jobs.jobs.len())
    })
    .await;
    assert_eq!(shown, 1);
    let conn = &mut test.app.db.read().await.unwrap();
    let about = store::jobs::about(conn, JobKind::RemoveAccount, &good.args).await.unwrap();
    assert_eq!(about.map(|job| job.id), Some(good.id));
    let unreadable = store::jobs::newest(conn, 100).await.unwrap().unreadable;
    assert_eq!(unreadable.len(), 5, "{unreadable:?}");
    supervisor.stop().await;
}

#[tokio::test]
async fn a_running_step_ends_before_the_server_does() {
    let test = TestApp::new().await;
    let (job, begun, go_on) = (added(&test).await, Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (has_begun, goes_on, app) = (Arc::clone(&begun), Arc::clone(&go_on), Arc::clone(&test.app));
    let supervisor = runner(&test, move |job| {
        let (begun, go_on, app) = (Arc::clone(&has_begun), Arc::clone(&goes_on), Arc::clone(&app));
        async move {
            begun.notify_one();
            go_on.notified().await;
            app.db.maintain(async |conn| store::jobs::advance(conn, job.id, None).await).await?;
            Ok(StepOutcome::Committed)
        }
    });
    begun.notified().await;
    test.app.stopping.cancel();
    let mut stopped = std::pin::pin!(supervisor.stop());
    assert!(futures_util::poll!(&mut stopped).is_pending());
    // No further step is begun.
    let later = added(&test).await;
    go_on.notify_one();
    stopped.await;
    assert_eq!(read(&test, job.id).await.state, JobState::Done);
    assert_eq!(read(&test, later.id).await, later);
    assert!(test.app.live.health.task_failures().is_empty());
}

#[tokio::test]
async fn a_step_that_does_not_end_is_interrupted_and_done_again() {
    let test = TestApp::new().await;
    let (job, begun) = (added(&test).await, Arc::new(Notify::new()));
    let has_begun = Arc::clone(&begun);
    let held = Arc::new(());
    let weak = Arc::downgrade(&held);
    let supervisor = runner(&test, move |_| {
        let (begun, held) = (Arc::clone(&has_begun), Arc::clone(&held));
        async move {
            begun.notify_one();
            std::future::pending::<()>().await;
            drop(held);
            Ok(StepOutcome::Stuck("This is never said.".into()))
        }
    });
    begun.notified().await;
    test.app.stopping.cancel();
    // The database is not used meanwhile, and needs no real time.
    tokio::time::pause();
    supervisor.stop().await;
    assert_eq!(weak.strong_count(), 0, "nothing of it runs any more");
    tokio::time::resume();
    assert_eq!(read(&test, job.id).await, job, "it is done again after the next start");
}
