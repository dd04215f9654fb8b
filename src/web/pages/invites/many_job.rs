//! `/invites/list/{job}`: how far the invites of a list are, for the person who started it.

use askama::Template;
use axum::response::Response;

use crate::domain::JobId;
use crate::domain::access::Principal;
use crate::domain::job::{JobKind, JobRecord, JobState, Progress};
use crate::domain::privilege::can;
use crate::domain::stage::Severity;
use crate::ops::invites::list;
use crate::store;
use crate::web::error::AppError;
use crate::web::extract::{May, Path};
use crate::web::form::RequestType;
use crate::web::layout::{Layout, html};
use crate::web::pages::jobs::list::severity;
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::words::jobs as words;
use crate::web::words::moments::{Moment, ago};

#[derive(Template)]
#[template(path = "pages/invites/many_job.html")]
struct JobPage {
    layout: Layout,
    job: JobId,
    progress: String,
}

/// What is live on it.
#[derive(Template)]
#[template(path = "parts/invite_list.html")]
struct ProgressPart {
    job: JobId,
    progress: Progress,
    severity: Severity,
    label: &'static str,
    error: Option<String>,
    created: Moment,
    is_done: bool,
    can_retry: bool,
}

impl ProgressPart {
    /// Whether the lines were deleted.
    fn is_gone(&self) -> bool {
        self.progress.lines == 0
    }

    fn created_invites(&self) -> u64 {
        self.progress.done.saturating_sub(self.progress.failed)
    }

    fn sent_emails(&self) -> u64 {
        self.progress.emailed.saturating_sub(self.progress.emails_failed)
    }
}

pub async fn show(
    app: AppState,
    may: May<can::AddAccount>,
    Path(job): Path<JobId>,
) -> Result<Response, AppError> {
    let progress = rendered(&app, &may.actor, job).await?;
    html(&JobPage { layout: Layout::of(&app, &may.actor), job, progress })
}

/// Lets a job go on that has stopped.
pub async fn retry(
    app: AppState,
    request_type: RequestType,
    may: May<can::AddAccount>,
    Path(job): Path<JobId>,
) -> Result<Response, AppError> {
    list::retry(&app, &may.actor, job).await?;
    Ok(request_type.done(words::RETRIED, &paths::invites_list_job(job)))
}

/// Gives up what is not done.
pub async fn stop(
    app: AppState,
    request_type: RequestType,
    may: May<can::AddAccount>,
    Path(job): Path<JobId>,
) -> Result<Response, AppError> {
    list::stop(&app, &may.actor, job).await?;
    Ok(request_type.done(words::STOPPED, &paths::invites_list_job(job)))
}

/// The progress, for the person who started the job.
pub(super) async fn rendered(app: &State, reader: &Principal, job: JobId) -> Result<String, AppError> {
    let conn = &mut app.db.read().await?;
    let is_own = |row: &JobRecord| row.kind == JobKind::CreateInvites && row.is_started_by(reader);
    let row = store::jobs::get(conn, job).await?.filter(is_own);
    let row = row.ok_or(AppError::NotFound)?;
    let progress = store::invite_lines::progress_of(conn, job).await?;
    Ok(part(&row, progress).render()?)
}

fn part(row: &JobRecord, progress: Progress) -> ProgressPart {
    let is_open = row.state != JobState::Done;
    let (label, severity) = if !is_open && progress.failed + progress.emails_failed > 0 {
        (words::INCOMPLETE, Severity::Bad)
    } else {
        (words::state(row.state, row.error.is_some()), severity(row))
    };
    ProgressPart {
        job: row.id,
        progress,
        severity,
        label,
        error: row.error.clone(),
        created: ago(row.created),
        is_done: !is_open,
        can_retry: is_open && row.error.is_some(),
    }
}
