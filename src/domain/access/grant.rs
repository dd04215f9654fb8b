//! The proofs of decisions: what an operation asks for, and what can't be made without one.

use std::marker::PhantomData;

use super::Principal;
use crate::domain::AccountId;

/// The decision that an actor may use `P` on one account. Not to be copied or stored.
#[derive(Debug)]
pub struct Permit<P> {
    actor: Principal,
    account: AccountId,
    privilege: PhantomData<fn() -> P>,
}

impl<P> Permit<P> {
    /// Made by [`decide`](super::decide) only.
    pub(super) fn new(actor: Principal, account: AccountId) -> Self {
        Self { actor, account, privilege: PhantomData }
    }

    /// The proof that an operation asks for; it ends with the request.
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

    /// The account it is about.
    pub fn account(&self) -> AccountId {
        self.account
    }
}

/// The decision that an actor may use `P` on the system.
#[derive(Debug)]
pub struct SystemPermit<P> {
    actor: Principal,
    privilege: PhantomData<fn() -> P>,
}

impl<P> SystemPermit<P> {
    /// Made by [`decide_system`](super::decide_system) only.
    pub(super) fn new(actor: Principal) -> Self {
        Self { actor, privilege: PhantomData }
    }

    /// The proof that an operation asks for.
    pub fn grant(&self) -> SystemGrant<'_, P> {
        SystemGrant { actor: &self.actor, privilege: PhantomData }
    }
}

/// Proof, for one operation, that its actor may use `P` on the system.
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
