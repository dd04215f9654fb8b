//! Why an e-mail was not sent.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum EmailFault {
    /// The settings name no mail server.
    NotConfigured,
    /// So many were sent within the last hour.
    TooMany { limit: usize },
    /// The mail server refused it.
    Refused,
    /// The mail server can't be reached, or refuses the connection.
    Unavailable,
    /// The mail server did not answer in time, so it may have been sent.
    Unknown,
}
