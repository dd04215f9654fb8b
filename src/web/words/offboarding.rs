//! What the pages about a person who leaves say.

use crate::domain::access::Source;
use crate::domain::offboarding::{Part, PersonDeed, SecretKind};
use crate::domain::reveal::{RevealKind, RevealRequest};
use crate::words::quoted;

pub const NOTHING_CHOSEN: &str = "Nothing is selected.";
pub const CHANGED: &str =
    "Something changed after you opened the review, so nothing was done. Check the steps again.";

pub const BLOCK_HINT: &str = "They can't sign in any more, and their invites stop working.";
pub const BY_PROVIDER: &str = "Your identity provider gives this role, too.";
pub const HAND_OVER: &str = "Change owner and groups";

pub fn sessions(sessions: i64) -> String {
    match sessions {
        0 => "They are not signed in.".into(),
        1 => "They are signed in with 1 browser.".into(),
        many => format!("They are signed in with {many} browsers."),
    }
}

/// What a request asks for, and how far it is.
pub const fn request(request: &RevealRequest) -> &'static str {
    match (request.kind, request.decided_by.is_some()) {
        (RevealKind::LoginCode, false) => "a login code, not decided yet",
        (RevealKind::LoginCode, true) => "a login code, approved",
        (RevealKind::TwoStepPassword, false) => "the two-step password, not decided yet",
        (RevealKind::TwoStepPassword, true) => "the two-step password, approved",
        (RevealKind::DeviceLogin, false) => "logging a device in, not decided yet",
        (RevealKind::DeviceLogin, true) => "logging a device in, approved",
    }
}

pub const fn part(part: Part) -> &'static str {
    match part {
        Part::Access => "Access to Telescope",
        Part::Devices => "Devices",
        Part::Password => "Two-step passwords",
        Part::Owner => "Owner",
        Part::Groups => "Groups to join",
        Part::LeftGroups => "Groups to leave",
    }
}

/// What is done about the person.
pub fn person(deed: &PersonDeed) -> String {
    match deed {
        PersonDeed::Block => "Block".into(),
        PersonDeed::SignOut => "Sign out everywhere".into(),
        PersonDeed::RevokeAdmin => "Remove admin rights".into(),
        PersonDeed::TakeRole { role_name, .. } => format!("Remove role {}", quoted(role_name)),
        PersonDeed::RevokeInvite { invited, .. } => format!("Revoke the invite for {invited}"),
    }
}

pub fn can_sign_in(is_blocked: bool, sessions: i64) -> String {
    let present = match sessions {
        0 => "is not signed in".to_owned(),
        1 => "is signed in with 1 browser".to_owned(),
        many => format!("is signed in with {many} browsers"),
    };
    match is_blocked {
        true => format!("The person is blocked, and {present}."),
        false => format!("The person is not blocked: they can sign in. The person {present}."),
    }
}

pub fn has_roles(roles: usize, is_admin: bool) -> String {
    let admin = if is_admin { "They are an administrator. " } else { "" };
    match roles {
        0 => format!("{admin}They have no roles."),
        1 => format!("{admin}They have 1 role."),
        many => format!("{admin}They have {many} roles."),
    }
}

pub fn has_invites(invites: usize) -> String {
    match invites {
        0 => "No invite of theirs is open.".into(),
        1 => "1 invite of theirs is open.".into(),
        many => format!("{many} invites of theirs are open."),
    }
}

/// Of accounts that the reader can see.
pub fn owns(accounts: usize, owns_hidden: bool) -> String {
    let hidden = if owns_hidden { " They also own accounts that you can't see." } else { "" };
    match accounts {
        0 => format!("They own no account that you can see.{hidden}"),
        1 => format!("They own 1 account.{hidden}"),
        many => format!("They own {many} accounts.{hidden}"),
    }
}

pub fn knows(accounts: usize) -> String {
    match accounts {
        0 => "They know no current two-step password, as far as it is recorded.".into(),
        1 => "They know the current two-step password of 1 account.".into(),
        many => format!("They know the current two-step passwords of {many} accounts."),
    }
}

/// What a person has seen or entered.
pub const fn secret(kind: SecretKind) -> &'static str {
    match kind {
        SecretKind::LoginCode => "Viewed a login code",
        SecretKind::DeviceLogin => "Logged in a device",
        SecretKind::PasswordViewed => "Viewed the two-step password",
        SecretKind::PasswordEntered => "Entered or changed the two-step password",
        SecretKind::BotToken => "Entered the bot's token",
    }
}

/// Where a permission comes from, with the names of its role and group.
pub fn source(source: &Source, role: &str, group: &str) -> String {
    match source {
        Source::Administrator => "As an administrator".into(),
        Source::Owner => "As the owner".into(),
        Source::Role { .. } => format!("Role {} in group {}", quoted(role), quoted(group)),
        Source::System { .. } => format!("Role {}", quoted(role)),
    }
}
