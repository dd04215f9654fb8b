//! Classes of people with the same rights, so that what is computed for one of them can be shared by all.

use super::{PENDING_REMOVAL, Policy, Principal, Role};
use crate::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivileges};
use crate::domain::{Account, DesiredState, Email, RoleId};

/// What a principal's rights depend on, apart from the policy.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RightsClass {
    /// Administrators and the system.
    Everything,
    Limited {
        /// The verified address of a person who owns accounts.
        owner: Option<Email>,
        roles: Box<[RoleId]>,
    },
}

impl RightsClass {
    /// `owns` says whether the person with an address owns any account.
    pub fn of(policy: &Policy, principal: &Principal, owns: impl FnOnce(&Email) -> bool) -> Self {
        match principal {
            Principal::System(_) | Principal::Cli => Self::Everything,
            Principal::User(person) if person.admin => Self::Everything,
            // It sees no lists, so nothing is shared.
            Principal::Invite(_) => Self::Limited { owner: None, roles: Box::default() },
            Principal::User(person) => Self::Limited {
                owner: (person.verified && owns(&person.email)).then(|| person.email.clone()),
                roles: policy.roles_of(person.id).into(),
            },
        }
    }

    /// The rights of this class under a policy.
    pub fn resolve(&self, policy: &Policy) -> ClassRights {
        match self {
            Self::Everything => ClassRights::Everything,
            Self::Limited { owner, roles } => ClassRights::Limited {
                owner: owner.clone(),
                as_owner: policy.owner(),
                rights: policy.rights_of_roles(roles),
            },
        }
    }
}

/// The rights of a class under one policy.
#[derive(Clone, Debug)]
pub enum ClassRights {
    Everything,
    Limited { owner: Option<Email>, as_owner: AccountPrivileges, rights: Role },
}

impl ClassRights {
    /// The same as [`privileges`](super::privileges) for each principal of the class.
    pub fn privileges(&self, account: &Account) -> AccountPrivileges {
        let set = match self {
            Self::Everything => AccountPrivileges::ALL,
            Self::Limited { owner, as_owner, rights } => {
                let owns = owner.is_some() && account.owner == *owner;
                let own = if owns { *as_owner } else { AccountPrivileges::NONE };
                account.groups.iter().fold(own, |set, group| set.union(rights.in_group(*group)))
            }
        };
        if account.wanted == DesiredState::Removed { set.intersection(PENDING_REMOVAL) } else { set }
    }

    pub fn sees(&self, account: &Account) -> bool {
        self.privileges(account).has(AccountPrivilege::View)
    }

    /// Whether roles give access to the accounts of any group.
    pub fn has_groups(&self) -> bool {
        match self {
            Self::Everything => true,
            Self::Limited { rights, .. } => !rights.groups.is_empty(),
        }
    }

    pub fn system(&self) -> SystemPrivileges {
        match self {
            Self::Everything => SystemPrivileges::ALL,
            Self::Limited { rights, .. } => rights.system,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::{Person, PolicyRows, PolicyVersion, privileges, system_privileges};
    use crate::domain::privilege::SystemPrivilege;
    use crate::domain::{AccountId, GroupId, Millis, Phone, RequestInfo, UserId};

    /// Every combination of two roles, ownership, verification and administrator rights, on every kind of account.
    #[test]
    fn a_class_may_do_what_each_of_its_members_may() {
        let (groups, roles) =
            ([GroupId::generate(), GroupId::generate()], [RoleId::generate(), RoleId::generate()]);
        let address = |name: &str| Email::parse(&format!("{name}@example.org")).unwrap();
        let people: Vec<UserId> = (0..4).map(|_| UserId::generate()).collect();
        let rows = PolicyRows {
            version: PolicyVersion::default(),
            members: vec![
                (people[1], roles[0]),
                (people[2], roles[1]),
                (people[3], roles[0]),
                (people[3], roles[1]),
            ],
            cells: vec![
                (groups[0], roles[0], AccountPrivilege::View),
                (groups[0], roles[1], AccountPrivilege::View),
                (groups[0], roles[1], AccountPrivilege::Login),
                (groups[1], roles[1], AccountPrivilege::View),
                (groups[1], roles[1], AccountPrivilege::RemoveAccount),
            ],
            system: vec![(roles[0], SystemPrivilege::AddAccount)],
        };
        let policy = Policy::new(&rows, crate::domain::access::OWNER);
        let mut accounts = Vec::new();
        for owner in [None, Some(address("ada")), Some(address("bob"))] {
            for of in [&groups[..0], &groups[..1], &groups[1..], &groups[..]] {
                for wanted in [DesiredState::Connected, DesiredState::Removed] {
                    accounts.push(Account {
                        id: AccountId::generate(),
                        identifier: Phone::test(1, 1).into(),
                        owner: owner.clone(),
                        comment: String::new(),
                        groups: of.to_vec(),
                        wanted,
                        folder: String::new(),
                        created: Millis(0),
                    });
                }
            }
        }
        let mut classes = std::collections::HashSet::new();
        for id in &people {
            for name in ["ada", "carol", "dan"] {
                for (admin, verified) in [(false, true), (false, false), (true, true)] {
                    let email = address(name);
                    let origin = RequestInfo::default();
                    let person = Person { id: *id, email, verified, admin, confirmed: None, origin };
                    let principal = Principal::User(person);
                    let owns = |email: &Email| accounts.iter().any(|it| it.owner.as_ref() == Some(email));
                    let class = RightsClass::of(&policy, &principal, owns);
                    let rights = class.resolve(&policy);
                    for account in &accounts {
                        assert_eq!(
                            rights.privileges(account),
                            privileges(&policy, &principal, account),
                            "{principal:?} {account:?}"
                        );
                    }
                    assert_eq!(rights.system(), system_privileges(&policy, &principal));
                    classes.insert(class);
                }
            }
        }
        assert_eq!(
            classes.len(),
            1 + 4 + 4,
            "administrators, each set of roles, and each set with ada's own"
        );
    }
}
