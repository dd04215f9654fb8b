//! Small random organisations: a few people, roles, groups and accounts with random rows.

use proptest::prelude::*;
use telescope::domain::access::{Person, Policy, PolicyRows, PolicyVersion, Principal, Subject};
use telescope::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivilege};
use telescope::domain::{
    Account, AccountId, DesiredState, Email, GroupId, Millis, Phone, RequestInfo, RoleId, UserId,
};

pub const PEOPLE: usize = 5;
pub const ROLES: usize = 4;
pub const GROUPS: usize = 3;
pub const ACCOUNTS: usize = 4;

#[derive(Clone, Debug)]
pub struct World {
    pub people: Vec<Person>,
    pub roles: Vec<RoleId>,
    pub groups: Vec<GroupId>,
    pub accounts: Vec<Account>,
    pub rows: PolicyRows,
    pub owner: AccountPrivileges,
}

impl World {
    pub fn rules(&self) -> Policy {
        Policy::new(&self.rows, self.owner)
    }

    pub fn actor(&self, person: usize) -> Principal {
        Principal::User(self.people[person].clone())
    }

    pub fn subject(&self, person: usize) -> Subject {
        Subject { id: self.people[person].id, admin: self.people[person].admin }
    }
}

/// Any subset, as bits.
pub fn account_set(bits: u16) -> AccountPrivileges {
    AccountPrivilege::ALL
        .iter()
        .copied()
        .enumerate()
        .filter(|(at, _)| bits >> at & 1 == 1)
        .map(|(_, one)| one)
        .collect()
}

/// The random values that an organisation is made from.
type Seeds = (
    Vec<(bool, bool)>,
    Vec<(usize, usize)>,
    Vec<(usize, usize, u16)>,
    Vec<(usize, usize)>,
    Vec<(Option<usize>, u8, bool)>,
    u16,
);

pub fn worlds() -> impl Strategy<Value = World> {
    let seeds = (
        prop::collection::vec((prop::bool::weighted(0.15), prop::bool::weighted(0.8)), PEOPLE),
        prop::collection::vec((0..PEOPLE, 0..ROLES), 0..10),
        prop::collection::vec((0..GROUPS, 0..ROLES, any::<u16>()), 0..10),
        prop::collection::vec((0..ROLES, 0..SystemPrivilege::ALL.len()), 0..8),
        prop::collection::vec(
            (prop::option::of(0..PEOPLE), 0..(1u8 << GROUPS), prop::bool::weighted(0.1)),
            ACCOUNTS,
        ),
        any::<u16>(),
    );
    seeds.prop_map(world)
}

fn world((people, members, cells, system, accounts, owner): Seeds) -> World {
    let people: Vec<Person> = people
        .into_iter()
        .enumerate()
        .map(|(number, (admin, verified))| Person {
            id: UserId::generate(),
            email: Email::parse(&format!("person{number}@example.org")).unwrap(),
            verified,
            admin,
            confirmed: None,
            origin: RequestInfo::default(),
        })
        .collect();
    let roles: Vec<RoleId> = (0..ROLES).map(|_| RoleId::generate()).collect();
    let groups: Vec<GroupId> = (0..GROUPS).map(|_| GroupId::generate()).collect();
    let accounts = (0u16..)
        .zip(accounts)
        .map(|(number, (owner, bits, leaving))| Account {
            id: AccountId::generate(),
            identifier: Phone::test(2, number).into(),
            owner: owner.map(|person| people[person].email.clone()),
            comment: String::new(),
            groups: groups
                .iter()
                .copied()
                .enumerate()
                .filter(|(at, _)| bits >> at & 1 == 1)
                .map(|(_, id)| id)
                .collect(),
            wanted: if leaving { DesiredState::Removed } else { DesiredState::Connected },
            folder: String::new(),
            created: Millis(0),
        })
        .collect();
    let rows = PolicyRows {
        version: PolicyVersion::default(),
        members: members.into_iter().map(|(person, role)| (people[person].id, roles[role])).collect(),
        cells: cells
            .into_iter()
            .flat_map(|(group, role, bits)| {
                // Mostly with view, without which the other privileges would not count.
                let set = account_set(bits | u16::from(bits % 5 != 0));
                set.iter().map(|one| (groups[group], roles[role], one)).collect::<Vec<_>>()
            })
            .collect(),
        system: system.into_iter().map(|(role, one)| (roles[role], SystemPrivilege::ALL[one])).collect(),
    };
    World { people, roles, groups, accounts, rows, owner: account_set(owner) }
}
