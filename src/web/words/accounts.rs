//! The pages of accounts.

use askama::filters::Safe;

use super::moments::{Sentence, moment};
use crate::domain::{Identifier, Input, Millis};

/// A notice after adding an account with a test number.
pub fn added(account: Option<&Identifier>) -> String {
    match account {
        Some(account) => format!("{account} was added."),
        None => "A test account was added. You don't have access to it.".into(),
    }
}

pub const SAVED: &str = "Saved.";
pub const MORE_CODES: &str = "More codes can be requested.";
pub const NUMBER_CORRECTED: &str = "Number corrected.";
pub const PASSWORD_STORED: &str = "Password stored.";
pub const PASSWORD_REMOVED: &str = "Stored password removed.";
pub const TOKEN_REMOVED: &str = "Stored token removed.";
pub const LOGGED_OUT: &str = "Logged out.";
pub const REMOVING: &str = "The account is being removed.";
pub const REMOVED: &str = "Account removed.";
pub const REMOVAL_CONTINUES: &str = "The removal continues.";

/// The state of a stored two-step password.
pub fn stored_password(stored_and_rejected: Option<(Millis, Option<Millis>)>) -> Sentence {
    Safe(match stored_and_rejected {
        None => "Not stored".into(),
        Some((stored, None)) => format!("Stored at {}", moment(stored)),
        Some((_, Some(at))) => format!("Rejected by Telegram at {}. Set the correct one.", moment(at)),
    })
}

/// The state of a bot's token.
pub fn stored_token(stored_and_rejected: Option<(Millis, Option<Millis>)>) -> Sentence {
    Safe(match stored_and_rejected {
        None => "Not stored".into(),
        Some((stored, None)) => format!("Stored at {}", moment(stored)),
        Some((_, Some(at))) => format!("Rejected by Telegram at {}. Log in with the new one.", moment(at)),
    })
}

/// How many accounts a search found, for a screen reader.
pub fn matching(count: usize) -> String {
    match count {
        1 => "1 matching account".into(),
        count => format!("{count} matching accounts"),
    }
}

/// In the list: the next step of an account.
pub const fn enter(input: Input) -> &'static str {
    match input {
        Input::Code | Input::EmailCode | Input::RecoveryCode => "Enter code…",
        Input::Password => "Enter password…",
        Input::EmailAddress => "Enter e-mail address…",
        Input::Name => "Register…",
        Input::BotToken => "Enter token…",
    }
}

pub const LOG_IN: &str = "Log in…";
pub const CONNECT: &str = "Connect…";
