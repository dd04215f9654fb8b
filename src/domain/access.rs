//! Who may do what: the one place that decides, and the proof of its decision.
//!
//! A [`Permit`] can be made here only, by [`decide`]. It says that this actor may use that privilege on
//! that account, and what changes things takes the account from it and from nowhere else. So a check can't
//! be forgotten: without it there is nothing to call the operation with.
//!
//! What the compiler refuses, beside what it takes:
//!
//! ```
//! use telescope::domain::access::{Actor, Grant, decide};
//! use telescope::domain::{Account, privilege::can};
//!
//! fn operation(_: Grant<'_, can::Login>) {}
//! fn page(actor: &Actor, account: &Account) {
//!     if let Ok(permit) = decide::<can::Login>(actor, account) {
//!         operation(permit.grant());
//!     }
//! }
//! ```
//!
//! Another privilege does not do:
//!
//! ```compile_fail
//! # use telescope::domain::access::{Actor, Grant, decide};
//! # use telescope::domain::{Account, privilege::can};
//! fn operation(_: Grant<'_, can::Login>) {}
//! fn page(actor: &Actor, account: &Account) {
//!     if let Ok(permit) = decide::<can::View>(actor, account) {
//!         operation(permit.grant());
//!     }
//! }
//! ```
//!
//! Nobody makes a grant without a decision, keeps one for later, or uses it twice:
//!
//! ```compile_fail
//! # use telescope::domain::{AccountId, access::{Actor, Grant}, privilege::can};
//! fn forged(actor: &Actor, account: AccountId) -> Grant<'_, can::Login> {
//!     Grant { actor, account, privilege: std::marker::PhantomData }
//! }
//! ```
//!
//! ```compile_fail
//! # use telescope::domain::{Account, access::{Actor, Grant, decide}, privilege::can};
//! fn kept(actor: &Actor, account: &Account) -> Grant<'static, can::Login> {
//!     decide::<can::Login>(actor, account).unwrap().grant()
//! }
//! ```
//!
//! ```compile_fail
//! # use telescope::domain::{access::Grant, privilege::can};
//! fn twice(grant: Grant<'_, can::Login>) -> [Grant<'_, can::Login>; 2] {
//!     [grant.clone(), grant]
//! }
//! ```
//!
//! Rules so far: an administrator has every privilege; the owner of an account (the same verified e-mail
//! address) has [`OWNER`] on it; nobody else sees it.

use std::marker::PhantomData;

use super::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivilege, SystemPrivileges, can};
use super::{Account, AccountId, Email, Origin, UserId, Wanted};

/// What an owner may do with his own account.
pub const OWNER: AccountPrivileges = AccountPrivileges::of(&[
    AccountPrivilege::View,
    AccountPrivilege::Login,
    AccountPrivilege::EditTwoFactorPassword,
    AccountPrivilege::ManageConnectionState,
]);

/// What anybody may do with an account that is being removed: watch that, and see it through.
pub const LEAVING: AccountPrivileges =
    AccountPrivileges::of(&[AccountPrivilege::View, AccountPrivilege::RemoveAccount]);

/// Whoever acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A person, signed in.
    User(Person),
    /// Whoever may run Telescope's commands on its machine.
    Cli,
    /// Telescope itself, doing what it must; the text names the job.
    System(&'static str),
}

/// What rights need to know of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The id.
    pub id: UserId,
    /// The address of the present identity.
    pub email: Email,
    /// Whether the identity provider has verified the address.
    pub verified: bool,
    /// Whether this is an administrator.
    pub admin: bool,
    /// Where the present request came from. No right depends on it; the audit trail keeps it.
    pub origin: Origin,
}

impl Actor {
    /// Where the request came from in which this actor acts.
    pub fn origin(&self) -> Origin {
        match self {
            Self::User(person) => person.origin.clone(),
            Self::Cli | Self::System(_) => Origin::default(),
        }
    }

    /// The same actor in a request from there.
    pub fn coming_from(self, origin: &Origin) -> Self {
        match self {
            Self::User(person) => Self::User(Person { origin: origin.clone(), ..person }),
            other => other,
        }
    }
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::User(person) => person.email.fmt(f),
            Self::Cli => f.write_str("command line"),
            Self::System(job) => write!(f, "system:{job}"),
        }
    }
}

/// Why something is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// As far as this actor is concerned there is no such account.
    NotVisible,
    /// It is visible, but this privilege is missing.
    Missing(AccountPrivilege),
    /// This privilege on the system is missing.
    MissingSystem(SystemPrivilege),
}

/// What `actor` may do with `account`. Without `view`, nothing.
pub fn privileges(actor: &Actor, account: &Account) -> AccountPrivileges {
    let set = match actor {
        Actor::System(_) | Actor::Cli => AccountPrivileges::ALL,
        Actor::User(person) if person.admin => AccountPrivileges::ALL,
        Actor::User(person) if person.verified && account.owner.as_ref() == Some(&person.email) => OWNER,
        Actor::User(_) => AccountPrivileges::NONE,
    };
    if !set.has(AccountPrivilege::View) {
        return AccountPrivileges::NONE;
    }
    if account.wanted == Wanted::Removed { set.intersection(LEAVING) } else { set }
}

/// What `actor` may do with the system.
pub fn system_privileges(actor: &Actor) -> SystemPrivileges {
    match actor {
        Actor::System(_) | Actor::Cli => SystemPrivileges::ALL,
        Actor::User(person) if person.admin => SystemPrivileges::ALL,
        Actor::User(_) => SystemPrivileges::NONE,
    }
}

/// Decides whether `actor` may use the privilege `P` on `account`.
pub fn decide<P: can::OnAccount>(actor: &Actor, account: &Account) -> Result<Permit<P>, Refusal> {
    let set = privileges(actor, account);
    if !set.has(AccountPrivilege::View) {
        return Err(Refusal::NotVisible);
    }
    if !set.has(P::PRIVILEGE) {
        return Err(Refusal::Missing(P::PRIVILEGE));
    }
    Ok(Permit { actor: actor.clone(), account: account.id, privilege: PhantomData })
}

/// Decides whether `actor` may use the privilege `P` on the system.
pub fn decide_system<P: can::OnSystem>(actor: &Actor) -> Result<SystemPermit<P>, Refusal> {
    if !system_privileges(actor).has(P::PRIVILEGE) {
        return Err(Refusal::MissingSystem(P::PRIVILEGE));
    }
    Ok(SystemPermit { actor: actor.clone(), privilege: PhantomData })
}

/// The decision that an actor may use `P` on one account. Not to be copied or stored.
#[derive(Debug)]
pub struct Permit<P> {
    actor: Actor,
    account: AccountId,
    privilege: PhantomData<fn() -> P>,
}

impl<P> Permit<P> {
    /// The proof that an operation asks for; it ends with the request.
    pub fn grant(&self) -> Grant<'_, P> {
        Grant { actor: &self.actor, account: self.account, privilege: PhantomData }
    }
}

/// Proof, for one operation, that its actor may use `P` on its account.
#[derive(Debug)]
pub struct Grant<'a, P> {
    actor: &'a Actor,
    account: AccountId,
    privilege: PhantomData<fn() -> P>,
}

impl<P> Grant<'_, P> {
    /// Who acts.
    pub fn actor(&self) -> &Actor {
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
    actor: Actor,
    privilege: PhantomData<fn() -> P>,
}

impl<P> SystemPermit<P> {
    /// The proof that an operation asks for.
    pub fn grant(&self) -> SystemGrant<'_, P> {
        SystemGrant { actor: &self.actor, privilege: PhantomData }
    }
}

/// Proof, for one operation, that its actor may use `P` on the system.
#[derive(Debug)]
pub struct SystemGrant<'a, P> {
    actor: &'a Actor,
    privilege: PhantomData<fn() -> P>,
}

impl<P> SystemGrant<'_, P> {
    /// Who acts.
    pub fn actor(&self) -> &Actor {
        self.actor
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Millis, Phone};

    fn account(owner: Option<&str>) -> Account {
        Account {
            id: AccountId::generate(),
            phone: Phone::test(2, 1),
            owner: owner.map(|address| Email::parse(address).unwrap()),
            comment: String::new(),
            groups: vec![],
            wanted: Wanted::Connected,
            folder: "f".into(),
            created: Millis(0),
        }
    }

    fn person(email: &str, admin: bool, verified: bool) -> Actor {
        let email = Email::parse(email).unwrap();
        Actor::User(Person { id: UserId::generate(), email, verified, admin, origin: Origin::default() })
    }

    #[test]
    fn each_kind_of_person_gets_what_the_rules_say() {
        let owned = account(Some("ada@example.org"));
        for (who, actor, expected) in [
            ("administrator", person("root@example.org", true, true), AccountPrivileges::ALL),
            ("owner", person("ada@example.org", false, true), OWNER),
            ("owner, unverified", person("ada@example.org", false, false), AccountPrivileges::NONE),
            ("somebody", person("bob@example.org", false, true), AccountPrivileges::NONE),
        ] {
            assert_eq!(privileges(&actor, &owned), expected, "{who}");
        }
        assert_eq!(
            privileges(&person("ada@example.org", false, true), &account(None)),
            AccountPrivileges::NONE
        );
    }

    #[test]
    fn an_account_that_is_being_removed_can_only_be_removed() {
        let leaving = Account { wanted: Wanted::Removed, ..account(Some("ada@example.org")) };
        assert_eq!(privileges(&person("root@example.org", true, true), &leaving), LEAVING);
        let owner = person("ada@example.org", false, true);
        assert_eq!(
            privileges(&owner, &leaving),
            AccountPrivileges::of(&[AccountPrivilege::View]),
            "nobody gains a right by it"
        );
        assert!(decide::<can::Login>(&owner, &leaving).is_err());
    }

    #[test]
    fn not_visible_comes_before_missing() {
        let owned = account(Some("ada@example.org"));
        let bob = person("bob@example.org", false, true);
        let ada = person("ada@example.org", false, true);
        assert_eq!(decide::<can::Login>(&bob, &owned).unwrap_err(), Refusal::NotVisible);
        assert_eq!(
            decide::<can::RemoveAccount>(&ada, &owned).unwrap_err(),
            Refusal::Missing(AccountPrivilege::RemoveAccount)
        );
        let permit = decide::<can::Login>(&ada, &owned).unwrap();
        assert_eq!(permit.grant().account(), owned.id);
        assert_eq!(
            decide_system::<can::AddAccount>(&ada).unwrap_err(),
            Refusal::MissingSystem(SystemPrivilege::AddAccount)
        );
    }
}
