//! Reasons that details of events name.

use serde::{Deserialize, Serialize};

/// Why the audit log does not match its checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MismatchReason {
    /// The entry that was the last is missing.
    Shorter,
    /// Another entry is in its place.
    Other,
    /// The checkpoint file can't be read.
    Unreadable,
}

/// Why a person with a proven identity is not signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignInDenied {
    /// An administrator has blocked the person.
    #[serde(rename = "shut-out")]
    Blocked,
    /// The address belongs to another identity of the same provider.
    OtherIdentity,
    /// The settings do not admit addresses of this domain.
    OtherDomain,
    /// The provider has not verified the address, and the identity is unknown.
    Unverified,
}
