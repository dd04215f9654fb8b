//! What the pages about a person who leaves say.

use crate::domain::access::Source;
use crate::domain::offboarding::{PersonAction, Phase, SecretKind};
use crate::domain::reveal::{RevealKind, RevealRequest};
use crate::words::quoted;

pub const NOTHING_CHOSEN: &str = "Nothing is selected.";
pub const BLOCK_HINT: &str = "They can't sign in any more, and their invites stop working.";
pub const BY_PROVIDER: &str = "Your identity provider gives this role, too.";
pub const HAND_OVER: &str = "Change owner and groups";

pub fn sessions(sessions: i64) -> String {
    match sessions {
        0 => "They have no active sessions.".into(),
        1 => "They have 1 active session.".into(),
        many => format!("They have {many} active sessions."),
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

pub const fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Access => "Access to Telescope",
        Phase::Devices => "Devices",
        Phase::Password => "Two-step passwords",
        Phase::Owner => "Owner",
        Phase::Groups => "Groups to join",
        Phase::LeftGroups => "Groups to leave",
    }
}

/// What is done about the person.
pub fn person(action: &PersonAction) -> String {
    match action {
        PersonAction::Block => "Block".into(),
        PersonAction::SignOut => "Sign out everywhere".into(),
        PersonAction::RevokeAdmin => "Remove admin rights".into(),
        PersonAction::TakeRole { role_name, .. } => format!("Remove role {}", quoted(role_name)),
        PersonAction::RevokeInvite { invited, .. } => format!("Revoke the invite for {invited}"),
    }
}

pub fn can_sign_in(is_blocked: bool, count: i64) -> String {
    let access = if is_blocked { "They are blocked." } else { "They are not blocked: they can sign in." };
    format!("{access} {}", sessions(count))
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
        0 => "They have no open invites.".into(),
        1 => "They have 1 open invite.".into(),
        many => format!("They have {many} open invites."),
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
        0 => "There is no record that they know a current two-step password.".into(),
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
