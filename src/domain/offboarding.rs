//! Taking back what a person has who leaves the organisation: what they have, and what to do about it.
//!
//! The order matters: first what stops the person from acting in Telescope, then the passwords that they know,
//! so that no device whose session is ended next can be logged in again, then whose the accounts are.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::job_line::{Action, LINES_PER_PHASE};
use super::{AccountId, Email, GroupId, InviteId, Millis, RoleId};

/// Something that is done about the person. The names are stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "deed", rename_all = "kebab-case")]
pub enum PersonAction {
    /// Block the person.
    Block,
    /// Sign the person out in every browser.
    SignOut,
    /// Stop the person from being an administrator.
    RevokeAdmin,
    TakeRole {
        role: RoleId,
        /// What the role was called then.
        role_name: String,
    },
    RevokeInvite {
        invite: InviteId,
        /// For whom it is.
        invited: Email,
    },
}

/// The parts of an off-boarding, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    Access,
    Password,
    Devices,
    Owner,
    Groups,
    /// After all accounts have joined their groups.
    LeftGroups,
}

impl Phase {
    pub const fn of(action: &Action) -> Self {
        match action {
            Action::Person(_) => Self::Access,
            Action::Connect | Action::Disconnect | Action::EndOtherDevices => Self::Devices,
            Action::NewTwoStepPassword => Self::Password,
            Action::ChangeOwner { .. } => Self::Owner,
            Action::AddGroup { .. } => Self::Groups,
            Action::RemoveGroup { .. } => Self::LeftGroups,
        }
    }

    /// The number of its first line in a job.
    pub const fn first_line(self) -> i64 {
        LINES_PER_PHASE * self as i64 + 1
    }
}

/// What becomes of the owner of accounts that are handed over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum NewOwner {
    /// The person stays the owner.
    #[default]
    Unchanged,
    /// The accounts have none.
    NoOwner,
    Person(Email),
}

/// What a person chose to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    pub disable: bool,
    pub end_sessions: bool,
    pub revoke_admin: bool,
    pub roles: BTreeSet<RoleId>,
    pub invites: BTreeSet<InviteId>,
    /// The accounts whose other devices are ended.
    pub devices: BTreeSet<AccountId>,
    /// The accounts that get a new two-step password.
    pub passwords: BTreeSet<AccountId>,
    /// The accounts that are handed over.
    pub handed_over: BTreeSet<AccountId>,
    pub owner: NewOwner,
    /// The groups that they leave, if they are in them.
    pub leave: BTreeSet<GroupId>,
    /// The group that they join.
    pub join: Option<GroupId>,
}

/// A kind of secret that a person knows or has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecretKind {
    /// They viewed a login code, with which a device may have been logged in.
    LoginCode,
    /// They logged a device in.
    DeviceLogin,
    /// They viewed the stored two-step password.
    PasswordViewed,
    /// They entered, stored or changed the two-step password.
    PasswordEntered,
    /// They entered the token of a bot.
    BotToken,
}

impl SecretKind {
    pub const fn is_password(self) -> bool {
        match self {
            Self::PasswordViewed | Self::PasswordEntered => true,
            Self::LoginCode | Self::DeviceLogin | Self::BotToken => false,
        }
    }

    /// Whether a device of the person may be logged in because of it.
    pub const fn logs_in(self) -> bool {
        match self {
            Self::LoginCode | Self::DeviceLogin => true,
            Self::PasswordViewed | Self::PasswordEntered | Self::BotToken => false,
        }
    }
}

/// What a person has seen of an account's secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownSecret {
    pub kind: SecretKind,
    pub times: u64,
    /// When last.
    pub at: Millis,
    /// Whether the secret was not changed since.
    pub is_current: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stops_a_person_comes_first_and_the_owner_last() {
        let order = [
            Action::Person(PersonAction::Block),
            Action::NewTwoStepPassword,
            Action::EndOtherDevices,
            Action::ChangeOwner { owner: None },
        ];
        let lines = order.map(|action| Phase::of(&action).first_line());
        assert!(lines.is_sorted() && lines[0] == 1, "{lines:?}");
        assert!(lines.windows(2).all(|pair| pair[0] / LINES_PER_PHASE < pair[1] / LINES_PER_PHASE));
    }

    #[test]
    fn a_stored_deed_keeps_its_form() {
        let (role, role_name) = (RoleId::generate(), String::from("Sales"));
        let action = Action::Person(PersonAction::TakeRole { role, role_name });
        let text = serde_json::to_string(&action).unwrap();
        assert!(text.contains(r#""action":"person","deed":"take-role","role":"#), "{text}");
        assert_eq!(serde_json::from_str::<Action>(&text).unwrap(), action);
    }
}
