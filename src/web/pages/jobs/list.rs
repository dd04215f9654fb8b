//! `/jobs`: long work and how far it came.
//!
//! Everybody sees the jobs about accounts that he sees; those about accounts that are gone are for whoever reads
//! the audit trail.

use askama::Template;
use axum::response::Response;

use crate::domain::AccountId;
use crate::domain::access::{Principal, privileges, system_privileges};
use crate::domain::job::{Job, JobKind, JobState};
use crate::domain::privilege::{AccountPrivilege, SystemPrivilege};
use crate::domain::stage::Severity;
use crate::jobs::remove_account::RemoveStep;
use crate::live;
use crate::web::auth::session::CurrentUser;
use crate::web::error::AppError;
use crate::web::layout::{Layout, html};
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::words::text;

#[derive(Template)]
#[template(path = "pages/jobs/list.html")]
struct JobsPage {
    layout: Layout,
    jobs: String,
}

/// The list, which is live too.
#[derive(Template)]
#[template(path = "parts/jobs.html")]
struct Jobs {
    lines: Vec<Line>,
}

/// A job as a line of the page.
struct Line {
    kind: &'static str,
    /// The account's number.
    phone: String,
    /// The account, while it is there.
    account: Option<AccountId>,
    step: &'static str,
    mood: &'static str,
    label: &'static str,
    error: Option<String>,
    next: Option<String>,
    actor: String,
    created: String,
    /// Whether the reader may have it tried again.
    may_retry: bool,
    /// Whether the reader may have it go on without Telegram.
    may_skip: bool,
}

/// The page.
pub async fn list(app: AppState, CurrentUser(actor): CurrentUser) -> Result<Response, AppError> {
    html(&JobsPage { layout: Layout::of(&app, &actor), jobs: rendered(&app, &actor)? })
}

/// The list for this reader.
pub fn rendered(app: &State, actor: &Principal) -> Result<String, askama::Error> {
    let jobs = app.live.jobs.load();
    Jobs { lines: jobs.jobs.iter().filter_map(|job| line(app, actor, &jobs, job)).collect() }.render()
}

/// A job as this reader may see it.
fn line(app: &State, actor: &Principal, jobs: &live::jobs::Jobs, job: &Job) -> Option<Line> {
    let entry = job.args.parse().ok().and_then(|id| app.live.accounts.get(id));
    let may = match &entry {
        Some(entry) => {
            let may = privileges(&app.live.policy.current(), actor, &entry.account);
            may.has(AccountPrivilege::View).then_some(may)?
        }
        None => {
            system_privileges(&app.live.policy.current(), actor)
                .has(SystemPrivilege::ReadAudit)
                .then_some(())?;
            Default::default()
        }
    };
    let open = job.state != JobState::Done;
    let may_retry = open && job.error.is_some() && may.has(AccountPrivilege::RemoveAccount);
    let step = RemoveStep::from_cursor(job.cursor.as_deref());
    Some(Line {
        kind: match job.kind {
            JobKind::RemoveAccount => "Remove account",
        },
        phone: jobs.phone(job).map(|phone| phone.to_string()).unwrap_or_default(),
        account: entry.map(|entry| entry.account.id),
        step: match step {
            Some(RemoveStep::LogOut) => "ends the session at Telegram",
            Some(RemoveStep::Destroy) => "removes the account's files",
            Some(RemoveStep::Forget) => "forgets the account",
            None => "",
        },
        mood: match (job.state, &job.error) {
            (JobState::Waiting, None) => Severity::Moving,
            (JobState::Waiting, Some(_)) => Severity::Waiting,
            (JobState::Failed, _) => Severity::Bad,
            (JobState::Done, _) => Severity::Good,
        }
        .name(),
        label: match (job.state, &job.error) {
            (JobState::Waiting, None) => "Working",
            (JobState::Waiting, Some(_)) => "Tries again",
            (JobState::Failed, _) => "Failed",
            (JobState::Done, _) => "Done",
        },
        next: (job.state == JobState::Waiting && job.error.is_some()).then(|| text::moment(job.not_before)),
        error: job.error.clone(),
        actor: job.actor.clone(),
        created: text::moment(job.created),
        may_retry,
        may_skip: may_retry && step == Some(RemoveStep::LogOut),
    })
}
