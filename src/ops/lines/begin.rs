//! Beginning a job with lines: what is asked for is checked before, line by line.

use super::precheck::{self, Precheck};
use crate::domain::access::{Policy, Principal, decide};
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::error::ErrorCode;
use crate::domain::job::{JobKind, JobRecord, JobState, LinesStep};
use crate::domain::job_line::{Action, LineFault, LineSubject, MAX_LINES, PlannedLine};
use crate::domain::privilege::can;
use crate::domain::{JobId, Millis};
use crate::ops::approvals::authorize::person;
use crate::ops::{App, OpError, current};
use crate::store::{self, Conn, Written};

/// A line that a person asks for.
#[derive(Clone, Debug)]
pub struct NewLine {
    pub subject: LineSubject,
    pub action: Action,
}

/// A line with its precheck.
#[derive(Clone, Debug)]
pub struct Checked {
    pub line: NewLine,
    /// What the subject is called. None if the person can't see it.
    pub name: Option<String>,
    pub precheck: Precheck,
}

/// Checks the lines that a person asks for, of which there may be `max`.
pub async fn check(
    app: &App,
    conn: &mut Conn<'_>,
    actor: &Principal,
    lines: Vec<NewLine>,
    max: usize,
) -> Result<Vec<Checked>, OpError> {
    if lines.is_empty() {
        return Err(OpError::Refused(LineFault::NothingSelected.into()));
    }
    if lines.len() > max {
        return Err(OpError::Refused(LineFault::TooMany { max }.into()));
    }
    let actor = current::principal(conn, actor).await?;
    let rules = app.policy(conn).await?;
    let mut checked = Vec::with_capacity(lines.len());
    for line in lines {
        checked.push(check_one(app, conn, (&rules, &actor), line).await?);
    }
    Ok(checked)
}

async fn check_one(
    app: &App,
    conn: &mut Conn<'_>,
    (rules, actor): (&Policy, &Principal),
    line: NewLine,
) -> Result<Checked, OpError> {
    let account = match line.subject {
        LineSubject::Account(id) => store::accounts::get(conn, id).await?,
        LineSubject::Person(id) => {
            let user = store::users::by_id(conn, id).await?;
            let precheck =
                precheck::of_person(app, conn, (rules, actor), user.as_ref(), &line.action).await?;
            return Ok(Checked { line, name: user.map(|user| user.email.to_string()), precheck });
        }
    };
    let Some(account) = account else {
        let precheck = Precheck::Refused(LineFault::SubjectGone.into());
        return Ok(Checked { line, name: None, precheck });
    };
    let precheck = precheck::of(app, conn, (rules, actor), &account, &line.action).await?;
    let sees = decide::<can::View>(rules, actor, &account).is_ok();
    let name = sees.then(|| account.identifier.to_string());
    Ok(Checked { line, name, precheck })
}

/// Begins. `job` is from the page that showed what was checked: sent twice, it is begun once. `what` names what the job
/// does, for the audit log.
pub async fn begin(
    app: &App,
    actor: &Principal,
    (job, kind): (JobId, JobKind),
    what: &str,
    lines: Vec<NewLine>,
) -> Result<(), OpError> {
    let initiator = person(actor)?;
    let now = app.clock.now();
    // Each line is decided again when it is begun, so this need not hold up other changes.
    let checked = check(app, &mut app.db.read().await?, actor, lines, MAX_LINES).await?;
    let included: Vec<Checked> = checked.into_iter().filter(|line| line.precheck.is_included()).collect();
    let begun = app
        .write_with(async |tx| -> Result<Written<u64>, OpError> {
            let row = row((job, kind), initiator.id.to_string(), actor, now);
            if is_begun(tx, &row).await? {
                return Ok(Written::unchanged(0));
            }
            current::principal(tx, actor).await?;
            store::jobs::insert(tx, &row).await?;
            let mut number: i64 = 0;
            for Checked { line, name, .. } in included {
                number += 1;
                let planned = PlannedLine {
                    initiator: initiator.id,
                    is_verified: initiator.verified,
                    started: now,
                    subject: line.subject,
                    name: name.unwrap_or_default(),
                    about: None,
                    action: line.action,
                };
                store::job_lines::insert(tx, &app.keys, (job, number), &planned).await?;
            }
            if number == 0 {
                return Err(OpError::Refused(LineFault::NothingToDo.into()));
            }
            let lines = u64::try_from(number).unwrap_or_default();
            let event = AuditEvent::JobStarted { job: kind, action: what.to_owned(), lines, about: None };
            Ok(tx.record(&AuditEntry::done(now, actor, event)).await?.with(lines))
        })
        .await?;
    if begun > 0 {
        tracing::info!(%job, %kind, lines = begun, %actor, "a task with many lines was started");
    }
    app.live.jobs.wake();
    Ok(())
}

/// Whether this person has begun it already. The id of another job is of no use to them.
pub(in crate::ops) async fn is_begun(conn: &mut Conn<'_>, new: &JobRecord) -> Result<bool, OpError> {
    // Ids order jobs by time, so one from the future would stay the newest.
    if new.id > JobId::generate() {
        return Err(OpError::Refused(ErrorCode::FormStale));
    }
    match store::jobs::get(conn, new.id).await? {
        None => Ok(false),
        Some(row) if row.kind == new.kind && row.args == new.args => Ok(true),
        Some(_) => Err(OpError::Refused(ErrorCode::FormStale)),
    }
}

pub(in crate::ops) fn row(
    (id, kind): (JobId, JobKind),
    args: String,
    actor: &Principal,
    now: Millis,
) -> JobRecord {
    JobRecord {
        id,
        kind,
        args,
        cursor: Some(LinesStep::Work.name().to_owned()),
        state: JobState::Waiting,
        attempts: 0,
        not_before: now,
        error: None,
        actor: actor.to_string(),
        created: now,
    }
}
