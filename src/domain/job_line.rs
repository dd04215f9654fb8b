//! The lines of jobs that do something with many accounts or people: what each line is to do, and what became of it.

use serde::{Deserialize, Serialize};

use super::error::ErrorCode;
use super::ids::named;
use super::offboarding::PersonAction;
use super::privilege::AccountPrivilege;
use super::{AccountId, Email, GroupId, Millis, UserId};

/// The most lines of a job. The form that starts it has a field for each, and forms can have a thousand.
pub const MAX_LINES: usize = 900;
/// The same for an off-boarding, whose steps have no fields.
pub const MAX_STEPS: usize = 3000;
/// Lines are numbered by stages of so many: those of a stage are begun when all of the stages before were tried.
pub const LINES_PER_PHASE: i64 = 10_000;
/// Seconds after which a line is not begun any more: what was asked for so long ago may not be wanted now.
pub const LINE_LIFETIME: i64 = 7 * 24 * 60 * 60;

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LineSubject {
    Account(AccountId),
    Person(UserId),
}

/// What a line does with its subject. The names are stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case")]
pub enum Action {
    Connect,
    Disconnect,
    /// Gives the account to another owner, or to none.
    ChangeOwner {
        owner: Option<Email>,
    },
    AddGroup {
        group: GroupId,
        /// What the group was called then.
        group_name: String,
    },
    RemoveGroup {
        group: GroupId,
        group_name: String,
    },
    /// Ends the sessions of all devices but Telescope.
    EndOtherDevices,
    /// Changes the two-step password at Telegram to a random one, and stores it.
    NewTwoStepPassword,
    /// Takes something back from a person who leaves.
    Person(PersonAction),
}

named!(
    /// Actions without what they need to know.
    ActionKind {
        Connect = "connect",
        Disconnect = "disconnect",
        ChangeOwner = "change-owner",
        AddGroup = "add-group",
        RemoveGroup = "remove-group",
        EndOtherDevices = "end-other-devices",
        NewTwoStepPassword = "new-two-step-password",
        Person = "off-board",
    }
);

impl ActionKind {
    /// Whether it takes the right to manage access.
    pub const fn manages_access(self) -> bool {
        match self {
            Self::ChangeOwner | Self::AddGroup | Self::RemoveGroup | Self::Person => true,
            Self::Connect | Self::Disconnect | Self::EndOtherDevices | Self::NewTwoStepPassword => false,
        }
    }

    /// The privilege on the account that it takes, beside seeing it.
    pub const fn takes(self) -> AccountPrivilege {
        match self {
            Self::Connect | Self::Disconnect => AccountPrivilege::ManageConnectionState,
            Self::ChangeOwner | Self::AddGroup | Self::RemoveGroup | Self::Person => AccountPrivilege::View,
            Self::EndOtherDevices => AccountPrivilege::ManageSessions,
            Self::NewTwoStepPassword => AccountPrivilege::EditTwoFactorPassword,
        }
    }
}

impl Action {
    pub const fn kind(&self) -> ActionKind {
        match self {
            Self::Connect => ActionKind::Connect,
            Self::Disconnect => ActionKind::Disconnect,
            Self::ChangeOwner { .. } => ActionKind::ChangeOwner,
            Self::AddGroup { .. } => ActionKind::AddGroup,
            Self::RemoveGroup { .. } => ActionKind::RemoveGroup,
            Self::EndOtherDevices => ActionKind::EndOtherDevices,
            Self::NewTwoStepPassword => ActionKind::NewTwoStepPassword,
            Self::Person(_) => ActionKind::Person,
        }
    }
}

/// A line as it is stored, sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedLine {
    /// The person who started the job, or its last retry: it is done in their name.
    #[serde(rename = "starter")]
    pub initiator: UserId,
    /// Whether their address was verified in the web session that started it.
    pub is_verified: bool,
    pub started: Millis,
    pub subject: LineSubject,
    /// What the subject was called then: a number, or an address.
    pub name: String,
    /// The person who leaves, if the job is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<Email>,
    #[serde(flatten)]
    pub action: Action,
}

named!(
    LineState {
        /// To be done, now or at `not_before`.
        Waiting = "waiting",
        /// It was begun. If nothing runs, the program ended meanwhile.
        Begun = "begun",
        Done = "done",
        Failed = "failed",
        /// It was done or not: Telegram did not say.
        Unknown = "unknown",
        /// It was not done, because the job was stopped before.
        Stopped = "stopped",
    }
);

impl LineState {
    /// Whether there is something to do yet.
    pub const fn is_open(self) -> bool {
        match self {
            Self::Waiting | Self::Begun => true,
            Self::Done | Self::Failed | Self::Unknown | Self::Stopped => false,
        }
    }

    /// Whether a person can let it be tried again.
    pub const fn can_retry(self) -> bool {
        match self {
            Self::Failed | Self::Unknown | Self::Stopped => true,
            Self::Waiting | Self::Begun | Self::Done => false,
        }
    }
}

/// Why a job or a line of it can't be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "kebab-case")]
pub enum LineFault {
    NoAction,
    NoGroup,
    NothingSelected,
    TooMany {
        max: usize,
    },
    /// Nothing of what was selected can be done, or needs to be.
    NothingToDo,
    /// It can't be opened with the present keys.
    Unreadable,
    /// It was started so long ago that it is not done any more.
    TooOld {
        days: i64,
    },
    /// The person who started it is blocked.
    #[serde(rename = "starter-blocked")]
    InitiatorBlocked,
    /// The account was removed, or the person who started it can't see it any more.
    SubjectGone,
    /// No two-step password is stored, so Telegram refuses a change if the account has one.
    NoStoredPassword,
    /// Telegram rejected the stored two-step password.
    StoredPasswordWrong,
    /// The account does not belong to the person who leaves any more.
    OwnerChanged,
    /// The account would have neither an owner nor a group.
    LastGroup,
    /// The steps of an off-boarding are others than those that were shown.
    StepsChanged,
    /// Nothing is known of the person who is to be off-boarded.
    UnknownPerson,
    /// No line can be retried.
    NothingToRetry,
    /// No line is left that could be stopped.
    NothingToStop,
}

impl From<LineFault> for ErrorCode {
    fn from(fault: LineFault) -> Self {
        Self::JobLine { fault }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_line_keeps_its_form() {
        let (initiator, account) = (UserId::generate(), AccountId::generate());
        let line = PlannedLine {
            initiator,
            is_verified: true,
            started: Millis(5),
            subject: LineSubject::Account(account),
            name: "+999 66 2 0007".into(),
            about: None,
            action: Action::Disconnect,
        };
        let text = serde_json::to_string(&line).unwrap();
        let subject = format!(r#""subject":{{"account":"{account}"}}"#);
        assert!(text.contains(&subject) && text.contains(r#""action":"disconnect""#), "{text}");
        assert_eq!(serde_json::from_str::<PlannedLine>(&text).unwrap(), line);
    }
}
