//! What an access manager may change: they can only grant what they have themselves.
//!
//! Administrators have every privilege, so they may grant every privilege. Other people with `manage_access` may grant to
//! others what they have themselves. They can't change their own roles, people with more permissions, or who is an
//! administrator. Taking away is free, except from people with more permissions: it makes no one stronger. What takes
//! something from a role, or an account from a group, is judged for each person who loses it.
//!
//! Under these rules a set of access managers can't gain a privilege that none of them had, whatever they change and in
//! whatever order; a property test in `tests/it` checks random sequences.

use crate::domain::access::{Policy, Principal, Role, privileges};
use crate::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivilege, SystemPrivileges};
use crate::domain::{Account, Email, GroupId, RoleId, UserId};

/// A person whom a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    pub id: UserId,
    /// Whether this is an administrator.
    pub admin: bool,
}

/// One change of the policy.
#[derive(Clone, Copy, Debug)]
pub enum PolicyChange<'a> {
    /// Sets a role's privileges for the accounts of a group.
    Cell(GroupId, RoleId, AccountPrivileges),
    /// Sets a role's system privileges.
    System(RoleId, SystemPrivileges),
    /// Renames a role: the identity provider assigns roles by name.
    Rename(RoleId),
    /// A role is deleted.
    Delete(RoleId),
    /// A person gets a role.
    Give(Subject, RoleId),
    /// A person loses a role.
    Take(Subject, RoleId),
    /// Blocks, unblocks or signs out a person, or unlinks their identity.
    Person(Subject),
    /// These people lose some of what their roles give them.
    Strip(&'a [Subject]),
    /// Makes a person an administrator, or stops them from being one.
    Rank,
    /// Stops requiring approvals or confirmations to show the secrets of a group's accounts.
    NoApproval,
    /// Adds an account to a group.
    Join(&'a Account, GroupId),
    /// Puts an account that someone else brings in into a group.
    Invite(GroupId),
    /// Sets an account's owner to the person with this address.
    Owner(&'a Account, &'a Email),
    /// Takes an account from its owner, who may be unknown.
    Disown(&'a Account, Option<Subject>),
}

/// Why a change is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EscalationError {
    /// It would grant an account privilege that the actor doesn't have in that place.
    Account(AccountPrivilege),
    /// It would grant a system privilege that the actor doesn't have.
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

/// Whether `actor`, who has `manage_access`, may make this change.
pub fn authorize_change(
    rules: &Policy,
    actor: &Principal,
    change: PolicyChange<'_>,
) -> Result<(), EscalationError> {
    let person = match actor {
        Principal::Cli | Principal::System(_) => return Ok(()),
        Principal::User(person) => person,
        Principal::Invite(_) => return Err(EscalationError::AdministratorsOnly),
    };
    // Administrators included: a role that they gave themselves would outlast their administrator rights.
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
            has_accounts(privileges(rules, actor, account), rules.any_role_in(group))
        }
        PolicyChange::Invite(group) => has_accounts(mine.in_group(group), rules.any_role_in(group)),
        // Privileges by roles end with the roles; an actor's privileges as an owner would not.
        PolicyChange::Owner(_, owner) if *owner == person.email => Err(EscalationError::OwnAccount),
        PolicyChange::Owner(account, _) => has_accounts(privileges(rules, actor, account), rules.owner()),
        PolicyChange::Disown(account, owner) => {
            owner.map_or(Ok(()), |owner| not_above(rules, mine, owner))?;
            match has_accounts(privileges(rules, actor, account), rules.owner()) {
                Ok(()) => Ok(()),
                Err(_) => Err(EscalationError::Above),
            }
        }
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
