//! Requests to see a secret, as pages show them.

use crate::domain::Millis;
use crate::domain::access::{Policy, Principal, system_privileges};
use crate::domain::privilege::SystemPrivilege;
use crate::domain::reveal::{RequestState, RevealRequest};

/// The requests of the last hour, the newest first.
#[derive(Debug, Default)]
pub struct Requests(pub Vec<RevealRequest>);

impl Requests {
    /// How many requests this person can decide now; none if they may not decide any.
    pub fn pending_for(&self, policy: &Policy, principal: &Principal, now: Millis) -> Option<usize> {
        if !system_privileges(policy, principal).has(SystemPrivilege::ApproveReveal) {
            return None;
        }
        let pending = self.0.iter().filter(|it| it.stands(now) == RequestState::Waiting);
        Some(pending.filter(|it| !is_own(it, principal)).count())
    }
}

/// Whether the principal made the request, in any session.
pub fn is_own(request: &RevealRequest, principal: &Principal) -> bool {
    matches!(principal, Principal::User(person) if person.id == request.requester)
}
