//! The background tasks and their supervisor: every real task of a server is made to fail here, and goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use telescope::domain::access::Principal;
use telescope::domain::audit::{AuditEntry, AuditEvent};
use telescope::store;
use telescope::tasks;
use telescope::tasks::supervisor::{Supervisor, Task};
use tokio::sync::Notify;

use super::app::{ADMIN, TestApp};
use crate::support::waiting::until;

const SOON: Duration = Duration::from_secs(30);

/// Each real task panics the first time that it is polled. It has to be counted and started again, and then it has to
/// be polled as it is.
#[tokio::test]
async fn every_task_that_panics_is_counted_and_started_again() {
    let test = TestApp::with(&[("AUDIT_DETAILS_DAYS", "30")]).await;
    let all = tasks::all(&test.app);
    let names: Vec<&str> = all.iter().map(|task| task.name).collect();
    assert!(names.len() >= 12, "{names:?}");
    for task in all {
        let name = task.name;
        let again = Arc::new(Notify::new());
        let restarted = Arc::clone(&again);
        let task = task.wrapped(move |start, run| {
            let restarted = Arc::clone(&restarted);
            async move {
                assert!(start > 1, "on purpose");
                let mut run = run;
                assert!(futures_util::poll!(&mut run).is_pending(), "the task waits for something to do");
                restarted.notify_one();
                run.await;
            }
        });
        let supervisor = Supervisor::start(&test.app, [task]);
        let waited = tokio::time::timeout(SOON, again.notified()).await;
        waited.unwrap_or_else(|_| panic!("{name} was not started again"));
        let failures = test.app.live.health.task_failures();
        assert_eq!(failures.get(name), Some(&1), "{name}: {failures:?}");
        supervisor.stop().await;
    }
}

/// The task that writes queued audit entries dies while pages are open: they go on, and the entry is written.
#[tokio::test]
async fn a_server_goes_on_when_a_task_dies() {
    let test = TestApp::new().await;
    let running = tasks::all(&test.app).into_iter().map(|task| match task.name {
        "audit-queue" => task.wrapped(|start, run| async move {
            assert!(start > 1, "on purpose");
            run.await;
        }),
        _ => task,
    });
    let supervisor = Supervisor::start(&test.app, running.collect::<Vec<_>>());
    let event = AuditEvent::Started { version: "this test".into() };
    test.app.audit_queue.put(AuditEntry::done(test.app.clock.now(), &Principal::System("test"), event));
    let root = test.signed_in(ADMIN).await;
    assert_eq!(root.get("/accounts").await.status, 200);
    until("the entry is written", SOON, async || {
        let conn = &mut test.app.db.read().await.unwrap();
        let newest = store::audit::page(conn, &store::audit::Filter::default(), 100).await.unwrap();
        newest.iter().any(|entry| entry.actor == "system:test").then_some(())
    })
    .await;
    assert_eq!(test.app.live.health.task_failures().get("audit-queue"), Some(&1));
    supervisor.stop().await;
}

#[tokio::test]
async fn an_essential_task_that_keeps_failing_is_given_up_and_any_other_is_not() {
    let test = TestApp::new().await;
    // Not earlier: the database answers in real time.
    tokio::time::pause();
    let starts = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&starts);
    let all = tasks::all(&test.app);
    let essential = all.iter().filter(|task| task.essential).map(|task| task.name);
    assert_eq!(essential.collect::<Vec<_>>(), ["audit-queue"]);
    let failing = |name: &str| -> Task {
        let task = all.iter().find(|task| task.name == name).unwrap().clone();
        let counted = Arc::clone(&counted);
        task.wrapped(move |_, _| {
            counted.fetch_add(1, Ordering::Relaxed);
            async {}
        })
    };
    let mut other = Supervisor::start(&test.app, [failing("connectivity")]);
    let given_up = tokio::time::timeout(Duration::from_secs(3600), other.failed()).await;
    assert!(given_up.is_err(), "{given_up:?}");
    assert!(starts.load(Ordering::Relaxed) > 50, "it is tried again all the time: {starts:?}");
    other.stop().await;
    starts.store(0, Ordering::Relaxed);
    let mut queue = Supervisor::start(&test.app, [failing("audit-queue")]);
    assert_eq!(queue.failed().await, "audit-queue");
    assert_eq!(starts.load(Ordering::Relaxed), 5);
    queue.stop().await;
}

/// What follows may write what the tasks wrote, so none of them may still be at it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_supervisor_stops_when_its_tasks_have_ended() {
    let test = TestApp::new().await;
    let (release, released) = std::sync::mpsc::channel::<()>();
    let released = Arc::new(parking_lot::Mutex::new(released));
    let began = Arc::new(Notify::new());
    let begins = Arc::clone(&began);
    let task = Task::new("busy", move || {
        let (begins, released) = (Arc::clone(&begins), Arc::clone(&released));
        async move {
            begins.notify_one();
            // In the middle of something that can't be interrupted.
            let _ = released.lock().recv();
            std::future::pending::<()>().await;
        }
    });
    let supervisor = Supervisor::start(&test.app, [task]);
    tokio::time::timeout(SOON, began.notified()).await.unwrap();
    let stopped = supervisor.stop();
    let mut stopped = std::pin::pin!(stopped);
    let early = tokio::time::timeout(Duration::from_millis(300), &mut stopped).await;
    release.send(()).unwrap();
    assert!(early.is_err(), "it did not wait for its task");
    tokio::time::timeout(SOON, stopped).await.expect("it stops once the task has ended");
}

/// What the log says, for tests on one thread.
#[derive(Clone, Default)]
struct Log(Arc<parking_lot::Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A database that answers may still refuse a change, for example because another program holds its lock. Entries are
/// written once it takes them again, also if nothing else happens then.
#[tokio::test]
async fn queued_entries_are_written_after_a_failure_without_being_reminded() {
    let test = TestApp::new().await;
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    test.sql("create trigger refuse before insert on audit_log begin select raise(abort, 'not now'); end")
        .await;
    let event = AuditEvent::Started { version: "this test".into() };
    test.app.audit_queue.put(AuditEntry::done(test.app.clock.now(), &Principal::System("test"), event));
    let task = tasks::all(&test.app).into_iter().find(|task| task.name == "audit-queue");
    let supervisor = Supervisor::start(&test.app, task);
    // The first time as soon as the task runs, the second time because the entry was put in.
    until("it was refused twice", SOON, async || {
        let said = String::from_utf8_lossy(&log.0.lock()).into_owned();
        (said.matches("queued audit entries are not written yet").count() >= 2).then_some(())
    })
    .await;
    test.sql("drop trigger refuse").await;
    until("the entry is written", SOON, async || {
        let conn = &mut test.app.db.read().await.unwrap();
        let newest = store::audit::page(conn, &store::audit::Filter::default(), 100).await.unwrap();
        newest.iter().any(|entry| entry.actor == "system:test").then_some(())
    })
    .await;
    supervisor.stop().await;
}
