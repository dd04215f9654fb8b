//! What the pages of failed requests say: a title, and a message where the failure has none of its own.

use axum::http::StatusCode;

use super::privileges;
use crate::domain::privilege::{AccountPrivilege, SystemPrivilege};

pub const SIGN_IN: (&str, &str) = ("Sign in", "Sign in first.");
pub const NOT_FOUND: (&str, &str) =
    ("Page not found", "This page doesn't exist, or you don't have access to it.");
pub const FORBIDDEN: &str = "Access denied";
pub const CONFLICT: &str = "Can't do that right now";
pub const TELEGRAM: &str = "Telegram error";
pub const UNAVAILABLE: (&str, &str) =
    ("The database is unavailable", "Nothing was changed. Accounts stay connected. Try again in a moment.");
pub const TAKEN_OVER: (&str, &str) = (
    "Another server is active now",
    "Nothing was changed. This server is stopping. Reload the page in a moment.",
);
pub const INTERNAL: (&str, &str) = (
    "Internal error",
    "Something went wrong on our side. If it happens again, give the request ID below to your administrator.",
);
pub const TO_ACCOUNTS: &str = "Go to accounts";
pub const RELOAD: &str = "Reload";
pub const SIGN_IN_AGAIN: &str = "Sign in again";
pub const METHOD_NOT_ALLOWED: &str = "This page doesn't accept that kind of request.";
pub const MALFORMED: &str = "The form wasn't sent the way this page sends it. Reload the page and try again.";
pub const TOO_LARGE: &str = "A form can hold at most 64 KiB. Nothing was changed. Send less.";

/// The title for a request that is wrong in itself.
pub fn bad(status: StatusCode) -> &'static str {
    match status {
        StatusCode::FORBIDDEN => FORBIDDEN,
        StatusCode::TOO_MANY_REQUESTS => "Too many requests",
        StatusCode::SERVICE_UNAVAILABLE => "Temporarily unavailable",
        _ => "Invalid request",
    }
}

pub fn missing(privilege: AccountPrivilege) -> String {
    let (label, _) = privileges::on_account(privilege);
    format!("You need the permission “{label}” for this account. Ask an access manager.")
}

pub fn missing_system(privilege: SystemPrivilege) -> String {
    let (label, _) = privileges::on_system(privilege);
    format!("You need the permission “{label}”. Ask an access manager.")
}

/// While another server is the active one.
pub const STANDBY: &str = "Another server is active on this database. This one is on standby and takes over when the other one stops.";
