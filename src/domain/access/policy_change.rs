//! What an access manager may change: they can only grant what they have themselves.
//!
//! An administrator has everything, so they may grant everything. Others with `manage_access` may grant what they have
//! themselves, to other people. They can't change their own roles, people with more permissions, or anyone's rank.
//! Taking away is free, except from people with more permissions: it makes no one stronger. What takes something from a
//! role is judged for each person who has it.
//!
//! These rules are enough so that people who arrange access, however many and in whatever order, never reach more
//! together than they had together before; a property test in `tests/it` tries that at random.

use crate::domain::access::{Policy, Principal, Role, privileges};
use crate::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivilege, SystemPrivileges};
use crate::domain::{Account, Email, GroupId, RoleId, UserId};

/// A person whom a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Who it is.
    pub id: UserId,
    /// Whether this is an administrator.
    pub admin: bool,
}

/// One change of the policy.
#[derive(Clone, Copy, Debug)]
pub enum PolicyChange<'a> {
    /// A role may do this with the accounts of a group from now on.
    Cell(GroupId, RoleId, AccountPrivileges),
    /// A role may do this with the system from now on.
    System(RoleId, SystemPrivileges),
    /// A role is called otherwise: the identity provider puts people into roles by their names.
    Rename(RoleId),
    /// A role is deleted.
    Delete(RoleId),
    /// A person gets a role.
    Give(Subject, RoleId),
    /// A person loses a role.
    Take(Subject, RoleId),
    /// A person is shut out, let in, signed out, or may be taken for another.
    Person(Subject),
    /// These people lose some of what their roles give them.
    Strip(&'a [Subject]),
    /// A person becomes an administrator, or is no longer one.
    Rank,
    /// A secret of a group's accounts is shown without a second person's approval from now on.
    NoApproval,
    /// An account comes into a group.
    Join(&'a Account, GroupId),
    /// An account has another owner, of this address.
    Owner(&'a Account, &'a Email),
}

/// Why a change is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EscalationError {
    /// It would give privileges on accounts that the actor has not got there.
    Account(AccountPrivilege),
    /// It would give a privilege on the system that the actor has not got.
    System(SystemPrivilege),
    /// It is about the actor's own roles.
    OwnRoles,
    /// It would make the actor the owner of an account.
    OwnAccount,
    /// It is about a person with more permissions than the actor.
    Above,
    /// It is for administrators only.
    AdministratorsOnly,
}

/// Whether `actor`, who may arrange access, may make this change.
pub fn authorize_change(
    rules: &Policy,
    actor: &Principal,
    change: PolicyChange<'_>,
) -> Result<(), EscalationError> {
    let person = match actor {
        Principal::Cli | Principal::System(_) => return Ok(()),
        Principal::User(person) => person,
    };
    // This holds for administrators too: what they gave themselves would outlast their rank.
    if let PolicyChange::Give(subject, _) | PolicyChange::Take(subject, _) = change
        && subject.id == person.id
    {
        return Err(EscalationError::OwnRoles);
    }
    if person.admin {
        return Ok(());
    }
    let nothing = Role::default();
    let mine = rules.rights_of(person.id).unwrap_or(&nothing);
    let holds = |role| rules.roles_of(person.id).contains(&role);
    match change {
        PolicyChange::Rank | PolicyChange::NoApproval => Err(EscalationError::AdministratorsOnly),
        PolicyChange::Cell(_, role, _)
        | PolicyChange::System(role, _)
        | PolicyChange::Rename(role)
        | PolicyChange::Delete(role)
            if holds(role) =>
        {
            Err(EscalationError::OwnRoles)
        }
        PolicyChange::Cell(group, role, now) => {
            let before = rules.role(role).map_or(AccountPrivileges::NONE, |role| role.in_group(group));
            has_accounts(mine.in_group(group), now.without(before))
        }
        PolicyChange::System(role, now) => {
            let before = rules.role(role).map_or(SystemPrivileges::NONE, |role| role.system);
            has_system(mine.system, now.without(before))
        }
        PolicyChange::Delete(_) => Ok(()),
        PolicyChange::Rename(role) => has_all(mine, rules.role(role).unwrap_or(&nothing)),
        PolicyChange::Give(subject, role) => {
            not_above(rules, mine, subject)?;
            has_all(mine, rules.role(role).unwrap_or(&nothing))
        }
        PolicyChange::Take(subject, _) | PolicyChange::Person(subject) => not_above(rules, mine, subject),
        PolicyChange::Strip(people) => people.iter().try_for_each(|subject| not_above(rules, mine, *subject)),
        PolicyChange::Join(account, group) => {
            has_accounts(privileges(rules, actor, account), rules.anybody_in(group))
        }
        // Rights by roles end with the roles; rights as an owner would not.
        PolicyChange::Owner(_, owner) if *owner == person.email => Err(EscalationError::OwnAccount),
        PolicyChange::Owner(account, _) => has_accounts(privileges(rules, actor, account), rules.owner()),
    }
}

fn not_above(rules: &Policy, mine: &Role, subject: Subject) -> Result<(), EscalationError> {
    let theirs = rules.rights_of(subject.id);
    if subject.admin || theirs.is_some_and(|theirs| !mine.covers(theirs)) {
        return Err(EscalationError::Above);
    }
    Ok(())
}

fn has_all(mine: &Role, given: &Role) -> Result<(), EscalationError> {
    has_system(mine.system, given.system)?;
    given.groups.iter().try_for_each(|(group, set)| has_accounts(mine.in_group(*group), *set))
}

fn has_accounts(mine: AccountPrivileges, given: AccountPrivileges) -> Result<(), EscalationError> {
    match given.without(mine).iter().next() {
        Some(missing) => Err(EscalationError::Account(missing)),
        None => Ok(()),
    }
}

fn has_system(mine: SystemPrivileges, given: SystemPrivileges) -> Result<(), EscalationError> {
    match given.without(mine).iter().next() {
        Some(missing) => Err(EscalationError::System(missing)),
        None => Ok(()),
    }
}
