//! The report about a task with many lines: a page to print, and a file.

use askama::Template;
use axum::response::Response;

use crate::domain::access::{Principal, privileges};
use crate::domain::job_line::{LineState, LineSubject};
use crate::domain::privilege::AccountPrivilege;
use crate::domain::stage::Severity;
use crate::domain::{AccountId, JobId, Millis};
use crate::ops::lines::{self, Report};
use crate::store::job_lines::Line;
use crate::web::auth::session::CurrentUser;
use crate::web::csv;
use crate::web::error::AppError;
use crate::web::extract::Path;
use crate::web::layout::{Layout, html};
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::words::audit;
use crate::web::words::jobs as words;
use crate::web::words::moments::{Moment, moment};

/// The columns of the file, in order. Programs rely on them.
const COLUMNS: [&str; 6] = ["account", "action", "state", "reason", "changed", "next attempt"];

/// A line as it is shown.
pub(super) struct LineRow {
    pub number: i64,
    pub name: String,
    /// The account, if the reader can see it now.
    pub account: Option<AccountId>,
    pub action: String,
    pub label: &'static str,
    pub severity: Severity,
    pub why: Option<String>,
    state: LineState,
    changed: Millis,
    next: Option<Millis>,
}

impl LineRow {
    /// Those come first that need attention.
    pub const fn rank(&self) -> u8 {
        match self.state {
            LineState::Failed | LineState::Unknown => 0,
            LineState::Begun | LineState::Waiting if self.why.is_some() => 1,
            LineState::Begun => 2,
            LineState::Waiting => 3,
            LineState::Stopped => 4,
            LineState::Done => 5,
        }
    }

    pub fn changed(&self) -> Moment {
        moment(self.changed)
    }

    pub fn next(&self) -> Option<Moment> {
        self.next.map(moment)
    }
}

pub(super) fn rows(app: &State, reader: &Principal, report: &Report) -> Vec<LineRow> {
    let (policy, accounts) = app.live.policy_and_accounts();
    let sees = |id: &AccountId| {
        let entry = accounts.get(*id);
        entry.is_some_and(|it| privileges(&policy, reader, &it.account).has(AccountPrivilege::View))
    };
    let row = |line: &Line| {
        let subject = line.planned.as_ref().map(|planned| planned.subject);
        let account = match subject {
            Some(LineSubject::Account(id)) => Some(id).filter(sees),
            Some(LineSubject::Person(_)) | None => None,
        };
        let waits = line.state.is_open() && line.outcome.is_some();
        let (label, severity) = words::line(line.state, waits);
        LineRow {
            number: line.number,
            name: line.planned.as_ref().map(|planned| planned.name.clone()).unwrap_or_default(),
            account,
            action: line
                .planned
                .as_ref()
                .map(|planned| words::action_with_details(&planned.action))
                .unwrap_or_default(),
            label,
            severity,
            why: line.outcome.clone(),
            state: line.state,
            changed: line.changed,
            next: waits.then_some(line.not_before),
        }
    };
    report.lines.iter().map(row).collect()
}

/// What the task does, by its first line.
pub(super) fn title(report: &Report) -> String {
    let planned = report.lines.iter().find_map(|line| line.planned.as_ref());
    if let Some(person) = planned.and_then(|planned| planned.about.as_ref()) {
        return words::off_board(person);
    }
    let action =
        report.lines.iter().find_map(|line| line.planned.as_ref()).map(|planned| planned.action.kind());
    action.map_or_else(|| words::kind(report.job.kind).to_owned(), |action| words::action(action).to_owned())
}

#[derive(Template)]
#[template(path = "pages/jobs/report.html")]
struct ReportPage {
    layout: Layout,
    job: JobId,
    title: String,
    actor: String,
    created: Moment,
    rows: Vec<LineRow>,
}

/// The page to print.
pub async fn page(
    app: AppState,
    CurrentUser(actor): CurrentUser,
    Path(job): Path<JobId>,
) -> Result<Response, AppError> {
    let report = lines::report(&app, &actor, job).await?;
    html(&ReportPage {
        layout: Layout::of(&app, &actor),
        job,
        title: title(&report),
        actor: audit::actor(&report.job.actor).to_owned(),
        created: moment(report.job.created),
        rows: rows(&app, &actor, &report),
    })
}

pub async fn csv(
    app: AppState,
    CurrentUser(actor): CurrentUser,
    Path(job): Path<JobId>,
) -> Result<Response, AppError> {
    let report = lines::report(&app, &actor, job).await?;
    let rows = rows(&app, &actor, &report);
    Ok(csv::download(("telescope-task", app.clock.now()), COLUMNS, rows.iter().map(record)))
}

fn record(row: &LineRow) -> String {
    let next = row.next.map(Millis::rfc3339).unwrap_or_default();
    let why = row.why.as_deref().unwrap_or_default();
    csv::record([row.name.as_str(), &row.action, row.state.name(), why, &row.changed.rfc3339(), &next])
}
