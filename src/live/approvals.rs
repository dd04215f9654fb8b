//! Requests to see a secret, as pages show them.

use std::collections::HashSet;

use crate::domain::access::{Policy, Principal, system_privileges};
use crate::domain::privilege::SystemPrivilege;
use crate::domain::reveal::{RequestState, RevealKind, RevealRequest};
use crate::domain::{AccountId, Millis, UserId};

/// The newest requests.
#[derive(Debug, Default)]
pub struct Requests {
    /// Those of the last hour, the newest first.
    pub recent: Vec<RevealRequest>,
    /// Those of the last week, of people who wait for a decision now; the newest first.
    pub earlier: Vec<RevealRequest>,
    /// People who wait for a decision, and who can't give it because they have that right from them.
    pub dependent: HashSet<(UserId, UserId)>,
    /// Login codes that were viewed, and devices that were logged in, without approval; the newest first.
    pub emergencies: Vec<EmergencyAccess>,
}

/// A login code that was viewed, or a device that was logged in, without the approval that is needed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EmergencyAccess {
    pub kind: RevealKind,
    /// The number of its entry in the audit log.
    pub seq: i64,
    pub at: Millis,
    pub actor: String,
    pub account: Option<AccountId>,
    pub reason: Option<String>,
}

impl Requests {
    /// How many requests this person can decide now; none if they may not decide any.
    pub fn pending_for(&self, policy: &Policy, principal: &Principal, now: Millis) -> Option<usize> {
        if !system_privileges(policy, principal).has(SystemPrivilege::ApproveReveal) {
            return None;
        }
        let pending = self.recent.iter().filter(|it| it.state_at(now) == RequestState::Waiting);
        Some(pending.filter(|it| !is_own(it, principal) && !self.depends(it, principal)).count())
    }

    /// Whether the principal may approve only because the person who made the request lets them.
    pub fn depends(&self, request: &RevealRequest, principal: &Principal) -> bool {
        match principal {
            Principal::User(person) => self.dependent.contains(&(request.requester, person.id)),
            Principal::Invite(_) | Principal::Cli | Principal::System(_) => false,
        }
    }

    /// This person's own requests, the newest first.
    pub fn own<'a>(&'a self, principal: &'a Principal) -> impl Iterator<Item = &'a RevealRequest> {
        self.recent.iter().filter(move |request| is_own(request, principal))
    }

    /// What the person who made this request had requested before it.
    pub fn before<'a>(&'a self, request: &'a RevealRequest) -> impl Iterator<Item = &'a RevealRequest> {
        let is_before = |it: &&RevealRequest| {
            it.requester == request.requester && it.id != request.id && it.created <= request.created
        };
        self.earlier.iter().filter(is_before)
    }
}

/// Whether the principal made the request, in any session.
pub fn is_own(request: &RevealRequest, principal: &Principal) -> bool {
    matches!(principal, Principal::User(person) if person.id == request.requester)
}
