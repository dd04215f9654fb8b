//! What the pages say to people who bring an account in, and about invites.

use crate::config::OnboardingSettings;
use crate::domain::invite::{Invite, InviteDenied, InviteKind, InviteState};
use crate::domain::stage::Severity;

pub const REVOKED: &str = "Invite revoked.";
/// In the file with the links of a list.
pub const NOT_CREATED_YET: &str = "Not created yet";
pub const NOT_SENT_YET: &str = "Not sent yet";
pub const SENT: &str = "Sent";
pub const INVITE_DELETED: &str = "Deleted";
pub const LINK_UNKNOWN: &str = "The link can't be shown any more; create a new link";

/// What the settings say about the organisation.
#[derive(Clone, Debug)]
pub struct Organisation {
    pub name: String,
    pub contact: Option<String>,
    pub privacy_url: Option<String>,
}

impl Organisation {
    pub fn of(settings: &OnboardingSettings) -> Self {
        Self {
            name: settings.organisation.clone().unwrap_or_else(|| "your organisation".into()),
            contact: settings.contact.clone(),
            privacy_url: settings.privacy_url.clone(),
        }
    }

    /// Whom to ask: the person who sent the invite, and the contact. Of a link that does not exist, only the contact.
    pub fn whom_to_ask(&self, invite: Option<&Invite>) -> String {
        let creator = invite.filter(|invite| invite.kind == InviteKind::Link);
        let creator = creator.map(|invite| invite.created_by.to_string());
        match (creator, &self.contact) {
            (Some(creator), Some(contact)) => format!("{creator} or {contact}"),
            (Some(one), None) => one,
            (None, Some(one)) => one.clone(),
            (None, None) if invite.is_some_and(|invite| invite.kind == InviteKind::Own) => {
                "an administrator".into()
            }
            (None, None) => "the person who sent you the link".into(),
        }
    }
}

pub const fn denied_title(why: InviteDenied) -> &'static str {
    match why {
        InviteDenied::Unknown => "This link doesn't work",
        InviteDenied::OtherBrowser => "Already started in another browser",
        InviteDenied::Used => "Already used",
        InviteDenied::Expired => "This link has expired",
        InviteDenied::Revoked => "This link was revoked",
        InviteDenied::CreatorLostAccess => "This link no longer works",
    }
}

pub const fn label(state: InviteState) -> &'static str {
    match state {
        InviteState::Created => "Not started",
        InviteState::Opened => "Started",
        InviteState::LoggingIn => "Logging in",
        InviteState::Done => "Done",
        InviteState::Expired => "Expired",
        InviteState::Revoked => "Revoked",
    }
}

pub const fn severity(state: InviteState) -> Severity {
    match state {
        InviteState::Created => Severity::Waiting,
        InviteState::Opened | InviteState::LoggingIn => Severity::Moving,
        InviteState::Done => Severity::Good,
        InviteState::Expired | InviteState::Revoked => Severity::Off,
    }
}

pub fn emailed(invite: &Invite) -> String {
    format!("Link sent to {}.", invite.person)
}

/// A lifetime as a choice.
pub fn lifetime(hours: u32) -> String {
    match (hours, hours / 24) {
        (1, _) => "1 hour".into(),
        (hours, 0) => format!("{hours} hours"),
        (_, 1) => "1 day".into(),
        (_, days) => format!("{days} days"),
    }
}

pub fn too_many_links(limit: u32) -> String {
    format!(
        "Too many wrong links from your network address: {limit} a minute are answered. Wait a minute, then try again."
    )
}
