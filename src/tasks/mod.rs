//! The background tasks of a server.

pub mod account_history;
pub mod audit_relay;
pub mod connectivity;
pub mod database;
pub mod devices;
pub mod pictures;
pub mod proxies;
pub mod supervisor;

use std::sync::Arc;
use std::time::Duration;

use supervisor::Task;

use crate::context::App;
use crate::jobs;
use crate::node::control;
use crate::ops::audit::{checkpoint, queue, retention};
use crate::ops::{access_seals, approvals, invites, lines, sign_in, two_step};

/// Every background task of a server.
pub fn all(app: &Arc<App>) -> Vec<Task> {
    let recorded = account_history::RecordedStages::default();
    let mut tasks = vec![
        task(app, "database", database::run),
        // Without it, outcomes would be lost, so the server must stop if it fails.
        task(app, "audit-queue", queue::keep_flushing).essential(),
        task(app, "audit-checkpoint", checkpoint::run),
        task(app, "audit-relay", audit_relay::run),
        task(app, "account-history", move |app| account_history::run(app, recorded.clone())),
        task(app, "connectivity", connectivity::run),
        task(app, "profile-pictures", pictures::run),
        task(app, "devices", devices::run),
        task(app, "proxies", proxies::run),
        task(app, "failing-proxies", proxies::test_failing),
        task(app, "expired-sessions", sign_in::tidy_sessions),
        task(app, "stored-passwords", two_step::run),
        task(app, "changed-passwords", two_step::settle_unfinished),
        task(app, "approvals", approvals::view::run),
        task(app, "invites", invites::run),
        task(app, "old-tasks", lines::tidy),
        task(app, "access-seals", access_seals::run),
        task(app, "control-socket", control::run),
        task(app, "jobs", jobs::run).ending_within(jobs::STEP_ENDS + Duration::from_secs(1)),
    ];
    if app.config.storage.audit_details_days > 0 {
        tasks.push(task(app, "audit-retention", retention::run));
    }
    tasks
}

fn task<F>(app: &Arc<App>, name: &'static str, run: impl Fn(Arc<App>) -> F + Send + Sync + 'static) -> Task
where
    F: Future<Output = ()> + Send + 'static,
{
    let app = Arc::clone(app);
    Task::new(name, move || run(Arc::clone(&app)))
}
