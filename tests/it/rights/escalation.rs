//! Several access managers try random changes together. Whatever is allowed, no one gets privileges on an account that
//! neither they nor the acting managers had before.

use proptest::prelude::*;
use telescope::domain::access::{
    Policy, PolicyChange, Principal, authorize_change, privileges, system_privileges,
};
use telescope::domain::privilege::{AccountPrivileges, SystemPrivilege, SystemPrivileges};

use super::world::{ACCOUNTS, GROUPS, PEOPLE, ROLES, World, account_set, worlds};

/// A random attempted change.
#[derive(Clone, Debug)]
struct Try {
    actor: usize,
    kind: u8,
    person: usize,
    role: usize,
    group: usize,
    account: usize,
    bits: u16,
}

fn tries() -> impl Strategy<Value = Vec<Try>> {
    let one = (0..PEOPLE, 0..9u8, 0..PEOPLE, 0..ROLES, 0..GROUPS, 0..ACCOUNTS, any::<u16>()).prop_map(
        |(actor, kind, person, role, group, account, bits)| Try {
            actor,
            kind,
            person,
            role,
            group,
            account,
            // One or two of the privileges, mostly with view: large sets are refused anyway.
            bits: u16::from(bits % 5 != 0) | (1 << ((bits >> 4) % 8)) | (1 << ((bits >> 8) % 8)),
        },
    );
    prop::collection::vec(one, 1..60)
}

/// Attempts a change; returns whether it was allowed.
fn attempt(world: &mut World, tried: &Try) -> bool {
    let rules = world.rules();
    let actor = world.actor(tried.actor);
    if !system_privileges(&rules, &actor).has(SystemPrivilege::ManageAccess) {
        return false;
    }
    let (role, group) = (world.roles[tried.role], world.groups[tried.group]);
    let account = world.accounts[tried.account].clone();
    let person = world.people[tried.person].clone();
    let system: SystemPrivileges = SystemPrivilege::ALL
        .iter()
        .copied()
        .enumerate()
        .filter(|(at, _)| tried.bits >> at & 1 == 1)
        .map(|(_, one)| one)
        .collect();
    let set = account_set(tried.bits);
    let change = match tried.kind {
        0 => PolicyChange::Cell(group, role, set),
        1 => PolicyChange::System(role, system),
        2 => PolicyChange::Give(world.subject(tried.person), role),
        3 => PolicyChange::Take(world.subject(tried.person), role),
        4 => PolicyChange::Join(&account, group),
        5 => PolicyChange::Owner(&account, &person.email),
        6 => PolicyChange::Delete(role),
        7 => PolicyChange::Rename(role),
        _ => PolicyChange::Rank,
    };
    if authorize_change(&rules, &actor, change).is_err() {
        return false;
    }
    let rows = &mut world.rows;
    match tried.kind {
        0 => {
            rows.cells.retain(|(g, r, _)| (*g, *r) != (group, role));
            rows.cells.extend(set.iter().map(|one| (group, role, one)));
        }
        1 => {
            rows.system.retain(|(r, _)| *r != role);
            rows.system.extend(system.iter().map(|one| (role, one)));
        }
        2 => rows.members.push((person.id, role)),
        3 => rows.members.retain(|member| *member != (person.id, role)),
        4 => world.accounts[tried.account].groups.push(group),
        5 => world.accounts[tried.account].owner = Some(person.email),
        6 => {
            rows.members.retain(|(_, r)| *r != role);
            rows.cells.retain(|(_, r, _)| *r != role);
            rows.system.retain(|(r, _)| *r != role);
        }
        // The role now has the name of a group at the identity provider, which may assign it to the actor.
        7 => rows.members.push((world.people[tried.actor].id, role)),
        _ => world.people[tried.person].admin = true,
    }
    true
}

/// The privileges of all people on all accounts.
fn reach(world: &World, rules: &Policy) -> Vec<(Vec<AccountPrivileges>, SystemPrivileges)> {
    let one = |person: &telescope::domain::access::Person| {
        let actor = Principal::User(person.clone());
        let accounts = world.accounts.iter().map(|account| privileges(rules, &actor, account)).collect();
        (accounts, system_privileges(rules, &actor))
    };
    world.people.iter().map(one).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn access_managers_can_not_escalate_privileges(mut world in worlds(), tries in tries()) {
        // Administrators may do everything, so there are none here.
        world.people.iter_mut().for_each(|person| person.admin = false);
        // The owner of an unverified address is unknown.
        world.people.iter_mut().for_each(|person| person.verified = true);
        let before = reach(&world, &world.rules());
        let acting: Vec<usize> = tries.iter().map(|tried| tried.actor).collect();
        let mut allowed_changes = 0;
        for tried in &tries {
            allowed_changes += usize::from(attempt(&mut world, tried));
        }
        let after = reach(&world, &world.rules());
        let together = |account: usize| {
            acting.iter().fold(AccountPrivileges::NONE, |all, actor| all.union(before[*actor].0[account]))
        };
        let system =
            acting.iter().fold(SystemPrivileges::NONE, |all, actor| all.union(before[*actor].1));
        for (person, (accounts, on_system)) in after.iter().enumerate() {
            for (account, set) in accounts.iter().enumerate() {
                let allowed = before[person].0[account].union(together(account));
                prop_assert!(
                    allowed.contains(*set),
                    "person {} has {:?} on account {} instead of {:?} after {} changes",
                    person, set, account, allowed, allowed_changes
                );
            }
            prop_assert!(before[person].1.union(system).contains(*on_system));
            prop_assert!(!world.people[person].admin, "administrator rights can't be granted");
        }
    }
}

/// The property above would also hold if every change were refused, so this checks that many are allowed.
#[test]
fn managers_who_are_not_administrators_can_manage_access() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut done, mut refused) = ([0; 9], [0; 9]);
    for _ in 0..600 {
        let mut world = worlds().new_tree(&mut runner).unwrap().current();
        world.people.iter_mut().for_each(|person| person.admin = false);
        for tried in tries().new_tree(&mut runner).unwrap().current() {
            let counted = if attempt(&mut world, &tried) { &mut done } else { &mut refused };
            counted[usize::from(tried.kind)] += 1;
        }
    }
    assert!(done[..8].iter().all(|count| *count > 20), "done: {done:?}, refused: {refused:?}");
    assert!(refused.iter().all(|count| *count > 20), "done: {done:?}, refused: {refused:?}");
}
