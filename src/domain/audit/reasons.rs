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
    /// There is no checkpoint file.
    Missing,
    /// The checkpoint file was not written by Telescope.
    Unauthentic,
}

/// What a row in the database gives that Telescope did not write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForeignRow {
    /// A person is an administrator.
    Administrator,
    /// An identity is linked to a person.
    Identity,
    /// A person has a role.
    RoleMember,
    /// A role has a privilege on the accounts of a group.
    GroupPrivilege,
    /// A role has a system privilege.
    SystemPrivilege,
    /// A request to view a secret waits, or is approved.
    Approval,
    /// An invite is open.
    Invite,
    /// A browser is signed in.
    Session,
    /// A person owns an account.
    Owner,
    /// An account is in a group.
    AccountGroup,
    /// A group does not require approvals.
    NoApproval,
    /// A group does not require identity confirmation.
    NoConfirmation,
    /// A group allows emergency access.
    EmergencyAccess,
    /// A proxy is selected, or none.
    Proxy,
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

/// Why the provider's answer does not confirm a person's identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConfirmationDenied {
    /// It is about another person.
    OtherPerson,
    /// It does not say that the person signed in there just now.
    NotRecent,
    /// The person did not sign in there in the way that the settings demand.
    Method,
}
