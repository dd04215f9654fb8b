//! Sending the link of the next line by e-mail. Until its outcome is known, the line says that it is unknown, so that after a
//! crash no e-mail is sent twice.

use super::make::initiator;
use crate::domain::JobId;
use crate::domain::access::Principal;
use crate::domain::audit::{AuditEntry, AuditEvent, Outcome};
use crate::domain::job::{InvitesStep, JobRecord, StepOutcome};
use crate::live::events::Change;
use crate::mail::MailError;
use crate::ops::invites::authority::authorize;
use crate::ops::invites::email::PreparedEmail;
use crate::ops::invites::link::open_link;
use crate::ops::{App, OpError};
use crate::store::invite_lines::Line;
use crate::store::{self, Conn, StoreError, Tx, Written};
use crate::words::{self, invite_list};

/// What became of the next line.
enum Next {
    /// There is no line left.
    Nothing,
    /// The e-mail of the line with this number can be sent.
    Ready(i64, Box<PreparedEmail>),
    /// The line is done, or a person stopped the job.
    Over,
    Stopped(&'static str),
}

/// Sends the link of the next line of this job.
pub async fn send_next(app: &App, job: &JobRecord) -> Result<StepOutcome, StoreError> {
    let next = app
        .write_with(async |tx| -> Result<Written<Next>, OpError> {
            if !store::jobs::is_waiting(tx, job.id).await? {
                return Ok(Written::unchanged(Next::Over));
            }
            match store::invite_lines::next_to_send(tx, &app.keys, job.id).await {
                Ok(Some(line)) => prepare(app, tx, job, line).await,
                Ok(None) => Ok(Written::unchanged(Next::Nothing)),
                Err(StoreError::Corrupt(_)) => Ok(Written::unchanged(Next::Stopped(invite_list::UNREADABLE))),
                Err(error) => Err(error.into()),
            }
        })
        .await;
    match next {
        Ok(Next::Nothing) => Ok(StepOutcome::Done),
        Ok(Next::Ready(number, email)) => Ok(send(app, job, number, &email).await),
        Ok(Next::Over) => Ok(StepOutcome::Committed),
        Ok(Next::Stopped(why)) => Ok(StepOutcome::Stuck(why.into())),
        Err(OpError::Internal(error)) => {
            tracing::error!(job = %job.id, error = format!("{error:#}"), "a link could not be prepared for sending");
            Ok(StepOutcome::Later(invite_list::NOT_PREPARED.into()))
        }
        Err(error) => Ok(StepOutcome::Later(words::sentence(&error.code()))),
    }
}

async fn prepare(app: &App, tx: &mut Tx<'_>, job: &JobRecord, line: Line) -> Result<Written<Next>, OpError> {
    let Some(person) = initiator(tx, line.planned.creator).await? else {
        return Ok(Written::unchanged(Next::Stopped(invite_list::STOPPED)));
    };
    let actor = Principal::User(person);
    if authorize(&app.policy(tx).await?, &actor, &[]).is_err() {
        return Ok(Written::unchanged(Next::Stopped(invite_list::STOPPED)));
    }
    match open_link(app, tx, &actor, line.planned.id).await {
        Ok(opened) => {
            let unknown = invite_list::EMAIL_UNKNOWN;
            store::invite_lines::set_emailed(tx, job.id, line.number, Some(unknown)).await?;
            let email = PreparedEmail::prepare(app, tx, &actor, opened).await?;
            Ok(email.map(|email| Next::Ready(line.number, Box::new(email))))
        }
        // The invite was revoked, used or deleted meanwhile.
        Err(error @ (OpError::Refused(_) | OpError::NotFound)) => {
            let why = words::sentence(&error.code());
            store::invite_lines::set_emailed(tx, job.id, line.number, Some(&why)).await?;
            let event = AuditEvent::InviteEmailed { person: line.planned.person };
            let entry = AuditEntry::done(app.clock.now(), &actor, event).because(why);
            let entry = AuditEntry { outcome: Outcome::NotSent, ..entry };
            Ok(tx.record(&entry).await?.with(Next::Over))
        }
        Err(error) => Err(error),
    }
}

async fn send(app: &App, job: &JobRecord, number: i64, email: &PreparedEmail) -> StepOutcome {
    let sent = email.send(app).await;
    email.record(app, &sent, Some((job.id, number))).await;
    app.live.events.publish(Change::Invites);
    match &sent {
        Err(MailError::Unavailable(_)) => StepOutcome::Later(invite_list::SERVER_UNAVAILABLE.into()),
        Ok(()) | Err(MailError::Timeout | MailError::Refused(_)) => StepOutcome::Committed,
    }
}

/// Notes in a line what became of its e-mail. If the mail server can't be used, the next e-mails would not be sent either: it
/// is sent later, unless a person stopped the job.
pub(in crate::ops::invites) async fn note(
    conn: &mut Conn<'_>,
    job: JobId,
    number: i64,
    sent: &Result<(), MailError>,
) -> Result<(), StoreError> {
    let is_waiting = store::jobs::is_waiting(conn, job).await?;
    let outcome = match sent {
        Ok(()) => Some(""),
        Err(MailError::Timeout) => Some(invite_list::EMAIL_UNKNOWN),
        Err(MailError::Refused(_)) => Some(invite_list::EMAIL_REFUSED),
        Err(MailError::Unavailable(_)) if is_waiting => None,
        Err(MailError::Unavailable(_)) => Some(invite_list::STOPPED_BY_PERSON),
    };
    store::invite_lines::set_emailed(conn, job, number, outcome).await?;
    if is_waiting && outcome.is_some() {
        store::jobs::advance(conn, job, Some(InvitesStep::Send.name())).await?;
    }
    Ok(())
}
