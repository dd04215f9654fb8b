//! Beginning to create the invites of a list, as a job.

use super::check::{Checked, check, digest};
use crate::domain::access::{Principal, SystemGrant, decide_system};
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::error::{EmailFault, ErrorCode};
use crate::domain::invite_list::{ListFault, PlannedInvite};
use crate::domain::job::{InvitesStep, JobKind, JobRecord, JobState};
use crate::domain::privilege::can;
use crate::domain::{InviteId, JobId, Millis, UserId};
use crate::ops::accounts::check_comment;
use crate::ops::approvals::authorize::person;
use crate::ops::audit::failed_attempts;
use crate::ops::invites::create::{check_lifetime, left_today};
use crate::ops::{App, OpError, current};
use crate::store::{self, Conn, Written};
use crate::words;

/// What is the same for all invites of a list.
#[derive(Clone, Debug)]
pub struct Common {
    /// How long the links are valid.
    pub hours: u32,
    /// The comment of lines that have none.
    pub comment: String,
    /// Whether the links are sent by e-mail.
    pub email: bool,
}

pub fn check_common(app: &App, common: &Common) -> Result<(), OpError> {
    check_comment(&common.comment)?;
    check_lifetime(app, common.hours)?;
    if common.email && app.mailer.is_none() {
        return Err(OpError::Refused(ErrorCode::InviteEmail { fault: EmailFault::NotConfigured }));
    }
    Ok(())
}

/// What a person sees of a list before they confirm it, and what is checked again when they do.
pub async fn preview(
    app: &App,
    conn: &mut Conn<'_>,
    actor: &Principal,
    list: &str,
    common: &Common,
) -> Result<Checked, OpError> {
    // What is wrong with the comment of all is said once.
    let comment = if check_comment(&common.comment).is_ok() { common.comment.as_str() } else { "" };
    let mut checked = check(app, conn, actor, list, comment).await?;
    let wanted = i64::try_from(checked.lines.len()).unwrap_or(i64::MAX);
    let left = left_today(app, conn, person(actor)?.id, app.clock.now()).await?;
    if checked.fault.is_none() && wanted > left {
        let limit = i64::from(app.config.onboarding.invites_per_person_per_day);
        checked.fault = Some(ListFault::TooManyInvites { wanted, left: left.max(0), limit });
    }
    Ok(checked)
}

/// Begins. `job` is from the page that showed what was checked: sent twice, it is begun once. `seen` is the digest of the
/// list that was shown.
pub async fn begin(
    app: &App,
    grant: SystemGrant<'_, can::AddAccount>,
    (list, seen): (&str, &str),
    common: &Common,
    job: JobId,
) -> Result<JobId, OpError> {
    check_common(app, common)?;
    if digest(list) != seen {
        return Err(OpError::invalid("list", ListFault::Changed));
    }
    let creator = person(grant.actor())?.id;
    // Ids order jobs by time, so one from the future would stay the newest.
    if job > JobId::generate() {
        return Err(OpError::Refused(ErrorCode::FormStale));
    }
    let now = app.clock.now();
    let entry = |invites| {
        AuditEntry::done(now, grant.actor(), AuditEvent::InviteListStarted { invites, hours: common.hours })
    };
    let begun = app
        .write_with(async |tx| -> Result<Written<u64>, OpError> {
            if is_begun(tx, job, creator).await? {
                return Ok(Written::unchanged(0));
            }
            let actor = current::principal(tx, grant.actor()).await?;
            decide_system::<can::AddAccount>(&app.policy(tx).await?, &actor)?;
            let checked = preview(app, tx, &actor, list, common).await?;
            let wanted = checked.wanted().map_err(|fault| OpError::invalid("list", fault))?;
            store::jobs::insert(tx, &row(job, creator, &actor, now)).await?;
            let mut invites = 0;
            for (line, wanted) in wanted {
                let planned = PlannedInvite {
                    id: InviteId::generate(),
                    creator,
                    person: wanted.person,
                    phone: wanted.phone,
                    comment: wanted.comment,
                    groups: wanted.groups,
                    hours: common.hours,
                };
                store::invite_lines::insert(tx, &app.keys, job, (line, &planned, common.email), now).await?;
                invites += 1;
            }
            Ok(tx.record(&entry(invites)).await?.with(invites))
        })
        .await;
    match begun {
        Ok(invites) => {
            tracing::info!(%job, invites, actor = %grant.actor(), "invites are created from a list")
        }
        Err(error) => {
            let attempt = entry(0).because(words::sentence(&error.code()));
            failed_attempts::note(app, &attempt.actor.clone(), attempt);
            return Err(error);
        }
    }
    app.live.jobs.wake();
    Ok(job)
}

/// Whether this person has begun it already. The id of another job is of no use to them.
async fn is_begun(conn: &mut Conn<'_>, job: JobId, creator: UserId) -> Result<bool, OpError> {
    match store::jobs::get(conn, job).await? {
        None => Ok(false),
        Some(row) if row.kind == JobKind::CreateInvites && row.args == creator.to_string() => Ok(true),
        Some(_) => Err(OpError::Refused(ErrorCode::FormStale)),
    }
}

fn row(id: JobId, creator: UserId, actor: &Principal, now: Millis) -> JobRecord {
    JobRecord {
        id,
        kind: JobKind::CreateInvites,
        args: creator.to_string(),
        cursor: Some(InvitesStep::Create.name().to_owned()),
        state: JobState::Waiting,
        attempts: 0,
        not_before: now,
        error: None,
        actor: actor.to_string(),
        created: now,
    }
}
