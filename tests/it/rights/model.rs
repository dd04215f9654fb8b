//! Compares the rules with a slow but simple evaluation of the rows.

use proptest::prelude::*;
use telescope::domain::access::{
    Explained, Person, Policy, Principal, Source, explain, explain_system, holders, privileges,
    system_privileges,
};
use telescope::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivilege, SystemPrivileges};
use telescope::domain::{Account, DesiredState};

use super::world::{World, worlds};

/// Whether a person has a privilege on an account, evaluated from the rows.
fn has(world: &World, person: &Person, account: &Account, privilege: AccountPrivilege) -> bool {
    let leaving = account.wanted == DesiredState::Removed
        && !matches!(privilege, AccountPrivilege::View | AccountPrivilege::RemoveAccount);
    if leaving {
        return false;
    }
    if person.admin {
        return true;
    }
    let owns = person.verified && account.owner.as_ref() == Some(&person.email);
    if owns && world.owner.has(AccountPrivilege::View) && world.owner.has(privilege) {
        return true;
    }
    world.rows.members.iter().any(|(member, role)| {
        *member == person.id
            && account.groups.iter().any(|group| {
                world.rows.cells.contains(&(*group, *role, AccountPrivilege::View))
                    && world.rows.cells.contains(&(*group, *role, privilege))
            })
    })
}

fn has_system(world: &World, person: &Person, privilege: SystemPrivilege) -> bool {
    person.admin
        || world
            .rows
            .members
            .iter()
            .any(|(member, role)| *member == person.id && world.rows.system.contains(&(*role, privilege)))
}

fn given<P: Copy>(explained: &[Explained<P>]) -> Vec<P> {
    explained.iter().filter(|one| one.withheld.is_none()).map(|one| one.privilege).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn rights_follow_from_the_rows_only(world in worlds()) {
        let rules = world.rules();
        for person in &world.people {
            let actor = Principal::User(person.clone());
            for account in &world.accounts {
                let expected: AccountPrivileges =
                    AccountPrivilege::ALL.iter().copied().filter(|one| has(&world, person, account, *one)).collect();
                prop_assert_eq!(privileges(&rules, &actor, account), expected);
                // Neither earlier decisions nor the order of the rows matter.
                let mut rows = world.rows.clone();
                rows.members.reverse();
                rows.cells.reverse();
                rows.members.extend_from_within(..);
                let again = Policy::new(&rows, world.owner);
                prop_assert_eq!(privileges(&again, &actor, account), expected);
            }
            let expected: SystemPrivileges =
                SystemPrivilege::ALL.iter().copied().filter(|one| has_system(&world, person, *one)).collect();
            prop_assert_eq!(system_privileges(&rules, &actor), expected);
        }
    }

    #[test]
    fn the_explanation_agrees_with_the_decision(world in worlds()) {
        let rules = world.rules();
        for person in &world.people {
            let actor = Principal::User(person.clone());
            for account in &world.accounts {
                let explained = explain(&rules, person, account);
                let decided: Vec<_> = privileges(&rules, &actor, account).iter().collect();
                prop_assert_eq!(given(&explained), decided);
                for one in explained {
                    prop_assert!(one.withheld.is_some() || !one.sources.is_empty());
                    let by_role = one.sources.iter().any(|source| matches!(source, Source::Role { .. }));
                    let holds = holders(&rules, account, one.privilege).iter().any(|(id, _)| *id == person.id);
                    prop_assert_eq!(holds, by_role && one.withheld.is_none());
                }
            }
            let decided: Vec<_> = system_privileges(&rules, &actor).iter().collect();
            prop_assert_eq!(given(&explain_system(&rules, person)), decided);
        }
    }
}
