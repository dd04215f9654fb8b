//! `/users/off-boarding/{job}`: the report to keep: what was done about the person and with each account, what failed, what
//! is still open, and what the person has now.

use askama::Template;
use axum::response::Response;

use super::lines::{LineReport, Parts, Status, all};
use crate::domain::access::Principal;
use crate::domain::job::JobKind;
use crate::domain::job_line::LineState;
use crate::domain::privilege::can;
use crate::domain::{Email, JobId};
use crate::ops::lines::{self, Report};
use crate::ops::offboarding::{self, Review};
use crate::web::csv;
use crate::web::error::AppError;
use crate::web::extract::{May, Path};
use crate::web::layout::{Layout, html};
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::words::audit;
use crate::web::words::moments::{Moment, moment};
use crate::web::words::offboarding as words;

/// The columns of the file, in order. Programs rely on them.
const COLUMNS: [&str; 10] = [
    "person",
    "started by",
    "started",
    "subject",
    "step",
    "state",
    "reason",
    "changed",
    "next attempt",
    "account now",
];

#[derive(Template)]
#[template(path = "pages/offboarding/report.html")]
struct ReportPage {
    layout: Layout,
    job: JobId,
    person: Email,
    actor: String,
    started: Moment,
    done: usize,
    steps: usize,
    is_running: bool,
    parts: Parts,
    open: Vec<LineReport>,
    /// What the person has now, a sentence each; none if nothing is known of the address any more.
    present: Vec<String>,
}

/// The report, and whom it is about.
async fn found(app: &State, reader: &Principal, job: JobId) -> Result<(Report, Email), AppError> {
    let report = lines::report(app, reader, job).await?;
    let planned = report.lines.iter().find_map(|line| line.planned.as_ref());
    let person = planned.and_then(|planned| planned.about.clone());
    match (report.job.kind, person) {
        (JobKind::OffBoard, Some(person)) => Ok((report, person)),
        (
            JobKind::OffBoard | JobKind::RemoveAccount | JobKind::CreateInvites | JobKind::ChangeAccounts,
            _,
        ) => Err(AppError::NotFound),
    }
}

pub async fn page(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(job): Path<JobId>,
) -> Result<Response, AppError> {
    let (report, person) = found(&app, &may.actor, job).await?;
    let review = offboarding::review(&app, &may.grant(), &person).await?;
    let done = report.lines.iter().filter(|line| line.state == LineState::Done).count();
    let open = all(&app, &may.actor, &report).into_iter().filter(|line| line.state != LineState::Done);
    html(&ReportPage {
        layout: Layout::of(&app, &may.actor),
        job,
        actor: audit::actor(&report.job.actor).to_owned(),
        started: moment(report.job.created),
        done,
        steps: report.lines.len(),
        is_running: report.lines.iter().any(|line| line.state.is_open()),
        parts: Parts::of(all(&app, &may.actor, &report)),
        open: open.collect(),
        present: review.as_ref().map(present).unwrap_or_default(),
        person,
    })
}

/// What the person has now.
fn present(review: &Review) -> Vec<String> {
    let owned = review.accounts.iter().filter(|it| it.is_owned).count();
    let known = review.accounts.iter().filter(|it| it.knows_password()).count();
    let mut present = Vec::new();
    if let Some(listed) = &review.leaver.listed {
        present.push(words::can_sign_in(listed.user.disabled, listed.sessions));
        present.push(words::has_roles(review.leaver.roles.len(), listed.user.admin));
        present.push(words::has_invites(review.invites.len()));
    }
    present.push(words::owns(owned, review.owns_hidden));
    present.push(words::knows(known));
    present
}

pub async fn csv(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(job): Path<JobId>,
) -> Result<Response, AppError> {
    let (report, person) = found(&app, &may.actor, job).await?;
    let (actor, started) = (audit::actor(&report.job.actor), report.job.created.rfc3339());
    let record = |line: LineReport| {
        let [changed, next] = line.times();
        let status = line.status.as_ref().map(Status::text).unwrap_or_default();
        let own = [line.name.as_str(), &line.what, line.state.name(), &line.why, &changed, &next, &status];
        csv::record([person.as_str(), actor, &started].into_iter().chain(own))
    };
    let records = all(&app, &may.actor, &report).into_iter().map(record);
    Ok(csv::download(("telescope-off-boarding", app.clock.now()), COLUMNS, records))
}
