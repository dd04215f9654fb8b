//! Why the two-step password was not changed at Telegram.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum TwoStepFault {
    /// The account is not logged in, or its client does not run.
    NotReady,
    /// It is not known yet whether the change before this one was made.
    Unsettled,
    /// Telegram did not answer, so it may have been changed.
    Unknown,
    /// The password before is needed and not stored.
    CurrentMissing,
    /// The password before is another one.
    CurrentWrong,
    /// The new password is the one before.
    Unchanged,
    HintTooLong {
        max: usize,
    },
    /// The hint contains the password.
    HintTells,
    EmailWrong,
    EmailCodeWrong,
}
