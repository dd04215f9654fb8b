//! Each route against each privilege: the required privilege is enough, and all others together are not.
//!
//! `walk` requests every route without a session, as a person without permissions, as owner and as administrator. Here
//! people have permissions only from a role: one privilege each, or all but one each.

use std::collections::BTreeSet;

use telescope::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivilege, SystemPrivileges};
use telescope::domain::{AccountId, Stage};

use super::app::{TestApp, Visitor};
use super::walk::{TABLE, ask, path_of};

/// What a route requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Requires {
    /// Nothing, or a session; the page decides what it shows.
    Nothing,
    /// A privilege on the account in the path.
    Account(AccountPrivilege),
    /// A system privilege.
    System(SystemPrivilege),
    /// `view` on the account in the path, and a system privilege.
    Both(SystemPrivilege),
    /// A privilege on the account in the path, and one on the system.
    Two(AccountPrivilege, SystemPrivilege),
}

/// What each route requires; the first match wins.
fn requires(method: &str, path: &str) -> Requires {
    use AccountPrivilege::{
        EditTwoFactorPassword, Login, ManageConnectionState, ManageSessions, RemoveAccount, View,
        ViewTwoFactorPassword,
    };
    use SystemPrivilege::{AddAccount, ApproveReveal, ManageAccess, ReadAudit};
    let Some(of_account) = path.strip_prefix("/accounts/{account}") else {
        return match path.split('/').nth(1).unwrap_or_default() {
            "accounts" if path.starts_with("/accounts/add") => Requires::System(AddAccount),
            "users" | "access" | "roles" | "groups" => Requires::System(ManageAccess),
            "audit" => Requires::System(ReadAudit),
            // Their streams decide with every message.
            "proxies" if !path.ends_with("/events") => Requires::System(ManageAccess),
            "invites" if !path.ends_with("/events") => Requires::System(AddAccount),
            // Its stream is empty without the privilege.
            // One's own requests take nothing.
            "reveals" if path.starts_with("/reveals/mine") || path.ends_with("/withdraw") => {
                Requires::Nothing
            }
            "reveals" if path != "/reveals/events" => Requires::System(ApproveReveal),
            _ => Requires::Nothing,
        };
    };
    match (method, of_account) {
        // Streams decide with every message; what they are refused is one of them.
        (_, path) if path.ends_with("/events") => Requires::Nothing,
        // Without a picture there is nothing for anyone; `picture` tests who sees one.
        ("GET", "/picture") => Requires::Nothing,
        // Whoever may only look sees the stage there, without its form.
        (_, "") | ("GET", "/provide") => Requires::Account(View),
        (_, "/edit" | "/proxy") => Requires::Both(ManageAccess),
        (_, "/number") => Requires::Two(Login, AddAccount),
        (_, "/codes/allow") => Requires::Two(Login, ManageAccess),
        (_, "/connect" | "/disconnect") => Requires::Account(ManageConnectionState),
        (_, "/password" | "/password/remove" | "/two-step") => Requires::Account(EditTwoFactorPassword),
        (_, path) if path.starts_with("/password/reveal") => Requires::Account(ViewTwoFactorPassword),
        (_, path) if path.starts_with("/log-out") || path.starts_with("/remove") => {
            Requires::Account(RemoveAccount)
        }
        (_, path) if path.starts_with("/devices/") => Requires::Account(ManageSessions),
        (_, path) if path.starts_with("/token/") || path == "/device" || path.starts_with("/device/") => {
            Requires::Account(Login)
        }
        (_, path) if path.starts_with("/code") || path == "/login-action" || path == "/provide" => {
            Requires::Account(Login)
        }
        (method, path) => panic!("add what {method} {path} requires"),
    }
}

/// The expected status: 404 for what is not visible, 403 for what is not permitted, 0 for any answer that only permitted
/// people get.
fn expected(requires: Requires, account: AccountPrivileges, system: SystemPrivileges) -> u16 {
    let sees = account.has(AccountPrivilege::View);
    match requires {
        Requires::Nothing => 0,
        Requires::System(needed) => {
            if system.has(needed) {
                0
            } else {
                403
            }
        }
        Requires::Account(_) | Requires::Both(_) | Requires::Two(..) if !sees => 404,
        Requires::Two(needed, also) => {
            if account.has(needed) && system.has(also) {
                0
            } else {
                403
            }
        }
        Requires::Account(needed) => {
            if account.has(needed) {
                0
            } else {
                403
            }
        }
        Requires::Both(needed) => {
            if system.has(needed) {
                0
            } else {
                403
            }
        }
    }
}

/// A person with a role and what it gives.
struct Person {
    name: String,
    visitor: Visitor,
    account: AccountPrivileges,
    system: SystemPrivileges,
}

/// People with one privilege each, and people with all but one each; account privileges are for one group.
async fn people(test: &TestApp, inside: &[AccountId]) -> Vec<Person> {
    let group = test.group("Inside", inside).await;
    let view = AccountPrivileges::of(&[AccountPrivilege::View]);
    let mut wanted = vec![("nothing".to_owned(), AccountPrivileges::NONE, SystemPrivileges::NONE)];
    for one in AccountPrivilege::ALL {
        let only = AccountPrivileges::of(&[*one]);
        wanted.push((format!("only {}", one.name()), only.union(view), SystemPrivileges::NONE));
        let rest = AccountPrivileges::ALL.without(only);
        wanted.push((format!("all but {}", one.name()), rest, SystemPrivileges::ALL));
    }
    for one in SystemPrivilege::ALL {
        let only = SystemPrivileges::of(&[*one]);
        wanted.push((format!("only {}", one.name()), AccountPrivileges::NONE, only));
        wanted.push((
            format!("all but {}", one.name()),
            AccountPrivileges::ALL,
            SystemPrivileges::ALL.without(only),
        ));
    }
    let mut people = Vec::new();
    for (number, (name, account, system)) in wanted.into_iter().enumerate() {
        let role = test.role(&name, &[(group, account)], system).await;
        let email = format!("person{number}@example.org");
        test.give(&email, role).await;
        let visitor = test.signed_in(&email).await;
        // Without `view` other account privileges have no effect.
        let account = if account.has(AccountPrivilege::View) { account } else { AccountPrivileges::NONE };
        people.push(Person { name, visitor, account, system });
    }
    people
}

#[tokio::test]
async fn each_route_requires_exactly_its_privilege() {
    let test = TestApp::new().await;
    let (mut inside, mut outside) = (Vec::new(), Vec::new());
    for number in 0..2 {
        inside.push(test.account(number, None).await);
        outside.push(test.account(100 + number, None).await);
    }
    let people = people(&test, &inside).await;
    let victim = test.signed_in("victim@example.org").await;
    let (mut wrong, mut kinds) = (Vec::new(), BTreeSet::new());
    for (method, pattern, _) in TABLE {
        // Signing in and out need no privilege.
        if pattern.starts_with("/sign-") {
            continue;
        }
        let needed = requires(method, pattern);
        kinds.insert(format!("{needed:?}"));
        for person in &people {
            for (where_, account, rights) in
                [("inside", inside[0], person.account), ("outside", outside[0], AccountPrivileges::NONE)]
            {
                test.set_stage(account, Stage::SignedOut);
                let path = path_of(&test, pattern, account, "victim@example.org").await;
                let got = ask(&person.visitor, method, &path).await;
                let refused =
                    if matches!(needed, Requires::System(_)) { vec![401, 403] } else { vec![401, 403, 404] };
                let got_in = !refused.contains(&got) || needed == Requires::Nothing && got == 404;
                let right = match expected(needed, rights, person.system) {
                    0 => got_in,
                    status => got == status,
                };
                if !right {
                    wrong.push(format!("{method} {pattern}, {where_}, {}: {got}", person.name));
                }
            }
        }
        // People whom an earlier request has blocked are unblocked, so that each request has all permissions.
        test.sql("update users set disabled = false").await;
        test.sql("update accounts set wanted = 'connected'").await;
        test.apply_policy().await;
    }
    drop(victim);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(kinds.len() >= 10, "routes of many kinds were asked: {kinds:?}");
}
