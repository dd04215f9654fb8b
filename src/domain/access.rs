//! Authorization: every decision is made here, and yields a proof.
//!
//! Only [`decide`] can create a [`Permit`]. It proves that this actor may use that privilege on that account, and
//! operations take the account from it and from nowhere else. So a check can't be forgotten: without it there is nothing
//! to call the operation with.
//!
//! This compiles:
//!
//! ```
//! use telescope::domain::access::{Policy, Principal, Grant, decide};
//! use telescope::domain::{Account, privilege::can};
//!
//! fn operation(_: Grant<'_, can::Login>) {}
//! fn page(rules: &Policy, actor: &Principal, account: &Account) {
//!     if let Ok(permit) = decide::<can::Login>(rules, actor, account) {
//!         operation(permit.grant());
//!     }
//! }
//! ```
//!
//! A different privilege doesn't compile:
//!
//! ```compile_fail
//! # use telescope::domain::access::{Policy, Principal, Grant, decide};
//! # use telescope::domain::{Account, privilege::can};
//! fn operation(_: Grant<'_, can::Login>) {}
//! fn page(rules: &Policy, actor: &Principal, account: &Account) {
//!     if let Ok(permit) = decide::<can::View>(rules, actor, account) {
//!         operation(permit.grant());
//!     }
//! }
//! ```
//!
//! A grant can't be made without a decision, kept for later, or used twice:
//!
//! ```compile_fail
//! # use telescope::domain::{AccountId, access::{Principal, Grant}, privilege::can};
//! fn forged(actor: &Principal, account: AccountId) -> Grant<'_, can::Login> {
//!     Grant { actor, account, privilege: std::marker::PhantomData }
//! }
//! ```
//!
//! ```compile_fail
//! # use telescope::domain::{Account, access::{Policy, Principal, Grant, decide}, privilege::can};
//! fn kept(rules: &Policy, actor: &Principal, account: &Account) -> Grant<'static, can::Login> {
//!     decide::<can::Login>(rules, actor, account).unwrap().grant()
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
//! The rules: an administrator has every privilege. The owner of an account (a person with its verified owner e-mail
//! address) has those of the setting OWNER_PRIVILEGES, by default [`OWNER`]. Other people have those that their roles
//! grant in the account's groups, so an account without groups is accessible only to its owner and to administrators.
//! Without `view` no other privilege counts, neither for the owner nor in what a role grants in a group.

pub mod diff;
mod explain;
mod grant;
pub mod policy;
pub mod policy_change;
pub mod principal;
pub mod recent_grants;
mod rights_class;

pub use diff::{Moved, PrivilegeDelta, policy_diff};
pub use explain::{DenyReason, Explained, Source, explain, explain_system, holders, is_leaving};
pub use grant::{Grant, Permit, SystemGrant, SystemPermit};
pub use policy::{Policy, PolicyRows, PolicyVersion, Role};
pub use policy_change::{EscalationError, PolicyChange, Subject, authorize_change};
pub use principal::{InvitePass, Person, Principal};
pub use recent_grants::{ApproverBy, RecentGrants};
pub use rights_class::{ClassRights, RightsClass};

use super::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivilege, SystemPrivileges, can};
use super::{Account, DesiredState};

/// The owner's privileges by default.
pub const OWNER: AccountPrivileges = AccountPrivileges::of(&[
    AccountPrivilege::View,
    AccountPrivilege::Login,
    AccountPrivilege::EditTwoFactorPassword,
    AccountPrivilege::ManageConnectionState,
]);

/// The privileges that remain on an account that is being removed: to follow the removal and to complete it.
pub const PENDING_REMOVAL: AccountPrivileges =
    AccountPrivileges::of(&[AccountPrivilege::View, AccountPrivilege::RemoveAccount]);

/// What an invite allows on its account.
const INVITED: AccountPrivileges = AccountPrivileges::of(&[
    AccountPrivilege::View,
    AccountPrivilege::Login,
    // The person can store the two-step password that they enter.
    AccountPrivilege::EditTwoFactorPassword,
]);

/// Why access is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The actor must not learn that the account exists.
    NotVisible,
    /// It is visible, but this privilege is missing.
    Missing(AccountPrivilege),
    /// This system privilege is missing.
    MissingSystem(SystemPrivilege),
}

/// What `actor` may do with `account`. Without `view`, nothing.
pub fn privileges(rules: &Policy, actor: &Principal, account: &Account) -> AccountPrivileges {
    let set = match actor {
        Principal::System(_) | Principal::Cli => AccountPrivileges::ALL,
        Principal::User(person) if person.admin => AccountPrivileges::ALL,
        Principal::User(person) => by_rules(rules, person, account),
        // A disconnected account can't be logged in, and connecting it is not part of an invite.
        Principal::Invite(pass)
            if pass.account() == Some(account.id) && account.wanted == DesiredState::Connected =>
        {
            INVITED
        }
        Principal::Invite(_) => AccountPrivileges::NONE,
    };
    if account.wanted == DesiredState::Removed { set.intersection(PENDING_REMOVAL) } else { set }
}

/// The privileges of people who aren't administrators: as owners, and by their roles in the account's groups.
fn by_rules(rules: &Policy, person: &Person, account: &Account) -> AccountPrivileges {
    let owns = person.verified && account.owner.as_ref() == Some(&person.email);
    let mut set = if owns { rules.owner() } else { AccountPrivileges::NONE };
    if let Some(rights) = rules.rights_of(person.id) {
        for group in &account.groups {
            set = set.union(rights.in_group(*group));
        }
    }
    set
}

/// What `actor` may do with the system.
pub fn system_privileges(rules: &Policy, actor: &Principal) -> SystemPrivileges {
    match actor {
        Principal::System(_) | Principal::Cli => SystemPrivileges::ALL,
        Principal::User(person) if person.admin => SystemPrivileges::ALL,
        Principal::User(person) => {
            rules.rights_of(person.id).map_or(SystemPrivileges::NONE, |rights| rights.system)
        }
        Principal::Invite(_) => SystemPrivileges::NONE,
    }
}

/// Decides whether `actor` may use the privilege `P` on `account`.
pub fn decide<P: can::OnAccount>(
    rules: &Policy,
    actor: &Principal,
    account: &Account,
) -> Result<Permit<P>, Refusal> {
    let set = privileges(rules, actor, account);
    if !set.has(AccountPrivilege::View) {
        return Err(Refusal::NotVisible);
    }
    if !set.has(P::PRIVILEGE) {
        return Err(Refusal::Missing(P::PRIVILEGE));
    }
    Ok(Permit::new(actor.clone(), account.id))
}

/// Decides whether `actor` has the system privilege `P`.
pub fn decide_system<P: can::OnSystem>(
    rules: &Policy,
    actor: &Principal,
) -> Result<SystemPermit<P>, Refusal> {
    if !system_privileges(rules, actor).has(P::PRIVILEGE) {
        return Err(Refusal::MissingSystem(P::PRIVILEGE));
    }
    Ok(SystemPermit::new(actor.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{AccountId, Email, Millis, Phone, RequestInfo, UserId};

    fn account(owner: Option<&str>) -> Account {
        Account {
            id: AccountId::generate(),
            identifier: Phone::test(2, 1).into(),
            owner: owner.map(|address| Email::parse(address).unwrap()),
            comment: String::new(),
            groups: vec![],
            wanted: DesiredState::Connected,
            folder: "f".into(),
            created: Millis(0),
        }
    }

    fn person(email: &str, admin: bool, verified: bool) -> Principal {
        let email = Email::parse(email).unwrap();
        Principal::User(Person {
            id: UserId::generate(),
            email,
            verified,
            admin,
            confirmed: None,
            origin: RequestInfo::default(),
        })
    }

    #[test]
    fn each_kind_of_person_gets_the_privileges_of_the_rules() {
        let owned = account(Some("ada@example.org"));
        for (who, actor, expected) in [
            ("administrator", person("root@example.org", true, true), AccountPrivileges::ALL),
            ("owner", person("ada@example.org", false, true), OWNER),
            ("owner, unverified", person("ada@example.org", false, false), AccountPrivileges::NONE),
            ("other", person("bob@example.org", false, true), AccountPrivileges::NONE),
        ] {
            assert_eq!(privileges(&Policy::default(), &actor, &owned), expected, "{who}");
        }
        assert_eq!(
            privileges(&Policy::default(), &person("ada@example.org", false, true), &account(None)),
            AccountPrivileges::NONE
        );
    }

    #[test]
    fn an_account_that_is_being_removed_can_only_be_removed() {
        let leaving = Account { wanted: DesiredState::Removed, ..account(Some("ada@example.org")) };
        assert_eq!(
            privileges(&Policy::default(), &person("root@example.org", true, true), &leaving),
            PENDING_REMOVAL
        );
        let owner = person("ada@example.org", false, true);
        assert_eq!(
            privileges(&Policy::default(), &owner, &leaving),
            AccountPrivileges::of(&[AccountPrivilege::View]),
            "a removal adds no privilege"
        );
        assert!(decide::<can::Login>(&Policy::default(), &owner, &leaving).is_err());
    }

    #[test]
    fn not_visible_comes_before_missing() {
        let owned = account(Some("ada@example.org"));
        let bob = person("bob@example.org", false, true);
        let ada = person("ada@example.org", false, true);
        assert_eq!(decide::<can::Login>(&Policy::default(), &bob, &owned).unwrap_err(), Refusal::NotVisible);
        assert_eq!(
            decide::<can::RemoveAccount>(&Policy::default(), &ada, &owned).unwrap_err(),
            Refusal::Missing(AccountPrivilege::RemoveAccount)
        );
        let permit = decide::<can::Login>(&Policy::default(), &ada, &owned).unwrap();
        assert_eq!(permit.grant().account(), owned.id);
        assert_eq!(
            decide_system::<can::AddAccount>(&Policy::default(), &ada).unwrap_err(),
            Refusal::MissingSystem(SystemPrivilege::AddAccount)
        );
    }
}
