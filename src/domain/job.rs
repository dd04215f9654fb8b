//! Long work that survives the program's end: what it is, and how far it came.

use super::ids::named;
use super::{JobId, Millis};

/// A piece of long work: the row in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// What kind of work it is.
    pub kind: JobKind,
    /// What it is about; for a removal the account's id.
    pub args: String,
    /// The name of the step that comes next.
    pub cursor: Option<String>,
    /// How it stands.
    pub state: JobState,
    /// How often its present step was tried without success.
    pub attempts: i64,
    /// When it is to go on.
    pub not_before: Millis,
    /// Why the last try did not work, in words.
    pub error: Option<String>,
    /// Who asked for it, as the audit trail writes him.
    pub actor: String,
    /// When it was asked for.
    pub created: Millis,
}

named!(
    /// The kinds of long work.
    JobKind {
        /// An account is removed: logged out at Telegram, its files destroyed, its row a tombstone.
        RemoveAccount = "remove-account",
    }
);

named!(
    /// How a job stands.
    JobState {
        /// There is something to do, now or at `not_before`.
        Waiting = "waiting",
        /// It can't go on by itself; somebody has to look and to press Retry.
        Failed = "failed",
        /// All is done.
        Done = "done",
    }
);
