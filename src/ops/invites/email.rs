//! Sending the link of an invite by e-mail.

use super::link::{Link, open_link};
use super::list;
use crate::domain::access::Principal;
use crate::domain::audit::{AuditEntry, AuditEvent, Outcome};
use crate::domain::error::{EmailFault, ErrorCode};
use crate::domain::invite::Invite;
use crate::domain::{InviteId, JobId, Secret};
use crate::live::events::Change;
use crate::mail::{Mail, MailError};
use crate::ops::audit::queue::Intent;
use crate::ops::{App, OpError};
use crate::store::{self, StoreError, Tx, Written};
use crate::words::invites::InviteEmail;

/// How often the link of one invite is sent within an hour.
const MAX_EMAILS: usize = 3;

/// Sends the link of an invite to the person whom it is for. Returns once the mail server has taken the e-mail.
pub async fn send_link(app: &App, actor: &Principal, id: InviteId) -> Result<Invite, OpError> {
    let now = app.clock.now();
    let email = app
        .write_with(async |tx| {
            let opened = open_link(app, tx, actor, id).await?;
            if !app.guards.invite_emails.admit(MAX_EMAILS, &id.to_string(), now) {
                return Err(OpError::TooOften(ErrorCode::InviteEmail {
                    fault: EmailFault::TooMany { limit: MAX_EMAILS },
                }));
            }
            PreparedEmail::prepare(app, tx, actor, opened).await
        })
        .await?;
    let sent = email.send(app).await;
    email.record(app, &sent, None).await;
    app.live.events.publish(Change::Invites);
    match sent {
        Ok(()) => Ok(email.invite),
        Err(error) => Err(refused(fault(&error))),
    }
}

const fn fault(error: &MailError) -> EmailFault {
    match error {
        MailError::Refused(_) => EmailFault::Refused,
        MailError::Unavailable(_) => EmailFault::Unavailable,
        MailError::Timeout => EmailFault::Unknown,
    }
}

/// An e-mail with a link whose intent is recorded.
pub(super) struct PreparedEmail {
    invite: Invite,
    link: Link,
    intent: Intent,
}

impl PreparedEmail {
    /// Records that it is going to be sent.
    pub(super) async fn prepare(
        app: &App,
        tx: &mut Tx<'_>,
        actor: &Principal,
        (invite, link): (Invite, Link),
    ) -> Result<Written<Self>, OpError> {
        if app.mailer.is_none() {
            return Err(refused(EmailFault::NotConfigured));
        }
        let event = AuditEvent::InviteEmailed { person: invite.person.clone() };
        let attempt = AuditEntry::intent(app.clock.now(), actor, event);
        let recorded = tx.record(&attempt).await?;
        let intent = Intent::of(&recorded, attempt);
        Ok(recorded.with(Self { invite, link, intent }))
    }

    /// Sends it; returns once the mail server has taken it.
    pub(super) async fn send(&self, app: &App) -> Result<(), MailError> {
        let mailer = app.mailer.as_ref().ok_or(MailError::Unavailable(anyhow::anyhow!("not configured")))?;
        let sent = mailer.send(&mail(app, &self.invite, &self.link)).await;
        if let Err(error) = &sent {
            tracing::warn!(invite = %self.invite.id, %error, "an invite link was not sent by e-mail");
        }
        sent
    }

    /// Records how it ended, even if the database is unavailable for a while. It is noted in the line of a list that it was
    /// sent for.
    pub(super) async fn record(&self, app: &App, sent: &Result<(), MailError>, line: Option<(JobId, i64)>) {
        let outcome = match sent {
            Ok(()) => Outcome::Done,
            Err(MailError::Refused(_) | MailError::Unavailable(_)) => Outcome::Failed,
            Err(MailError::Timeout) => Outcome::Unknown,
        };
        let (now, invite) = (app.clock.now(), &self.invite);
        let entry = self.intent.ended(now, outcome);
        let recorded = app
            .write(&entry, async |tx| -> Result<(), StoreError> {
                match outcome {
                    Outcome::Done => store::invites::set_emailed(tx, invite.id, invite.turn, now).await?,
                    Outcome::Intent | Outcome::Failed | Outcome::NotSent | Outcome::Unknown => {}
                }
                match line {
                    Some((job, number)) => list::note(tx, job, number, sent).await,
                    None => Ok(()),
                }
            })
            .await;
        if let Err(error) = recorded {
            tracing::warn!(%error, "an outcome is recorded later");
            app.audit_queue.put(entry);
        }
    }
}

fn refused(fault: EmailFault) -> OpError {
    OpError::Refused(ErrorCode::InviteEmail { fault })
}

fn mail(app: &App, invite: &Invite, link: &Link) -> Mail {
    let settings = &app.config.onboarding;
    let email = InviteEmail {
        organisation: settings.organisation.as_deref().unwrap_or("your organisation"),
        creator: invite.created_by.as_str(),
        link: link.expose(),
        expires: invite.expires,
        contact: settings.contact.as_deref(),
    };
    Mail { to: invite.person.clone(), subject: email.subject(), text: Secret::new(email.text()) }
}
