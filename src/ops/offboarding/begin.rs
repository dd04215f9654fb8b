//! Beginning an off-boarding, as a job with a line for each step.

use super::plan::{Plan, plan};
use super::review::review;
use crate::domain::access::SystemGrant;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::job::JobKind;
use crate::domain::job_line::{ActionKind, LineFault, PlannedLine};
use crate::domain::offboarding::{Choices, Phase};
use crate::domain::privilege::can;
use crate::domain::{Email, JobId};
use crate::ops::approvals::authorize::person;
use crate::ops::lines::{self, Checked};
use crate::ops::{App, OpError};
use crate::store::{self, Written};

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    pub person: &'a Email,
    pub choices: &'a Choices,
    /// The digest of the plan that was shown.
    pub digest: &'a str,
    /// From the page that showed the plan: sent twice, it is begun once.
    pub job: JobId,
}

/// Begins. Steps that the actor may not do are lines, too: they fail and say so, and can be retried.
pub async fn begin(
    app: &App,
    grant: SystemGrant<'_, can::ManageAccess>,
    request: Request<'_>,
) -> Result<(), OpError> {
    let initiator = person(grant.actor())?.clone();
    let (job, now) = (request.job, app.clock.now());
    let row = lines::row((job, JobKind::OffBoard), initiator.id.to_string(), grant.actor(), now);
    // What it has done changes the plan, so that is not compared again.
    if lines::is_begun(&mut app.db.read().await?, &row).await? {
        return Ok(());
    }
    let Plan { steps, .. } = confirmed(app, &grant, request).await?;
    let planned = |Checked { line, name, .. }: Checked| {
        let part = Phase::of(&line.action);
        let name = name.filter(|_| part != Phase::Access).unwrap_or_else(|| request.person.to_string());
        let planned = PlannedLine {
            initiator: initiator.id,
            is_verified: initiator.verified,
            started: now,
            subject: line.subject,
            name,
            action: line.action,
            about: Some(request.person.clone()),
        };
        (part, planned)
    };
    let planned: Vec<(Phase, PlannedLine)> = steps.into_iter().map(planned).collect();
    let begun = app
        .write_with(async |tx| -> Result<Written<u64>, OpError> {
            if lines::is_begun(tx, &row).await? {
                return Ok(Written::unchanged(0));
            }
            store::jobs::insert(tx, &row).await?;
            let mut number = 0;
            for (part, planned) in &planned {
                number = part.first_line().max(number + 1);
                store::job_lines::insert(tx, &app.keys, (job, number), planned).await?;
            }
            let lines = u64::try_from(planned.len()).unwrap_or_default();
            let (action, about) = (ActionKind::Person.name().to_owned(), Some(request.person.clone()));
            let event = AuditEvent::JobStarted { job: JobKind::OffBoard, action, lines, about };
            Ok(tx.record(&AuditEntry::done(now, grant.actor(), event)).await?.with(lines))
        })
        .await?;
    if begun > 0 {
        tracing::info!(%job, person = %request.person, steps = begun, actor = %grant.actor(), "an off-boarding was started");
    }
    app.live.jobs.wake();
    Ok(())
}

/// The plan, if it is the one that was shown and can be begun.
async fn confirmed(
    app: &App,
    grant: &SystemGrant<'_, can::ManageAccess>,
    request: Request<'_>,
) -> Result<Plan, OpError> {
    let review = review(app, grant, request.person).await?;
    let review = review.ok_or_else(|| OpError::Refused(LineFault::UnknownPerson.into()))?;
    let plan = plan(app, grant, &review, request.choices).await?;
    if let Some(why) = plan.refused {
        return Err(OpError::Refused(why));
    }
    if request.digest != plan.digest {
        return Err(OpError::Refused(LineFault::StepsChanged.into()));
    }
    if plan.possible() == 0 {
        return Err(OpError::Refused(LineFault::NothingToDo.into()));
    }
    Ok(plan)
}
