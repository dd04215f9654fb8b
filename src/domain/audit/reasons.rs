//! Reasons in the details of events.

use serde::{Deserialize, Serialize};

/// Why the audit log does not match its checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MismatchReason {
    /// The entry that the checkpoint names is missing.
    Shorter,
    /// A different entry is in its place.
    Other,
    /// The checkpoint file can't be read.
    Unreadable,
}

/// Why a person with an authenticated identity is not signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignInDenied {
    /// An administrator has blocked the person.
    #[serde(rename = "shut-out")]
    Blocked,
    /// The address belongs to another identity of the same provider.
    OtherIdentity,
    /// The settings do not allow addresses of this domain.
    OtherDomain,
    /// The provider has not verified the address, and the identity is unknown.
    Unverified,
}
