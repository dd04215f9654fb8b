//! What the holder of an invite link is told, without what they must not learn.

use crate::domain::invite::InviteDenied;

pub const NUMBER_TAKEN: &str =
    "This number can't be used here. Check it. If it is right, ask the person who invited you.";
pub const CONSENT_MISSING: &str = "Confirm that you agree before you continue.";
pub const CLOSED: &str = "People can't bring in their own accounts here. Ask for an invite.";

pub const fn denied(why: InviteDenied) -> &'static str {
    match why {
        InviteDenied::Unknown => {
            "This link doesn't work. It may be incomplete, or there is a newer one: look for a later message."
        }
        InviteDenied::OtherBrowser => {
            "This link was opened in another browser, and works only there. Continue there, or ask for a new link."
        }
        InviteDenied::Used => "This link was used. It works only once.",
        InviteDenied::Expired => "This link has expired. Ask for a new one.",
        InviteDenied::Revoked => "This link was taken back. Ask for a new one if you still need it.",
        InviteDenied::CreatorLostAccess => "This link no longer works. Ask for a new one.",
    }
}

pub fn too_many(limit: i64) -> String {
    format!(
        "You've reached the limit of one person for invites ({limit} in 24 hours). Try again tomorrow, or ask a colleague."
    )
}
