//! What people gain and lose by a policy change, for the preview before it is saved.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::domain::access::{Policy, Role};
use crate::domain::privilege::{AccountPrivileges, SystemPrivileges};
use crate::domain::{Account, AccountId, GroupId, UserId};

/// What people gain and lose in one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PrivilegeDelta {
    /// System privileges.
    System { gained: SystemPrivileges, lost: SystemPrivileges },
    /// Privileges for the accounts of a group.
    Group { group: GroupId, gained: AccountPrivileges, lost: AccountPrivileges },
    /// Privileges for one account that was moved between groups.
    Account { account: AccountId, gained: AccountPrivileges, lost: AccountPrivileges },
}

/// An account that joins or leaves groups: before and after.
pub type Moved = (Account, Account);

/// Who gains and loses what between two policies. Administrators, who have everything in both, are left out; so are the
/// privileges of owners.
pub fn policy_diff(
    before: &Policy,
    after: &Policy,
    moved: &[Moved],
    administrators: &HashSet<UserId>,
) -> BTreeMap<PrivilegeDelta, BTreeSet<UserId>> {
    let mut policy_diff: BTreeMap<PrivilegeDelta, BTreeSet<UserId>> = BTreeMap::new();
    let people: BTreeSet<UserId> =
        before.holders().chain(after.holders()).map(|(person, _)| person).collect();
    let nothing = Role::default();
    // People with the same roles are affected in the same way.
    let mut alike: HashMap<_, Vec<UserId>> = HashMap::new();
    for person in people.difference(&administrators.iter().copied().collect()) {
        let roles = (before.roles_of(*person), after.roles_of(*person));
        alike.entry(roles).or_default().push(*person);
    }
    for people in alike.values() {
        let Some(one) = people.first() else { continue };
        let (had, has) =
            (before.rights_of(*one).unwrap_or(&nothing), after.rights_of(*one).unwrap_or(&nothing));
        let changes =
            in_system(had, has).into_iter().chain(in_groups(had, has)).chain(in_accounts(has, moved));
        for change in changes {
            policy_diff.entry(change).or_default().extend(people);
        }
    }
    policy_diff
}

fn in_system(had: &Role, has: &Role) -> Option<PrivilegeDelta> {
    let (gained, lost) = (has.system.without(had.system), had.system.without(has.system));
    (gained != lost).then_some(PrivilegeDelta::System { gained, lost })
}

fn in_groups(had: &Role, has: &Role) -> Vec<PrivilegeDelta> {
    let groups: BTreeSet<GroupId> = had.groups.keys().chain(has.groups.keys()).copied().collect();
    let effect = |group| {
        let (had, has) = (had.in_group(group), has.in_group(group));
        let (gained, lost) = (has.without(had), had.without(has));
        (gained != lost).then_some(PrivilegeDelta::Group { group, gained, lost })
    };
    groups.into_iter().filter_map(effect).collect()
}

fn in_accounts(has: &Role, moved: &[Moved]) -> Vec<PrivilegeDelta> {
    let together = |account: &Account| {
        account.groups.iter().fold(AccountPrivileges::NONE, |all, group| all.union(has.in_group(*group)))
    };
    let effect = |(before, after): &Moved| {
        let (had, has) = (together(before), together(after));
        let (gained, lost) = (has.without(had), had.without(has));
        (gained != lost).then_some(PrivilegeDelta::Account { account: after.id, gained, lost })
    };
    moved.iter().filter_map(effect).collect()
}
