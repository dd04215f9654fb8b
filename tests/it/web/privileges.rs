//! Each route against each privilege: whoever has what it takes gets in, and whoever has all the rest does not.
//!
//! The walk through the routes asks as nobody, somebody, the owner and an administrator; this one asks as people whose
//! only rights come from a role: one privilege each, and all but one each.

use std::collections::BTreeSet;

use telescope::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivilege, SystemPrivileges};
use telescope::domain::{AccountId, Stage};

use super::app::{TestApp, Visitor};
use super::walk::{TABLE, ask, path_of};

/// What a route takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    /// Nothing, or being signed in; what is shown is decided piece by piece.
    Nobody,
    /// A privilege on the account in the path.
    Account(AccountPrivilege),
    /// A privilege on the system.
    System(SystemPrivilege),
    /// Seeing the account in the path, and a privilege on the system.
    Both(SystemPrivilege),
    /// A privilege on the account in the path, and one on the system.
    Two(AccountPrivilege, SystemPrivilege),
}

/// What each route takes; the first line that fits a path counts.
fn takes(method: &str, path: &str) -> Takes {
    use AccountPrivilege::{
        EditTwoFactorPassword, Login, ManageConnectionState, RemoveAccount, View, ViewTwoFactorPassword,
    };
    use SystemPrivilege::{AddAccount, ApproveReveal, ManageAccess, ReadAudit};
    let Some(of_account) = path.strip_prefix("/accounts/{account}") else {
        return match path.split('/').nth(1).unwrap_or_default() {
            "accounts" if path.starts_with("/accounts/add") => Takes::System(AddAccount),
            "users" | "access" | "roles" | "groups" => Takes::System(ManageAccess),
            "audit" => Takes::System(ReadAudit),
            // Its stream is empty for whoever may not decide anything.
            // One's own requests take nothing.
            "reveals" if path.starts_with("/reveals/mine") || path.ends_with("/withdraw") => Takes::Nobody,
            "reveals" if path != "/reveals/events" => Takes::System(ApproveReveal),
            _ => Takes::Nobody,
        };
    };
    match (method, of_account) {
        // Streams decide with every message; what they are refused is one of them.
        (_, path) if path.ends_with("/events") => Takes::Nobody,
        // Whoever may only look sees the stage there, without its form.
        (_, "") | ("GET", "/provide") => Takes::Account(View),
        (_, "/edit") => Takes::Both(ManageAccess),
        (_, "/number") => Takes::Two(Login, AddAccount),
        (_, "/connect" | "/disconnect") => Takes::Account(ManageConnectionState),
        (_, "/password" | "/password/remove") => Takes::Account(EditTwoFactorPassword),
        (_, path) if path.starts_with("/password/reveal") => Takes::Account(ViewTwoFactorPassword),
        (_, path) if path.starts_with("/log-out") || path.starts_with("/remove") => {
            Takes::Account(RemoveAccount)
        }
        (_, path) if path.starts_with("/code") || path == "/ask-for-code" || path == "/provide" => {
            Takes::Account(Login)
        }
        (method, path) => panic!("say above what {method} {path} takes"),
    }
}

/// The answer to somebody with these rights: 404 for what he may not see, 403 for what he may not do, 0 for anything
/// that only those get who may.
fn expected(takes: Takes, account: AccountPrivileges, system: SystemPrivileges) -> u16 {
    let sees = account.has(AccountPrivilege::View);
    match takes {
        Takes::Nobody => 0,
        Takes::System(needed) => {
            if system.has(needed) {
                0
            } else {
                403
            }
        }
        Takes::Account(_) | Takes::Both(_) | Takes::Two(..) if !sees => 404,
        Takes::Two(needed, also) => {
            if account.has(needed) && system.has(also) {
                0
            } else {
                403
            }
        }
        Takes::Account(needed) => {
            if account.has(needed) {
                0
            } else {
                403
            }
        }
        Takes::Both(needed) => {
            if system.has(needed) {
                0
            } else {
                403
            }
        }
    }
}

/// Somebody with a role, and what it gives.
struct Somebody {
    name: String,
    visitor: Visitor,
    account: AccountPrivileges,
    system: SystemPrivileges,
}

/// People with one privilege each, people with all but one each; privileges on accounts are for one group.
async fn people(test: &TestApp, inside: &[AccountId]) -> Vec<Somebody> {
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
        let email = format!("somebody{number}@example.org");
        test.give(&email, role).await;
        let visitor = test.signed_in(&email).await;
        // Without view nothing else counts.
        let account = if account.has(AccountPrivilege::View) { account } else { AccountPrivileges::NONE };
        people.push(Somebody { name, visitor, account, system });
    }
    people
}

#[tokio::test]
async fn each_route_lets_in_whoever_has_what_it_takes_and_nobody_else() {
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
        // Signing in and out is another story.
        if pattern.starts_with("/sign-") {
            continue;
        }
        let needed = takes(method, pattern);
        kinds.insert(format!("{needed:?}"));
        for somebody in &people {
            for (where_, account, rights) in
                [("inside", inside[0], somebody.account), ("outside", outside[0], AccountPrivileges::NONE)]
            {
                test.stands(account, Stage::SignedOut);
                let path = path_of(&test, pattern, account, "victim@example.org").await;
                let got = ask(&somebody.visitor, method, &path).await;
                let refused =
                    if matches!(needed, Takes::System(_)) { vec![401, 403] } else { vec![401, 403, 404] };
                let got_in = !refused.contains(&got) || needed == Takes::Nobody && got == 404;
                let right = match expected(needed, rights, somebody.system) {
                    0 => got_in,
                    status => got == status,
                };
                if !right {
                    wrong.push(format!("{method} {pattern}, {where_}, {}: {got}", somebody.name));
                }
            }
        }
        // Whoever was shut out on the way is let in again, so that each is asked with all his rights.
        test.sql("update users set disabled = false").await;
        test.sql("update accounts set wanted = 'connected'").await;
        test.in_force().await;
    }
    drop(victim);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(kinds.len() >= 10, "routes of many kinds were asked: {kinds:?}");
}
