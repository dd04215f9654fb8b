//! The page about the two-step password at Telegram.

use crate::domain::two_step::OpeningPassword;

pub const CHANGED: &str = "Two-step password changed.";
pub const REMOVED: &str = "Two-step password removed.";
pub const VALID: &str = "The stored password is valid.";
pub const INVALID: &str = "Telegram says that the stored password is wrong.";
pub const CODE_SENT: &str = "Telegram sent a code to the new address.";
pub const EMAIL_CONFIRMED: &str = "Recovery address confirmed.";
pub const EMAIL_CANCELLED: &str = "The new recovery address was given up.";
pub const RESET_CANCELLED: &str = "The password stays.";

/// In the audit log: which password is valid after a change without a known outcome.
pub const fn settled(valid: OpeningPassword) -> &'static str {
    match valid {
        OpeningPassword::After => "found out that the two-step password was changed",
        OpeningPassword::Before => "found out that the two-step password was not changed",
        OpeningPassword::Neither => {
            "found out that neither the new nor the former two-step password is valid: it was changed elsewhere"
        }
    }
}
