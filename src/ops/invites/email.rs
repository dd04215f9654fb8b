//! Sending the link of an invite by e-mail.

use super::link::{Link, open_link};
use crate::domain::access::Principal;
use crate::domain::audit::{AuditEntry, AuditEvent, Outcome};
use crate::domain::error::{EmailFault, ErrorCode};
use crate::domain::invite::Invite;
use crate::domain::{InviteId, Secret};
use crate::live::events::Change;
use crate::mail::{Mail, MailError};
use crate::ops::audit::queue::Intent;
use crate::ops::{App, OpError};
use crate::store;
use crate::words::invites::InviteEmail;

/// How often the link of one invite is sent within an hour.
const MAX_EMAILS: usize = 3;

/// Sends the link of an invite to the person whom it is for. Returns once the mail server has taken the e-mail.
pub async fn send_link(app: &App, actor: &Principal, id: InviteId) -> Result<Invite, OpError> {
    let now = app.clock.now();
    let (mailer, invite, link, intent) = app
        .write_with(async |tx| {
            let (invite, link) = open_link(app, tx, actor, id).await?;
            let mailer = app.mailer.as_ref().ok_or(refused(EmailFault::NotConfigured))?;
            if !app.guards.invite_emails.admit(MAX_EMAILS, &id.to_string(), now) {
                return Err(OpError::TooOften(ErrorCode::InviteEmail {
                    fault: EmailFault::TooMany { limit: MAX_EMAILS },
                }));
            }
            let event = AuditEvent::InviteEmailed { person: invite.person.clone() };
            let attempt = AuditEntry::intent(now, actor, event);
            let recorded = tx.record(&attempt).await?;
            let intent = Intent::of(&recorded, attempt);
            Ok(recorded.with((mailer, invite, link, intent)))
        })
        .await?;
    let sent = mailer.send(&mail(app, &invite, &link)).await;
    if let Err(error) = &sent {
        tracing::warn!(invite = %id, %error, "an invite link was not sent by e-mail");
    }
    record_outcome(app, &invite, intent, &sent).await;
    app.live.events.publish(Change::Invites);
    match sent {
        Ok(()) => Ok(invite),
        Err(error) => Err(refused(match error {
            MailError::Refused(_) => EmailFault::Refused,
            MailError::Unavailable(_) => EmailFault::Unavailable,
            MailError::Timeout => EmailFault::Unknown,
        })),
    }
}

fn refused(fault: EmailFault) -> OpError {
    OpError::Refused(ErrorCode::InviteEmail { fault })
}

/// Records how it ended, even if the database is unavailable for a while.
async fn record_outcome(app: &App, invite: &Invite, intent: Intent, sent: &Result<(), MailError>) {
    let outcome = match sent {
        Ok(()) => Outcome::Done,
        Err(MailError::Refused(_) | MailError::Unavailable(_)) => Outcome::Failed,
        Err(MailError::Timeout) => Outcome::Unknown,
    };
    let now = app.clock.now();
    let entry = intent.ended(now, outcome);
    let recorded = app
        .write(&entry, async |tx| match outcome {
            Outcome::Done => store::invites::set_emailed(tx, invite.id, invite.turn, now).await,
            Outcome::Intent | Outcome::Failed | Outcome::NotSent | Outcome::Unknown => Ok(()),
        })
        .await;
    if let Err(error) = recorded {
        tracing::warn!(%error, "an outcome is recorded later");
        app.audit_queue.put(entry);
    }
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
