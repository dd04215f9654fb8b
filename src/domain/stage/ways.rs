//! Ways around a step of a login: recovering the two-step password, and resetting the login e-mail address.

use crate::domain::Millis;

/// Whether the two-step password can be recovered by e-mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// It has no recovery e-mail address.
    Impossible,
    /// A code can be requested.
    Possible,
    /// Telegram sent a code to the recovery address, mostly hidden here.
    CodeSent { pattern: String },
}

/// Whether the login e-mail address can be reset, so that Telegram sends the code to the number instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EmailReset {
    Impossible,
    /// It takes effect after so many seconds; 0 with Premium.
    Possible {
        after: i64,
    },
    /// It was requested, and takes effect then.
    Pending {
        until: Millis,
    },
}
