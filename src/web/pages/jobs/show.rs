//! `/jobs/{job}`: a task that does something with many accounts: how far it is, what failed and why.

use askama::Template;
use axum::response::Response;

use crate::domain::JobId;
use crate::domain::access::Principal;
use crate::domain::job::{JobKind, JobRecord, JobState};
use crate::domain::job_line::LineState;
use crate::domain::stage::Severity;
use crate::ops::lines::{self, Report};
use crate::web::auth::session::CurrentUser;
use crate::web::error::AppError;
use crate::web::extract::Path;
use crate::web::form::RequestType;
use crate::web::layout::{Layout, html};
use crate::web::pages::jobs::list::severity;
use crate::web::pages::jobs::report::{LineRow, rows, title};
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::words::audit;
use crate::web::words::jobs as words;
use crate::web::words::moments::{Moment, ago};

/// Lines on the page, those first that need attention. The report has all.
const SHOWN: usize = 100;

#[derive(Template)]
#[template(path = "pages/jobs/show.html")]
struct JobPage {
    layout: Layout,
    job: JobId,
    title: String,
    /// The addresses of its report.
    report: String,
    csv: String,
    part: String,
}

/// What is live on it.
#[derive(Template)]
#[template(path = "parts/job.html")]
struct JobPart {
    job: JobId,
    report: String,
    counts: Counts,
    severity: Severity,
    label: &'static str,
    error: Option<String>,
    actor: String,
    created: Moment,
    rows: Vec<LineRow>,
    is_own: bool,
}

/// How many lines there are in each state.
#[derive(Default)]
struct Counts {
    lines: usize,
    open: usize,
    waiting: usize,
    done: usize,
    failed: usize,
    unknown: usize,
    stopped: usize,
}

impl Counts {
    fn of(report: &Report) -> Self {
        let count = |wanted: LineState| report.lines.iter().filter(|line| line.state == wanted).count();
        let waiting = count(LineState::Waiting);
        Self {
            lines: report.lines.len(),
            open: waiting + count(LineState::Begun),
            waiting,
            done: count(LineState::Done),
            failed: count(LineState::Failed),
            unknown: count(LineState::Unknown),
            stopped: count(LineState::Stopped),
        }
    }

    const fn over(&self) -> usize {
        self.lines - self.open
    }

    const fn can_retry(&self) -> bool {
        self.failed + self.unknown + self.stopped > 0
    }
}

impl JobPart {
    fn of(app: &State, reader: &Principal, report: &Report) -> Self {
        let mut rows = rows(app, reader, report);
        rows.sort_by_key(|row| (row.rank(), row.number));
        rows.truncate(SHOWN);
        let counts = Counts::of(report);
        let (label, severity) = if report.job.state == JobState::Done && counts.can_retry() {
            (words::INCOMPLETE, Severity::Bad)
        } else {
            (words::state(report.job.state, report.job.error.is_some()), severity(&report.job))
        };
        Self {
            job: report.job.id,
            report: report_urls(&report.job).0,
            counts,
            severity,
            label,
            error: report.job.error.clone().filter(|_| report.job.state != JobState::Done),
            actor: audit::actor(&report.job.actor).to_owned(),
            created: ago(report.job.created),
            rows,
            is_own: report.is_own,
        }
    }

    fn has_more(&self) -> bool {
        self.rows.len() < self.counts.lines
    }
}

/// The addresses of a job's report, as a page and as a file.
fn report_urls(job: &JobRecord) -> (String, String) {
    match job.kind {
        JobKind::OffBoard => (paths::offboarding_report(job.id), paths::offboarding_csv(job.id)),
        JobKind::RemoveAccount | JobKind::CreateInvites | JobKind::ChangeAccounts => {
            (paths::job_report(job.id), paths::job_report_csv(job.id))
        }
    }
}

pub async fn show(
    app: AppState,
    CurrentUser(actor): CurrentUser,
    Path(job): Path<JobId>,
) -> Result<Response, AppError> {
    let report = lines::report(&app, &actor, job).await?;
    let part = JobPart::of(&app, &actor, &report).render()?;
    let title = title(&report);
    let (report, csv) = report_urls(&report.job);
    html(&JobPage { layout: Layout::of(&app, &actor), job, title, report, csv, part })
}

/// What is live on it, for a reader who may see it.
pub(super) async fn rendered(app: &State, reader: &Principal, job: JobId) -> Result<String, AppError> {
    let report = lines::report(app, reader, job).await?;
    Ok(JobPart::of(app, reader, &report).render()?)
}

pub async fn retry(
    app: AppState,
    request_type: RequestType,
    CurrentUser(actor): CurrentUser,
    Path(job): Path<JobId>,
) -> Result<Response, AppError> {
    lines::retry(&app, &actor, job).await?;
    Ok(request_type.done(words::RETRIED, &paths::job(job)))
}

pub async fn stop(
    app: AppState,
    request_type: RequestType,
    CurrentUser(actor): CurrentUser,
    Path(job): Path<JobId>,
) -> Result<Response, AppError> {
    lines::stop(&app, &actor, job).await?;
    Ok(request_type.done(words::STOPPED, &paths::job(job)))
}
