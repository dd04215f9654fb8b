//! The result of a list: the links, for the person who started it, until the lines are deleted.

use super::KEPT;
use crate::crypto;
use crate::domain::access::{Principal, decide_system};
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::invite::InviteState;
use crate::domain::invite_list::ListFault;
use crate::domain::job::JobState;
use crate::domain::privilege::can;
use crate::domain::{Email, JobId, Millis, Phone, Secret, UserId};
use crate::live::events::Change;
use crate::ops::approvals::authorize::person;
use crate::ops::invites::link::{Link, internal};
use crate::ops::{App, OpError, current};
use crate::store::invite_lines::Line;
use crate::store::{self, Conn, StoreError};

/// What became of a line.
#[derive(Debug)]
pub struct ResultLine {
    pub owner: Email,
    pub phone: Option<Phone>,
    /// The link, while it can be used.
    pub link: Option<Link>,
    pub expires: Option<Millis>,
    pub state: LineState,
    /// What became of the e-mail with the link, if one is to be sent.
    pub email: Option<EmailState>,
}

#[derive(Debug)]
pub enum EmailState {
    Waiting,
    Sent,
    /// Why it is not known to have been sent.
    Failed(String),
}

#[derive(Debug)]
pub enum LineState {
    /// It was not its turn yet.
    Waiting,
    Failed(String),
    /// The invite, at this moment; none if it was deleted.
    Invite(Option<InviteState>),
}

/// The lines of a list that this person started.
pub(super) async fn own_lines(
    app: &App,
    conn: &mut Conn<'_>,
    actor: &Principal,
    job: JobId,
) -> Result<(UserId, Vec<Line>), OpError> {
    let actor = current::principal(conn, actor).await?;
    decide_system::<can::AddAccount>(&app.policy(conn).await?, &actor)?;
    let own = person(&actor)?.id;
    let lines = store::invite_lines::all(conn, &app.keys, job).await.map_err(|error| match error {
        StoreError::Corrupt(_) => OpError::Refused(ListFault::Unreadable.into()),
        error => error.into(),
    })?;
    let is_own = !lines.is_empty() && lines.iter().all(|line| line.planned.creator == own);
    if is_own { Ok((own, lines)) } else { Err(OpError::NotFound) }
}

/// What became of each line, with the links. It is recorded before.
pub async fn result(app: &App, actor: &Principal, job: JobId) -> Result<Vec<ResultLine>, OpError> {
    let now = app.clock.now();
    app.write_with(async |tx| {
        let (own, lines) = own_lines(app, tx, actor, job).await?;
        let mut results = Vec::new();
        for line in lines {
            results.push(one(app, tx, line, own).await?);
        }
        let links = results.iter().filter(|line| line.link.is_some()).count();
        let links = u64::try_from(links).unwrap_or(u64::MAX);
        let event = AuditEvent::InviteListDownloaded { links };
        Ok(tx.record(&AuditEntry::done(now, actor, event)).await?.with(results))
    })
    .await
}

async fn one(app: &App, conn: &mut Conn<'_>, line: Line, own: UserId) -> Result<ResultLine, OpError> {
    let Line { planned, outcome, email, emailed, .. } = line;
    let mut result = ResultLine {
        owner: planned.person,
        phone: planned.phone,
        link: None,
        expires: None,
        state: LineState::Waiting,
        email: email.then_some(match emailed {
            None => EmailState::Waiting,
            Some(why) if why.is_empty() => EmailState::Sent,
            Some(why) => EmailState::Failed(why),
        }),
    };
    match outcome {
        None => return Ok(result),
        Some(why) if !why.is_empty() => {
            return Ok(ResultLine { state: LineState::Failed(why), email: None, ..result });
        }
        Some(_) => {}
    }
    let invite = store::invites::get(conn, planned.id).await?.filter(|invite| invite.creator == own);
    let state = invite.as_ref().map(|invite| invite.state_at(app.clock.now()));
    result.state = LineState::Invite(state);
    if let Some(invite) = invite.filter(|_| state.is_some_and(InviteState::is_open)) {
        let tokens = app.keys.invite_tokens(&invite.id.to_string(), invite.turn).map_err(internal)?;
        let is_it = |token: &Secret| crypto::fingerprint(token.expose()) == invite.token_hash;
        result.link = tokens.into_iter().find(is_it).map(|token| Link::of(app, &token));
        result.expires = Some(invite.expires);
    }
    Ok(result)
}

/// Lets a job go on that has stopped.
pub async fn retry(app: &App, actor: &Principal, job: JobId) -> Result<(), OpError> {
    let now = app.clock.now();
    app.write_with(async |tx| {
        own_lines(app, tx, actor, job).await?;
        let row = store::jobs::get(tx, job).await?.ok_or(OpError::NotFound)?;
        if row.state == JobState::Done {
            return Err(OpError::Refused(ListFault::Done.into()));
        }
        store::jobs::retry(tx, job, now).await?;
        Ok(tx.record(&AuditEntry::done(now, actor, AuditEvent::InviteListRetried)).await?.with(()))
    })
    .await?;
    app.live.jobs.wake();
    Ok(())
}

/// Deletes the lines of old lists.
pub async fn forget_old(app: &App) -> Result<(), StoreError> {
    let old = app.clock.now().plus_seconds(-KEPT);
    if !store::invite_lines::any_before(&mut app.db.read().await?, old).await? {
        return Ok(());
    }
    let deleted = app.db.maintain(async |conn| store::invite_lines::forget_before(conn, old).await).await?;
    tracing::info!(deleted, "lines of old lists of invites deleted");
    app.live.jobs.wake();
    app.live.events.publish(Change::Jobs);
    Ok(())
}
