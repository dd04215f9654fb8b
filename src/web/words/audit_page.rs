//! What the page of the audit log says.

pub const END_BEFORE_START: &str = "The end is before the start.";
pub const INVALID_ACTOR: &str = "Enter part of an e-mail address.";
pub const INVALID_ACCOUNT: &str = "Enter some digits of the phone number, or the account's full ID.";
pub const UNKNOWN_EVENT: &str = "Unknown event type.";
pub const UNKNOWN_RANGE: &str = "Unknown time range.";
pub const UNKNOWN_OUTCOME: &str = "Unknown outcome.";
pub const INVALID_NUMBER: &str = "Not an entry number.";
pub const TOO_MANY_MATCHES: &str = "Too many matches. Enter more of the address or of the number.";
pub const UNKNOWN_FORMAT: &str = "Choose CSV or JSON Lines.";
pub const TOO_MANY_OPEN: &str =
    "Too many open tabs and exports. Close some, or wait for an export to finish.";
