//! Runs background tasks, each of which should run until the server stops. A task that panics,
//! or returns before that, is logged, counted and restarted after a pause. If an essential task keeps failing, the
//! server stops.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::context::App;

/// The pause after the first failure; doubled with each failure that soon follows.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A task that ran this long has recovered: its next failure counts as the first.
const RECOVERED: Duration = Duration::from_secs(5 * 60);
/// The server stops after this many failures of an essential task in a row.
const ESSENTIAL_FAILURES: u32 = 5;

type Run = Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

/// A background task.
#[derive(Clone)]
pub struct Task {
    pub name: &'static str,
    /// Whether the server must stop if the task keeps failing.
    pub essential: bool,
    /// How long it may take to end by itself when the server stops; others are aborted at once.
    ends_within: Duration,
    run: Run,
}

impl Task {
    pub fn new<F>(name: &'static str, run: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self { name, essential: false, ends_within: Duration::ZERO, run: Arc::new(move || run().boxed()) }
    }

    pub(super) fn essential(self) -> Self {
        Self { essential: true, ..self }
    }

    /// The task notices that the server stops, and ends within this time.
    pub fn ending_within(self, time: Duration) -> Self {
        Self { ends_within: time, ..self }
    }

    /// The same task, with each start wrapped: `wrap` gets the number of the start, from 1, and the task's future.
    pub fn wrapped<F>(self, wrap: impl Fn(u64, BoxFuture<'static, ()>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let starts = std::sync::atomic::AtomicU64::new(0);
        let run = Arc::clone(&self.run);
        let wrapped = move || {
            let start = starts.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
            wrap(start, run()).boxed()
        };
        Self { run: Arc::new(wrapped), ..self }
    }
}

/// The running tasks. Dropping it aborts them.
#[derive(Debug)]
pub struct Supervisor {
    tasks: JoinSet<()>,
    stopping: CancellationToken,
    given_up: watch::Receiver<Option<&'static str>>,
}

impl Supervisor {
    pub fn start(app: &Arc<App>, tasks: impl IntoIterator<Item = Task>) -> Self {
        let (sender, given_up) = watch::channel(None);
        let sender = Arc::new(sender);
        let mut running = JoinSet::new();
        let stopping = CancellationToken::new();
        for task in tasks {
            running.spawn(keep_running(Arc::clone(app), task, Arc::clone(&sender), stopping.clone()));
        }
        Self { tasks: running, stopping, given_up }
    }

    /// Resolves with the name of an essential task that was given up.
    pub async fn failed(&mut self) -> &'static str {
        loop {
            if let Some(name) = *self.given_up.borrow_and_update() {
                return name;
            }
            if self.given_up.changed().await.is_err() {
                // All supervising futures have ended, which would be a bug in this file.
                return "supervisor";
            }
        }
    }

    /// Stops all tasks and waits until they have ended, because the caller may write the same data afterwards.
    pub async fn stop(mut self) {
        self.stopping.cancel();
        while self.tasks.join_next().await.is_some() {}
    }
}

async fn keep_running(
    app: Arc<App>,
    task: Task,
    given_up: Arc<watch::Sender<Option<&'static str>>>,
    stopping: CancellationToken,
) {
    let mut in_a_row = 0;
    loop {
        let started = Instant::now();
        // A separate task, so that a panic affects nothing else; in a set, so that it is aborted with this future.
        let mut run = JoinSet::new();
        run.spawn((task.run)());
        let Some(ended) = stopping.run_until_cancelled(run.join_next()).await else {
            if app.stopping.is_cancelled() {
                let _ = tokio::time::timeout(task.ends_within, run.join_next()).await;
            }
            // Aborted tasks have ended only when they are joined.
            return run.shutdown().await;
        };
        if app.stopping.is_cancelled() && matches!(ended, Some(Ok(()))) {
            return;
        }
        in_a_row = if started.elapsed() >= RECOVERED { 1 } else { in_a_row + 1 };
        let failures = app.live.health.count_task_failure(task.name);
        let reason = reason(ended);
        tracing::error!(task = task.name, reason, failures, "a background task ended unexpectedly");
        if task.essential && in_a_row >= ESSENTIAL_FAILURES {
            given_up.send_replace(Some(task.name));
            return;
        }
        if stopping.run_until_cancelled(tokio::time::sleep(pause(in_a_row))).await.is_none() {
            return;
        }
        tracing::info!(task = task.name, "restarting the background task");
    }
}

fn pause(failures_in_a_row: u32) -> Duration {
    let doublings = failures_in_a_row.saturating_sub(1).min(16);
    FIRST_PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE)
}

fn reason(ended: Option<Result<(), JoinError>>) -> String {
    match ended {
        None | Some(Ok(())) => "it returned".into(),
        Some(Err(error)) => match error.try_into_panic() {
            Ok(panic) => format!("it panicked: {}", panic_message(&*panic)),
            Err(error) => error.to_string(),
        },
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_a_limit() {
        assert_eq!([1, 2, 6, 7, u32::MAX].map(|count| pause(count).as_secs()), [1, 2, 32, 60, 60]);
    }
}
