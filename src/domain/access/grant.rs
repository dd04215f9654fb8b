//! Proofs of access decisions, which operations require as arguments.

use std::marker::PhantomData;

use super::Principal;
use crate::domain::AccountId;

/// The decision that an actor may use `P` on one account. It can't be copied.
#[derive(Debug)]
pub struct Permit<P> {
    actor: Principal,
    account: AccountId,
    privilege: PhantomData<fn() -> P>,
}

impl<P> Permit<P> {
    /// Called only by [`decide`](super::decide).
    pub(super) fn new(actor: Principal, account: AccountId) -> Self {
        Self { actor, account, privilege: PhantomData }
    }

    /// The proof that an operation requires; it can't outlive the request.
    pub fn grant(&self) -> Grant<'_, P> {
        Grant { actor: &self.actor, account: self.account, privilege: PhantomData }
    }
}

/// Proof, for one operation, that its actor may use `P` on its account.
#[derive(Debug)]
pub struct Grant<'a, P> {
    actor: &'a Principal,
    account: AccountId,
    privilege: PhantomData<fn() -> P>,
}

impl<P> Grant<'_, P> {
    /// Who acts.
    pub fn actor(&self) -> &Principal {
        self.actor
    }

    pub fn account(&self) -> AccountId {
        self.account
    }
}

/// The decision that an actor has the system privilege `P`.
#[derive(Debug)]
pub struct SystemPermit<P> {
    actor: Principal,
    privilege: PhantomData<fn() -> P>,
}

impl<P> SystemPermit<P> {
    /// Called only by [`decide_system`](super::decide_system).
    pub(super) fn new(actor: Principal) -> Self {
        Self { actor, privilege: PhantomData }
    }

    /// The proof that an operation requires.
    pub fn grant(&self) -> SystemGrant<'_, P> {
        SystemGrant { actor: &self.actor, privilege: PhantomData }
    }
}

/// Proof, for one operation, that its actor has the system privilege `P`.
#[derive(Debug)]
pub struct SystemGrant<'a, P> {
    actor: &'a Principal,
    privilege: PhantomData<fn() -> P>,
}

impl<P> SystemGrant<'_, P> {
    /// Who acts.
    pub fn actor(&self) -> &Principal {
        self.actor
    }
}
