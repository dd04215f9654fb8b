//! Long work that survives a restart: a row that says what to do and how far it has come.

use std::str::FromStr;

use super::ids::named;
use super::{AccountId, JobId, Millis};

/// A job as the database has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRecord {
    pub id: JobId,
    pub kind: JobKind,
    /// The arguments; their meaning depends on the kind.
    pub args: String,
    /// The name of the next step.
    pub cursor: Option<String>,
    pub state: JobState,
    /// Failed tries of the present step.
    pub attempts: i64,
    /// The earliest time for the next try.
    pub not_before: Millis,
    /// Why the last try failed, as a sentence.
    pub error: Option<String>,
    /// Who asked for it, as the audit log writes principals.
    pub actor: String,
    pub created: Millis,
}

impl JobRecord {
    /// The account that the job is about, if its kind is about one.
    pub fn account(&self) -> Option<AccountId> {
        self.kind.is_about_an_account().then(|| self.args.parse().ok()).flatten()
    }
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepOutcome {
    /// Done; the cursor has to be moved.
    Done,
    /// Done, and the cursor was moved in the transaction of the step.
    Committed,
    /// It can't be done yet; why, as a sentence.
    Later(String),
    /// It needs a person's help; why, as a sentence.
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
    JobKind {
        /// Removes an account: logs it out at Telegram, destroys its files, makes its row a tombstone.
        RemoveAccount = "remove-account",
    }
);

impl JobKind {
    /// Whether the arguments are an account's id.
    pub const fn is_about_an_account(self) -> bool {
        match self {
            Self::RemoveAccount => true,
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
    /// The steps of [`JobKind::RemoveAccount`]. The session ends while there are files to end it with; only when nothing is
    /// left that could resume it is the number free to be added again.
    RemoveStep {
        /// Ends the session at Telegram.
        LogOut = "log-out",
        /// Stops the client and destroys its folder.
        Destroy = "destroy",
        /// Deletes the account's secrets and makes its row a tombstone.
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
