//! The two-step password of an account as Telegram has it, and what can be asked about it.

use super::ids::named;
use super::{Email, Millis, Secret};

/// What Telegram says of the password without being told it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TwoStepState {
    pub has_password: bool,
    /// The hint that its owner set: untrusted text, may be empty.
    pub hint: String,
    pub has_recovery_email: bool,
    /// A recovery address that was not confirmed yet, mostly hidden.
    pub unconfirmed_email: Option<String>,
    /// When Telegram removes the password, because a person without it asked for that.
    pub reset_at: Option<Millis>,
}

/// A request about the password of an account that is logged in. An empty password is none.
#[derive(Clone, Debug)]
pub enum TwoStepRequest {
    State,
    /// Check a password, without changing anything.
    Check(Secret),
    Change {
        before: Secret,
        after: Secret,
        hint: String,
    },
    SetRecoveryEmail {
        password: Secret,
        email: Email,
    },
    /// The code that was sent to the new recovery address.
    ConfirmRecoveryEmail(Secret),
    CancelRecoveryEmail,
    CancelReset,
}

named!(
    /// Which password opens the account after a change whose outcome was unknown.
    #[derive(serde::Serialize, serde::Deserialize)]
    #[serde(rename_all = "kebab-case")]
    OpeningPassword {
        /// The new one.
        After = "after",
        /// The one before.
        Before = "before",
        /// Neither: it was changed elsewhere.
        Neither = "neither",
    }
);
