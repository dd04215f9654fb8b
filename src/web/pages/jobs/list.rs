//! `/jobs`: background tasks and their progress.
//!
//! People see the tasks about accounts that they can see, and those with many lines that they have started. Those about
//! accounts that no longer exist, and those of others with many lines, are for readers of the audit log.

use askama::Template;
use axum::response::Response;
use axum_extra::extract::Query;

use crate::domain::AccountId;
use crate::domain::access::{Principal, privileges, system_privileges};
use crate::domain::job::{JobKind, JobRecord, JobState, Progress, RemoveStep};
use crate::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivilege};
use crate::domain::stage::Severity;
use crate::live::accounts::Entry;
use crate::live::jobs::{Jobs, NEWEST};
use crate::store;
use crate::web::auth::session::CurrentUser;
use crate::web::error::AppError;
use crate::web::layout::{Layout, html};
use crate::web::pages::jobs::query::{Group, JobsQuery};
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::stream::position;
use crate::web::words::moments::{Moment, ago, moment};
use crate::web::words::{self, audit};

#[derive(Template)]
#[template(path = "pages/jobs/list.html")]
struct JobsPage {
    layout: Layout,
    query: JobsQuery,
    jobs: String,
    /// The address of the stream; none for the page of older tasks, which doesn't change.
    events: Option<String>,
}

/// The list, which the live stream sends too.
#[derive(Template)]
#[template(path = "parts/jobs.html")]
struct JobList<'a> {
    query: &'a JobsQuery,
    chips: Vec<Chip>,
    open: Vec<JobRow>,
    finished: Vec<JobRow>,
    /// How many are finished, as far as they are known.
    finished_count: usize,
    /// The page of older ones.
    older: Option<String>,
}

/// A link to the tasks of a group.
struct Chip {
    url: String,
    label: &'static str,
    count: usize,
    is_current: bool,
}

/// Finished tasks on a page.
const PAGE: usize = 50;
/// Tasks that are read for a page, of which the reader may see some.
const READ: u32 = 500;

struct JobRow {
    kind: &'static str,
    phone: String,
    /// The number without signs.
    digits: String,
    /// The account, while it exists.
    account: Option<AccountId>,
    /// The page about its lines, and the label of the link there.
    page: Option<(String, &'static str)>,
    progress: Option<String>,
    bar: Option<Progress>,
    step: &'static str,
    severity: &'static str,
    label: &'static str,
    error: Option<String>,
    next: Option<Moment>,
    actor: String,
    created: Moment,
    can_retry: bool,
    /// Whether the reader can let it continue without Telegram.
    can_skip: bool,
}

pub async fn list(
    app: AppState,
    CurrentUser(actor): CurrentUser,
    Query(query): Query<JobsQuery>,
) -> Result<Response, AppError> {
    let (jobs, events) = match query.older_than() {
        None => {
            let jobs = rendered(&app, &actor, &query)?;
            let events = position::events_url(&app, &query.events_url(), position::hash(&jobs));
            (jobs, Some(events))
        }
        Some(before) => {
            let conn = &mut app.db.read().await?;
            let older = store::jobs::done_before(conn, before, READ).await?.jobs;
            let more = older.len() >= READ as usize;
            (rendered_of(&app, &actor, &query, &older, more)?, None)
        }
    };
    html(&JobsPage { layout: Layout::of(&app, &actor), query, jobs, events })
}

/// The newest tasks for this reader.
pub fn rendered(app: &State, actor: &Principal, query: &JobsQuery) -> Result<String, askama::Error> {
    let newest = app.live.jobs.load();
    rendered_of(app, actor, query, &newest.jobs, newest.jobs.len() >= NEWEST)
}

/// `more` says whether there may be older tasks than these.
fn rendered_of(
    app: &State,
    actor: &Principal,
    query: &JobsQuery,
    jobs: &[JobRecord],
    more: bool,
) -> Result<String, askama::Error> {
    let known = app.live.jobs.load();
    let rows = jobs.iter().filter_map(|job| Some((job, row(app, actor, &known, job)?)));
    let rows: Vec<_> = rows.filter(|(_, row)| query.finds(&row.digits, &row.actor)).collect();
    let count = |group| rows.iter().filter(|(job, _)| Group::of(job) == group).count();
    let chip = |group: Group| Chip {
        url: query.with_state(group.name()),
        label: words::jobs::group(group),
        count: count(group),
        is_current: query.group() == Some(group),
    };
    let chips: Vec<Chip> = Group::ALL.into_iter().map(chip).collect();
    let oldest = jobs.iter().filter(|job| Group::of(job) == Group::Finished).map(|job| job.id).min();
    let rows = rows.into_iter().filter(|(job, _)| query.wants(Group::of(job)));
    let (mut finished, open): (Vec<_>, Vec<_>) = rows.partition(|(job, _)| Group::of(job) == Group::Finished);
    let finished_count = finished.len();
    let rest = finished.get(PAGE..).is_some_and(|rest| !rest.is_empty());
    finished.truncate(PAGE);
    let last = if rest { finished.last().map(|(job, _)| job.id) } else { oldest.filter(|_| more) };
    JobList {
        query,
        chips,
        open: open.into_iter().map(|(_, row)| row).collect(),
        finished: finished.into_iter().map(|(_, row)| row).collect(),
        finished_count,
        older: last.filter(|_| query.wants(Group::Finished)).map(|last| query.older(last)),
    }
    .render()
}

/// The job, if the reader can see it.
fn row(app: &State, actor: &Principal, jobs: &Jobs, job: &JobRecord) -> Option<JobRow> {
    let entry = job.account().and_then(|id| app.live.accounts.get(id));
    let is_own = job.is_started_by(actor);
    let granted = match is_own {
        true => AccountPrivileges::NONE,
        false => granted(app, actor, entry.as_deref())?,
    };
    let is_open = job.state != JobState::Done;
    let can_retry = is_open && job.error.is_some() && granted.has(AccountPrivilege::RemoveAccount);
    let progress = jobs.progress.get(&job.id).copied();
    let step = job.cursor.as_deref().and_then(|cursor| cursor.parse().ok());
    Some(JobRow {
        kind: words::jobs::kind(job.kind),
        digits: jobs.identifier(job).map(|it| it.digits().into_owned()).unwrap_or_default(),
        phone: jobs.identifier(job).map(ToString::to_string).unwrap_or_default(),
        account: entry.map(|entry| entry.account.id),
        page: page_of(job, is_own),
        progress: progress.map(|progress| words::jobs::progress(job.kind, &progress)),
        bar: progress,
        step: step.map(words::jobs::step).unwrap_or_default(),
        severity: severity(job).name(),
        label: words::jobs::state(job.state, job.error.is_some()),
        next: (job.state == JobState::Waiting && job.error.is_some()).then(|| moment(job.not_before)),
        error: job.error.clone(),
        actor: audit::actor(&job.actor).to_owned(),
        created: ago(job.created),
        can_retry,
        can_skip: can_retry && step == Some(RemoveStep::LogOut),
    })
}

/// The page about a job's lines. That of a list of invites is for the person who started it.
fn page_of(job: &JobRecord, is_own: bool) -> Option<(String, &'static str)> {
    match job.kind {
        JobKind::RemoveAccount => None,
        JobKind::CreateInvites => is_own.then(|| (paths::invites_list_job(job.id), words::jobs::OPEN_LIST)),
        JobKind::ChangeAccounts | JobKind::OffBoard => Some((paths::job(job.id), words::jobs::OPEN_TASK)),
    }
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

pub(in crate::web::pages) const fn severity(job: &JobRecord) -> Severity {
    match (job.state, &job.error) {
        (JobState::Waiting, None) => Severity::Moving,
        (JobState::Waiting, Some(_)) => Severity::Waiting,
        (JobState::Failed, _) => Severity::Bad,
        (JobState::Done, _) => Severity::Good,
    }
}
