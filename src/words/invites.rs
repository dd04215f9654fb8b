//! What the holder of an invite link is told, without what they must not learn.

use super::utc;
use crate::domain::Millis;
use crate::domain::error::EmailFault;
use crate::domain::invite::InviteDenied;

pub const NUMBER_TAKEN: &str = "This number can't be used here. Check it for mistakes. If it is correct, ask for help; the page says whom to ask.";
pub const TOO_MANY_TAKEN: &str =
    "You have entered several numbers that can't be added. Try again in an hour, or ask an administrator.";
pub const CONSENT_MISSING: &str = "Confirm that you agree before you continue.";
pub const CLOSED: &str = "You can't add your own account here. Ask an administrator for an invite link.";

pub const OVER: &str = "This invite has ended. Create a new one.";
pub const LINK_UNREADABLE: &str =
    "This link was made with a former encryption key and can't be shown. Create a new link.";

pub fn email_fault(fault: EmailFault) -> String {
    match fault {
        EmailFault::NotConfigured => {
            "This server sends no e-mails. Copy the link instead, or ask an administrator to set SMTP_URL."
                .into()
        }
        EmailFault::TooMany { limit } => {
            format!(
                "The link was sent {limit} times within an hour. Try again later, or copy the link instead."
            )
        }
        EmailFault::Refused => {
            "The mail server refused the e-mail. Check the address, or copy the link instead. The server's \
                                log has its answer."
                .into()
        }
        EmailFault::Unavailable => {
            "The e-mail was not sent: the mail server can't be reached or refuses the connection. Try \
                                    again later, or copy the link instead. The server's log has the details."
                .into()
        }
        EmailFault::Unknown => {
            "The mail server did not answer in time, so the e-mail may or may not arrive. Ask the person \
                                before you send it again."
                .into()
        }
    }
}

/// The e-mail with an invite link.
#[derive(Debug)]
pub struct InviteEmail<'a> {
    pub organisation: &'a str,
    /// Who sends the invite.
    pub creator: &'a str,
    pub link: &'a str,
    pub expires: Millis,
    /// Whom to ask besides the creator.
    pub contact: Option<&'a str>,
}

impl InviteEmail<'_> {
    pub fn subject(&self) -> String {
        format!("Add your Telegram account for {}", self.organisation)
    }

    pub fn text(&self) -> String {
        let Self { organisation, creator, link, expires, contact } = self;
        let others = contact.map(|contact| format!(" or {contact}")).unwrap_or_default();
        format!(
            "Hello,\n\n\
             {creator} invites you to add your Telegram account to Telescope, where {organisation} manages its Telegram \
             accounts.\n\n\
             Open this link to read what that means and to log in. It takes about two minutes:\n\n\
             {link}\n\n\
             The link works once, in the browser that uses it first, until {}. It is for you only; don't forward it.\n\n\
             If you have questions or did not expect this e-mail, ask {creator}{others}.\n",
            utc(*expires)
        )
    }
}

pub const fn denied(why: InviteDenied) -> &'static str {
    match why {
        InviteDenied::Unknown => {
            "This link doesn't work. Open the complete link from the latest message that you received."
        }
        InviteDenied::OtherBrowser => {
            "You or someone else has already started with this link in another browser or app, and it works only there. \
             Continue there, or ask for a new link."
        }
        InviteDenied::Used => "This link has already been used. It works only once.",
        InviteDenied::Expired => "This link has expired. Ask for a new one.",
        InviteDenied::Revoked => "This link was revoked. Ask for a new one if you still need it.",
        InviteDenied::CreatorLostAccess => "This link no longer works. Ask for a new one.",
    }
}

pub fn too_many(limit: i64) -> String {
    format!(
        "You've reached the limit of one person for invites ({limit} in 24 hours). Try again tomorrow, or ask a colleague."
    )
}

pub fn too_many_own(limit: i64) -> String {
    format!("You can begin to add an account of your own {limit} times in 24 hours. Try again tomorrow.")
}
