//! Why a person has a privilege or not: the rules behind a decision.
//!
//! The explanation uses the same rules as the decision, but goes from each privilege to the rules that grant it. A
//! property test checks that both agree.

use super::{PENDING_REMOVAL, Person, Policy};
use crate::domain::privilege::{AccountPrivilege, SystemPrivilege};
use crate::domain::{Account, DesiredState, GroupId, RoleId, UserId};

/// What grants a privilege.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    Administrator,
    /// Ownership of the account, by the setting OWNER_PRIVILEGES.
    Owner,
    /// A role of the person, in a group of the account.
    Role {
        /// Which role.
        role: RoleId,
        group: GroupId,
    },
    /// A role of the person, for a system privilege.
    System {
        /// Which role.
        role: RoleId,
    },
}

/// Why a person doesn't have a privilege.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DenyReason {
    /// No rule grants it.
    NoRule,
    /// The person owns the account, but the present identity does not prove the address.
    Unverified,
    /// The account is being removed, which leaves only the privileges that a removal needs.
    Leaving,
}

/// One privilege, and what grants it or why it is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained<P> {
    pub privilege: P,
    /// What grants it. Each source alone would be enough.
    pub sources: Vec<Source>,
    /// Why it is missing; None if it is granted.
    pub withheld: Option<DenyReason>,
}

/// Explains every privilege of a person on an account.
pub fn explain(rules: &Policy, person: &Person, account: &Account) -> Vec<Explained<AccountPrivilege>> {
    AccountPrivilege::ALL.iter().map(|privilege| one(rules, person, account, *privilege)).collect()
}

fn one(
    rules: &Policy,
    person: &Person,
    account: &Account,
    privilege: AccountPrivilege,
) -> Explained<AccountPrivilege> {
    let owner = account.owner.as_ref() == Some(&person.email) && rules.owner().has(privilege);
    let mut sources = Vec::new();
    if person.admin {
        sources.push(Source::Administrator);
    }
    if owner && person.verified {
        sources.push(Source::Owner);
    }
    sources.extend(by_roles(rules, person.id, account, privilege));
    let withheld = if sources.is_empty() && owner {
        Some(DenyReason::Unverified)
    } else if sources.is_empty() {
        Some(DenyReason::NoRule)
    } else if is_leaving(account, privilege) {
        Some(DenyReason::Leaving)
    } else {
        None
    };
    Explained { privilege, sources, withheld }
}

fn by_roles(rules: &Policy, person: UserId, account: &Account, privilege: AccountPrivilege) -> Vec<Source> {
    let mut sources = Vec::new();
    for role in rules.roles_of(person) {
        for group in &account.groups {
            if rules.role(*role).is_some_and(|gives| gives.in_group(*group).has(privilege)) {
                sources.push(Source::Role { role: *role, group: *group });
            }
        }
    }
    sources
}

/// Explains every system privilege of a person.
pub fn explain_system(rules: &Policy, person: &Person) -> Vec<Explained<SystemPrivilege>> {
    let explained = |privilege: &SystemPrivilege| {
        let mut sources = Vec::new();
        if person.admin {
            sources.push(Source::Administrator);
        }
        let roles = rules.roles_of(person.id).iter();
        let giving = roles.filter(|role| rules.role(**role).is_some_and(|role| role.system.has(*privilege)));
        sources.extend(giving.map(|role| Source::System { role: *role }));
        let withheld = sources.is_empty().then_some(DenyReason::NoRule);
        Explained { privilege: *privilege, sources, withheld }
    };
    SystemPrivilege::ALL.iter().map(explained).collect()
}

/// Whether a privilege is suspended for everyone because the account is being removed.
pub fn is_leaving(account: &Account, privilege: AccountPrivilege) -> bool {
    account.wanted == DesiredState::Removed && !PENDING_REMOVAL.has(privilege)
}

/// The people who have a privilege on an account by their roles, with those roles. Administrators and the owner are not
/// included.
pub fn holders(rules: &Policy, account: &Account, privilege: AccountPrivilege) -> Vec<(UserId, Vec<Source>)> {
    if is_leaving(account, privilege) {
        return Vec::new();
    }
    let giving = |person| by_roles(rules, person, account, privilege);
    let mut holders: Vec<_> = rules
        .holders()
        .map(|(person, _)| (person, giving(person)))
        .filter(|(_, sources)| !sources.is_empty())
        .collect();
    holders.sort();
    holders
}
