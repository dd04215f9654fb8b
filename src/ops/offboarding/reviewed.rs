//! What a review says.

use std::collections::HashMap;
use std::sync::Arc;

use super::refusals::AccountRefusals;
use crate::domain::access::Source;
use crate::domain::error::ErrorCode;
use crate::domain::invite::Invite;
use crate::domain::offboarding::KnownSecret;
use crate::domain::privilege::{AccountPrivileges, SystemPrivileges};
use crate::domain::reveal::RevealRequest;
use crate::domain::{Email, RoleId};
use crate::live::accounts::Entry;
use crate::ops::users::UserChange;
use crate::store::users::{Listed, User};

/// What is known of a person.
#[derive(Debug)]
pub struct Review {
    pub leaver: Leaver,
    /// What their roles or being an administrator give them.
    pub reach: Vec<Reach>,
    pub system: SystemPrivileges,
    /// The accounts that they own or whose secrets they have seen, their own first.
    pub accounts: Vec<ReviewedAccount>,
    /// How many more there are, of which they have only seen secrets.
    pub more_accounts: usize,
    /// Whether they own accounts that the reader can't see.
    pub owns_hidden: bool,
    /// The open invites that they created, and those for them.
    pub invites: Vec<ReviewedInvite>,
    /// Whether there are more that the reader can't revoke.
    pub has_hidden_invites: bool,
    /// Their requests to see a secret that are not over.
    pub requests: Vec<RevealRequest>,
    /// How many tasks run that they have started. These stop when the person is blocked.
    pub tasks: usize,
}

/// A person who leaves.
#[derive(Debug)]
pub struct Leaver {
    pub email: Email,
    /// None if they never signed in and no one gave them a role.
    pub listed: Option<Listed>,
    pub roles: Vec<ReviewedRole>,
    /// Why they can't be blocked, signed out, or lose their administrator rights.
    pub refused: HashMap<UserChange, ErrorCode>,
}

impl Leaver {
    pub fn user(&self) -> Option<&User> {
        self.listed.as_ref().map(|listed| &listed.user)
    }
}

#[derive(Debug)]
pub struct ReviewedRole {
    pub id: RoleId,
    pub name: String,
    /// Whether the identity provider gives it, so that it comes back with the next sign-in.
    pub by_provider: bool,
    /// Why it can't be taken from them.
    pub refused: Option<ErrorCode>,
}

/// Accounts that a person can reach in one way.
#[derive(Debug)]
pub struct Reach {
    pub source: Source,
    pub privileges: AccountPrivileges,
    /// How many accounts that are, of those that the reader can see.
    pub accounts: usize,
}

#[derive(Debug)]
pub struct ReviewedInvite {
    pub invite: Invite,
    /// Why it can't be revoked.
    pub refused: Option<ErrorCode>,
}

#[derive(Debug)]
pub struct ReviewedAccount {
    pub entry: Arc<Entry>,
    pub is_owned: bool,
    /// What they may do with it now.
    pub privileges: AccountPrivileges,
    /// What they have seen of its secrets, the newest first.
    pub seen: Vec<KnownSecret>,
    pub refused: AccountRefusals,
}

impl ReviewedAccount {
    /// Whether they know the current two-step password.
    pub fn knows_password(&self) -> bool {
        self.seen.iter().any(|seen| seen.kind.is_password() && seen.is_current)
    }

    /// Whether one of its devices may be theirs, although it is not their account.
    pub fn may_have_device(&self) -> bool {
        self.seen.iter().any(|seen| seen.kind.logs_in())
    }
}
