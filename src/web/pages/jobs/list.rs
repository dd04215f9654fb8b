//! `/jobs`: background tasks and their progress.
//!
//! People see the tasks about accounts that they can see. Those about accounts that no longer exist are for readers of
//! the audit log.

use askama::Template;
use axum::response::Response;

use crate::domain::AccountId;
use crate::domain::access::{Principal, privileges, system_privileges};
use crate::domain::job::{JobRecord, JobState, RemoveStep};
use crate::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivilege};
use crate::domain::stage::Severity;
use crate::live::accounts::Entry;
use crate::live::jobs::Jobs;
use crate::web::auth::session::CurrentUser;
use crate::web::error::AppError;
use crate::web::layout::{Layout, html};
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::stream::position;
use crate::web::words::{self, text};

#[derive(Template)]
#[template(path = "pages/jobs/list.html")]
struct JobsPage {
    layout: Layout,
    jobs: String,
    /// The address of the stream.
    events: String,
}

/// The list, which the live stream sends too.
#[derive(Template)]
#[template(path = "parts/jobs.html")]
struct JobList {
    rows: Vec<JobRow>,
}

struct JobRow {
    kind: &'static str,
    phone: String,
    /// The account, while it exists.
    account: Option<AccountId>,
    step: &'static str,
    severity: &'static str,
    label: &'static str,
    error: Option<String>,
    next: Option<String>,
    actor: String,
    created: String,
    can_retry: bool,
    /// Whether the reader can let it go on without Telegram.
    can_skip: bool,
}

pub async fn list(app: AppState, CurrentUser(actor): CurrentUser) -> Result<Response, AppError> {
    let jobs = rendered(&app, &actor)?;
    let events = position::events_url(&app, paths::JOBS_EVENTS, position::hash(&jobs));
    html(&JobsPage { layout: Layout::of(&app, &actor), jobs, events })
}

/// The list for this reader.
pub fn rendered(app: &State, actor: &Principal) -> Result<String, askama::Error> {
    let jobs = app.live.jobs.load();
    JobList { rows: jobs.jobs.iter().filter_map(|job| row(app, actor, &jobs, job)).collect() }.render()
}

/// The job, if the reader can see it.
fn row(app: &State, actor: &Principal, jobs: &Jobs, job: &JobRecord) -> Option<JobRow> {
    let entry = job.account().and_then(|id| app.live.accounts.get(id));
    let granted = granted(app, actor, entry.as_deref())?;
    let is_open = job.state != JobState::Done;
    let can_retry = is_open && job.error.is_some() && granted.has(AccountPrivilege::RemoveAccount);
    let step = job.cursor.as_deref().and_then(|cursor| cursor.parse().ok());
    Some(JobRow {
        kind: words::jobs::kind(job.kind),
        phone: jobs.phone(job).map(|phone| phone.to_string()).unwrap_or_default(),
        account: entry.map(|entry| entry.account.id),
        step: step.map(words::jobs::step).unwrap_or_default(),
        severity: severity(job).name(),
        label: words::jobs::state(job.state, job.error.is_some()),
        next: (job.state == JobState::Waiting && job.error.is_some()).then(|| text::moment(job.not_before)),
        error: job.error.clone(),
        actor: job.actor.clone(),
        created: text::moment(job.created),
        can_retry,
        can_skip: can_retry && step == Some(RemoveStep::LogOut),
    })
}

/// What the reader may do with the job's account; nothing if they can't see the job.
fn granted(app: &State, actor: &Principal, entry: Option<&Entry>) -> Option<AccountPrivileges> {
    let policy = app.live.policy.current();
    match entry {
        Some(entry) => {
            let granted = privileges(&policy, actor, &entry.account);
            granted.has(AccountPrivilege::View).then_some(granted)
        }
        None => system_privileges(&policy, actor)
            .has(SystemPrivilege::ReadAudit)
            .then_some(AccountPrivileges::NONE),
    }
}

const fn severity(job: &JobRecord) -> Severity {
    match (job.state, &job.error) {
        (JobState::Waiting, None) => Severity::Moving,
        (JobState::Waiting, Some(_)) => Severity::Waiting,
        (JobState::Failed, _) => Severity::Bad,
        (JobState::Done, _) => Severity::Good,
    }
}
