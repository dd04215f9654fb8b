//! How long a decision takes in a large organisation: 10,000 people, 1,000 accounts, 50 roles, 30 groups.

use std::time::Instant;

use telescope::domain::access::{
    OWNER, Person, Policy, PolicyRows, Principal, decide, policy_diff, privileges,
};
use telescope::domain::privilege::{AccountPrivilege, AccountPrivileges, can};
use telescope::domain::{
    Account, AccountId, DesiredState, Email, GroupId, Millis, Phone, RequestInfo, RoleId, UserId,
};

const PEOPLE: usize = 10_000;
const ACCOUNTS: u16 = 1_000;
const ROLES: usize = 50;
const GROUPS: usize = 30;

/// The limit is generous, since the machine may be busy and the build unoptimised; the figures are printed.
#[test]
fn decisions_are_fast_in_a_large_organisation() {
    let roles: Vec<RoleId> = (0..ROLES).map(|_| RoleId::generate()).collect();
    let groups: Vec<GroupId> = (0..GROUPS).map(|_| GroupId::generate()).collect();
    let people: Vec<UserId> = (0..PEOPLE).map(|_| UserId::generate()).collect();
    let mut rows = PolicyRows::default();
    for (at, person) in people.iter().enumerate() {
        rows.members.extend((0..2).map(|nth| (*person, roles[(at * 7 + nth * 11) % ROLES])));
    }
    for (at, role) in roles.iter().enumerate() {
        for group in groups.iter().skip(at % 3).step_by(3) {
            rows.cells.extend(AccountPrivilege::ALL.iter().take(1 + at % 8).map(|one| (*group, *role, *one)));
        }
    }
    let accounts: Vec<Account> = (0..ACCOUNTS)
        .map(|number| Account {
            id: AccountId::generate(),
            identifier: Phone::test(1, number).into(),
            owner: None,
            comment: String::new(),
            groups: (0..3).map(|nth| groups[(usize::from(number) + nth * 6) % GROUPS]).collect(),
            wanted: DesiredState::Connected,
            folder: String::new(),
            created: Millis(0),
        })
        .collect();

    let begun = Instant::now();
    let rules = Policy::new(&rows, OWNER);
    let made = begun.elapsed();
    let actors: Vec<Principal> = people
        .iter()
        .step_by(100)
        .map(|id| {
            let email = Email::parse("ada@example.org").unwrap();
            Principal::User(Person {
                id: *id,
                email,
                verified: true,
                admin: false,
                confirmed: None,
                origin: RequestInfo::default(),
            })
        })
        .collect();
    let begun = Instant::now();
    let mut seen = 0usize;
    for actor in &actors {
        for account in &accounts {
            seen += usize::from(privileges(&rules, actor, account).has(AccountPrivilege::View));
        }
    }
    let each = begun.elapsed() / u32::try_from(actors.len() * accounts.len()).unwrap();
    let begun = Instant::now();
    let allowed =
        accounts.iter().filter(|account| decide::<can::Login>(&rules, &actors[0], account).is_ok()).count();
    let decided = begun.elapsed() / u32::from(ACCOUNTS);
    let begun = Instant::now();
    rows.cells.push((groups[0], roles[0], AccountPrivilege::ViewContacts));
    let after = Policy::new(&rows, OWNER);
    let moved: Vec<_> = accounts
        .iter()
        .map(|account| (account.clone(), Account { groups: vec![groups[1]], ..account.clone() }))
        .collect();
    let changes = policy_diff(&rules, &after, &moved, &std::collections::HashSet::new());
    let previewed = begun.elapsed();
    eprintln!(
        "rights of {PEOPLE} people: built in {made:?}, {each:?} for a set, {decided:?} for a decision with its proof; \
         a preview that moves every account: {previewed:?}"
    );
    assert!(seen > 0 && allowed < accounts.len() && !changes.is_empty());
    assert!(AccountPrivileges::ALL.contains(rules.any_role_in(groups[0])));
    assert!(each.as_micros() < 100 && decided.as_micros() < 250, "{each:?}, {decided:?}");
    assert!(made.as_secs() < 20 && previewed.as_secs() < 60, "{made:?}, {previewed:?}");
}
