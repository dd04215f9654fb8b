//! Jobs: long work that survives a restart, as a row with its arguments and progress.

use std::str::FromStr;

use super::access::Principal;
use super::ids::named;
use super::{AccountId, JobId, Millis};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRecord {
    pub id: JobId,
    pub kind: JobKind,
    /// The arguments; their meaning depends on the kind.
    pub args: String,
    /// The name of the next step.
    pub cursor: Option<String>,
    pub state: JobState,
    /// Failed attempts of the current step.
    pub attempts: i64,
    /// The earliest time of the next attempt.
    pub not_before: Millis,
    /// Why the last attempt failed, as a sentence.
    pub error: Option<String>,
    /// The principal that created it, as written in the audit log.
    pub actor: String,
    pub created: Millis,
}

impl JobRecord {
    /// The account that the job is about, if its kind is about one.
    pub fn account(&self) -> Option<AccountId> {
        self.kind.is_about_an_account().then(|| self.args.parse().ok()).flatten()
    }

    /// Whether this person started it, as far as its row says: enough for its progress, not for what its lines say.
    pub fn is_started_by(&self, actor: &Principal) -> bool {
        match actor {
            Principal::User(person) => self.kind.names_its_initiator() && self.args == person.id.to_string(),
            Principal::Invite(_) | Principal::Cli | Principal::System(_) => false,
        }
    }
}

/// The result of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepOutcome {
    /// Done; the runner has to advance the cursor.
    Done,
    /// Done, and the step's own transaction advanced the cursor.
    Committed,
    /// It can't be done yet; the reason as a sentence.
    Later(String),
    /// It needs a person's help; the reason as a sentence.
    Stuck(String),
}

/// The steps of one kind of job: an enum whose names are the cursors in the database.
pub trait Steps: FromStr + Copy {
    fn name(self) -> &'static str;

    fn next(self) -> Option<Self>;

    fn next_cursor(self) -> Option<&'static str> {
        self.next().map(Self::name)
    }
}

named!(
    #[derive(serde::Serialize, serde::Deserialize)]
    #[serde(rename_all = "kebab-case")]
    JobKind {
        /// Removes an account: logs it out at Telegram, deletes its files, turns its row into a tombstone.
        RemoveAccount = "remove-account",
        /// Creates the invites of a list. The arguments are the id of the person who started it; the lines have rows.
        CreateInvites = "create-invites",
        /// Does something with each of many accounts. The arguments are the id of the person who started it; the lines
        /// have rows.
        ChangeAccounts = "change-accounts",
        /// Takes back what a person has who leaves. The arguments are the id of the person who started it.
        OffBoard = "off-board",
    }
);

impl JobKind {
    /// Whether the arguments are an account's id.
    pub const fn is_about_an_account(self) -> bool {
        match self {
            Self::RemoveAccount => true,
            Self::CreateInvites | Self::ChangeAccounts | Self::OffBoard => false,
        }
    }

    /// Whether it has lines, with a page about them.
    pub const fn has_lines(self) -> bool {
        match self {
            Self::RemoveAccount | Self::CreateInvites => false,
            Self::ChangeAccounts | Self::OffBoard => true,
        }
    }

    /// Whether the arguments are the id of the person who started it.
    pub const fn names_its_initiator(self) -> bool {
        match self {
            Self::RemoveAccount => false,
            Self::CreateInvites | Self::ChangeAccounts | Self::OffBoard => true,
        }
    }
}

named!(
    JobState {
        /// There is a step to do, now or at `not_before`.
        Waiting = "waiting",
        /// It needs a person, who then presses Retry.
        Failed = "failed",
        Done = "done",
    }
);

named!(
    /// The steps of [`JobKind::RemoveAccount`]. Ending the session needs its files, so it comes first. The number can be
    /// added again only when nothing is left that could resume the session.
    RemoveStep {
        /// Ends the session at Telegram.
        LogOut = "log-out",
        /// Stops the client and deletes its folder.
        Destroy = "destroy",
        /// Deletes the account's secrets and turns its row into a tombstone.
        Forget = "forget",
    }
);

impl Steps for RemoveStep {
    fn name(self) -> &'static str {
        self.into()
    }

    fn next(self) -> Option<Self> {
        match self {
            Self::LogOut => Some(Self::Destroy),
            Self::Destroy => Some(Self::Forget),
            Self::Forget => None,
        }
    }
}

named!(
    /// The steps of [`JobKind::CreateInvites`]. Each is done once for each line.
    InvitesStep {
        /// Creates the invite of a line.
        Create = "create",
        /// Sends the link of a line's invite by e-mail, if that is wanted.
        Send = "send",
    }
);

impl Steps for InvitesStep {
    fn name(self) -> &'static str {
        self.into()
    }

    fn next(self) -> Option<Self> {
        match self {
            Self::Create => Some(Self::Send),
            Self::Send => None,
        }
    }
}

named!(
    /// The step of jobs whose lines have rows: it is done for some lines at a time, until none is left.
    LinesStep {
        Work = "work",
    }
);

impl Steps for LinesStep {
    fn name(self) -> &'static str {
        self.into()
    }

    fn next(self) -> Option<Self> {
        match self {
            Self::Work => None,
        }
    }
}

/// How far a job with lines is. Only lists of invites have e-mails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub lines: u64,
    /// Lines that are done, including those that failed.
    pub done: u64,
    pub failed: u64,
    /// Links that are sent by e-mail, if their invites can be created.
    pub emails: u64,
    /// Links whose e-mail was tried.
    pub emailed: u64,
    /// E-mails that are not known to have been taken.
    pub emails_failed: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_ends_before_its_files_and_those_before_the_number_is_free() {
        let mut step = Some(RemoveStep::LogOut);
        let mut names = Vec::new();
        while let Some(present) = step {
            names.push(present.name());
            step = present.next_cursor().map(|cursor| cursor.parse().unwrap());
        }
        assert_eq!(names, ["log-out", "destroy", "forget"]);
        assert!("else".parse::<RemoveStep>().is_err());
    }

    #[test]
    fn a_removal_is_about_an_account() {
        let id = AccountId::generate();
        let mut job = JobRecord {
            id: JobId::generate(),
            kind: JobKind::RemoveAccount,
            args: id.to_string(),
            cursor: None,
            state: JobState::Waiting,
            attempts: 0,
            not_before: Millis(0),
            error: None,
            actor: String::new(),
            created: Millis(0),
        };
        assert_eq!(job.account(), Some(id));
        job.args = "else".into();
        assert_eq!(job.account(), None);
    }
}
