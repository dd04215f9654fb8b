//! What the holder of an invite link is told, without what they must not learn.

use crate::domain::invite::InviteDenied;

pub const NUMBER_TAKEN: &str = "This number can't be used here. Check it for mistakes. If it is correct, ask for help; the page says whom to ask.";
pub const CONSENT_MISSING: &str = "Confirm that you agree before you continue.";
pub const CLOSED: &str = "You can't add your own account here. Ask an administrator for an invite link.";

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
