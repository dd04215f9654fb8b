//! The access rules of the database, resolved for fast lookups into one immutable value that is replaced as a whole.
//!
//! One page looks up a person's privileges a thousand times, so they are computed once per policy: people with the same
//! roles share one map from groups to privileges.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;
use std::sync::Arc;

use crate::domain::access::OWNER;
use crate::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivilege, SystemPrivileges};
use crate::domain::{GroupId, RoleId, UserId};

/// Identifies the rules at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PolicyVersion {
    /// Grows with every change of a rule, and goes back if an earlier state of the database is restored.
    pub number: i64,
    /// Random for each change, so that no other rules ever have the same version.
    pub stamp: i64,
}

impl fmt::Display for PolicyVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.number, self.stamp)
    }
}

impl FromStr for PolicyVersion {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        let (number, stamp) = text.split_once(':').unwrap_or((text, ""));
        Ok(Self { number: number.parse()?, stamp: stamp.parse()? })
    }
}

/// The rows of the rules, in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyRows {
    pub version: PolicyVersion,
    /// Who has which role, once for each source.
    pub members: Vec<(UserId, RoleId)>,
    /// The privileges of roles for the accounts of groups.
    pub cells: Vec<(GroupId, RoleId, AccountPrivilege)>,
    /// The system privileges of roles.
    pub system: Vec<(RoleId, SystemPrivilege)>,
}

/// The privileges of one role, or of all roles of a person together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Role {
    /// System privileges.
    pub system: SystemPrivileges,
    /// Privileges for the accounts of each group. Sets without `view` are left out: without it no other privilege counts.
    pub groups: HashMap<GroupId, AccountPrivileges>,
}

impl Role {
    /// The privileges for the accounts of a group.
    pub fn in_group(&self, group: GroupId) -> AccountPrivileges {
        self.groups.get(&group).copied().unwrap_or(AccountPrivileges::NONE)
    }

    /// Whether it has all privileges of `other`.
    pub fn covers(&self, other: &Self) -> bool {
        self.system.contains(other.system)
            && other.groups.iter().all(|(group, set)| self.in_group(*group).contains(*set))
    }

    fn join(&mut self, other: &Self) {
        self.system = self.system.union(other.system);
        for (group, set) in &other.groups {
            let mine = self.groups.entry(*group).or_insert(AccountPrivileges::NONE);
            *mine = mine.union(*set);
        }
    }
}

/// A person's roles, and their combined privileges.
#[derive(Clone, Debug)]
struct Holder {
    roles: Arc<[RoleId]>,
    rights: Arc<Role>,
}

/// All access rules at one moment.
#[derive(Debug)]
pub struct Policy {
    version: PolicyVersion,
    owner: AccountPrivileges,
    roles: BTreeMap<RoleId, Role>,
    holders: HashMap<UserId, Holder>,
}

impl Default for Policy {
    fn default() -> Self {
        Self::new(&PolicyRows::default(), OWNER)
    }
}

impl Policy {
    /// The policy of these rows; `owner` are the privileges of an account's owner.
    pub fn new(rows: &PolicyRows, owner: AccountPrivileges) -> Self {
        let roles = resolved(rows);
        let mut by_person: HashMap<UserId, BTreeSet<RoleId>> = HashMap::new();
        for (person, role) in &rows.members {
            by_person.entry(*person).or_default().insert(*role);
        }
        let mut shared: HashMap<BTreeSet<RoleId>, Holder> = HashMap::new();
        let mut holders = HashMap::with_capacity(by_person.len());
        for (person, set) in by_person {
            let holder = shared.entry(set).or_insert_with_key(|set| {
                let mut rights = Role::default();
                set.iter().filter_map(|role| roles.get(role)).for_each(|role| rights.join(role));
                Holder { roles: set.iter().copied().collect(), rights: Arc::new(rights) }
            });
            holders.insert(person, holder.clone());
        }
        Self { version: rows.version, owner: without_view_nothing(owner), roles, holders }
    }

    /// The version of the rows.
    pub fn version(&self) -> PolicyVersion {
        self.version
    }

    /// The privileges of an account's owner.
    pub fn owner(&self) -> AccountPrivileges {
        self.owner
    }

    /// The privileges of a role; none if it has no rows.
    pub fn role(&self, role: RoleId) -> Option<&Role> {
        self.roles.get(&role)
    }

    /// The roles that have any privilege, by id.
    pub fn roles(&self) -> impl Iterator<Item = (RoleId, &Role)> {
        self.roles.iter().map(|(id, role)| (*id, role))
    }

    /// The roles of a person.
    pub fn roles_of(&self, person: UserId) -> &[RoleId] {
        self.holders.get(&person).map(|holder| &*holder.roles).unwrap_or_default()
    }

    /// The combined privileges of these roles.
    pub fn rights_of_roles(&self, roles: &[RoleId]) -> Role {
        let mut rights = Role::default();
        roles.iter().filter_map(|role| self.roles.get(role)).for_each(|role| rights.join(role));
        rights
    }

    /// The combined privileges of a person's roles; none if the person has no role.
    pub fn rights_of(&self, person: UserId) -> Option<&Role> {
        self.holders.get(&person).map(|holder| &*holder.rights)
    }

    /// The people who have a role, in no particular order.
    pub fn holders(&self) -> impl Iterator<Item = (UserId, &[RoleId])> {
        self.holders.iter().map(|(person, holder)| (*person, &*holder.roles))
    }

    /// The privileges that at least one role has for the accounts of a group: the most that anyone can gain when an account
    /// joins it.
    pub fn any_role_in(&self, group: GroupId) -> AccountPrivileges {
        self.roles.values().fold(AccountPrivileges::NONE, |all, role| all.union(role.in_group(group)))
    }
}

fn resolved(rows: &PolicyRows) -> BTreeMap<RoleId, Role> {
    let mut roles: BTreeMap<RoleId, Role> = BTreeMap::new();
    for (group, role, privilege) in &rows.cells {
        let set = roles.entry(*role).or_default().groups.entry(*group).or_insert(AccountPrivileges::NONE);
        *set = set.union(AccountPrivileges::of(&[*privilege]));
    }
    for role in roles.values_mut() {
        role.groups.retain(|_, set| set.has(AccountPrivilege::View));
    }
    for (role, privilege) in &rows.system {
        let role = roles.entry(*role).or_default();
        role.system = role.system.union(SystemPrivileges::of(&[*privilege]));
    }
    roles
}

const fn without_view_nothing(set: AccountPrivileges) -> AccountPrivileges {
    if set.has(AccountPrivilege::View) { set } else { AccountPrivileges::NONE }
}
