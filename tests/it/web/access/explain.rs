//! The page that explains who has which permission on an account, and why.

use axum::http::StatusCode;
use telescope::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivilege, SystemPrivileges};

use super::super::app::{ADMIN, TestApp};
use super::{ADA, BOB};

#[tokio::test]
async fn the_page_explains_who_has_permissions_and_why() {
    use AccountPrivilege::{Login, View};
    let test = TestApp::new().await;
    let account = test.account(1, Some(BOB)).await;
    let sales = test.group("Sales", &[account]).await;
    let set = AccountPrivileges::of(&[View, Login]);
    let desk =
        test.role("Desk", &[(sales, set)], SystemPrivileges::of(&[SystemPrivilege::ManageAccess])).await;
    test.give(ADA, desk).await;
    let root = test.signed_in(ADMIN).await;
    test.signed_in(BOB).await;
    let phone = test.app.live.accounts.get(account).unwrap().account.identifier.to_string();
    let phone = phone.replace('+', "%2B");
    for account in [phone.clone(), account.to_string()] {
        let page = root.get(&format!("/access/explain?person=ADA@example.org&account={account}")).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        let rows = page.texts(".why li");
        for row in [
            "yes Log in login Granted by role Desk in group Sales.",
            "no Remove account remove_account Not granted.",
            "yes Manage access manage_access Granted by role Desk.",
        ] {
            assert!(rows.contains(&row.to_owned()), "{row}: {rows:?}");
        }
    }
    // The other way round: everyone with a permission.
    let page = root.get(&format!("/access/explain?account={phone}")).await;
    let row = |name: &str| {
        let names = page.texts(".holders dt");
        let at = names.iter().position(|row| row.ends_with(&format!(" {name}"))).unwrap();
        page.texts(".holders dd").remove(at)
    };
    let login = row("login");
    for who in [ADMIN, ADA, BOB] {
        assert!(login.contains(who), "{login}");
    }
    let removal = row("remove_account");
    assert!(removal.contains(ADMIN) && !removal.contains(ADA) && !removal.contains(BOB), "{removal}");
    // A blocked person has no permissions.
    for email in [ADA, BOB] {
        root.post(&format!("/users/{}/disable", test.user(email).await.id), &[]).await;
    }
    let page = root.get(&format!("/access/explain?account={phone}")).await;
    let all = page.texts(".holders dd").join(" ");
    assert!(all.contains(ADMIN) && !all.contains(ADA) && !all.contains(BOB), "{all}");
    for email in [ADA, BOB] {
        root.post(&format!("/users/{}/enable", test.user(email).await.id), &[]).await;
    }
    let (ada, bob) = (test.signed_in(ADA).await, test.signed_in(BOB).await);
    // Invalid input is reported beside the form; hidden accounts look nonexistent.
    let hidden = test.account(2, None).await;
    for (visitor, query, words) in [
        (&root, "person=nobody@example.org", "no user with this e-mail address"),
        (&root, "person=nobody", "address"),
        (&root, "account=99966", "number"),
        (&root, "account=%2B9996629999", "no account with this number"),
        (&ada, &*format!("account={hidden}"), "no account with this number"),
    ] {
        let page = visitor.get(&format!("/access/explain?{query}")).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert!(page.texts(".error")[0].contains(words), "{query}: {:?}", page.texts(".error"));
    }
    assert_eq!(
        ada.get(&format!("/access/explain?person={BOB}&account={account}")).await.status,
        StatusCode::OK
    );
    assert_eq!(bob.get("/access/explain").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn owners_who_have_never_signed_in_are_explained_and_an_account_is_shown_by_its_number() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let (account, hidden) =
        (test.account(1, Some(BOB)).await, test.account(2, Some("carol@example.org")).await);
    let sales = test.group("Sales", &[account]).await;
    let view = AccountPrivileges::of(&[AccountPrivilege::View]);
    let manage = SystemPrivileges::of(&[SystemPrivilege::ManageAccess]);
    let desk = test.role("Desk", &[(sales, view)], manage).await;
    test.give(ADA, desk).await;
    let ada = test.signed_in(ADA).await;
    // A link from an account's page has its id.
    for visitor in [&root, &ada] {
        let page = visitor.get(&format!("/access/explain?person=Bob@Example.org&account={account}")).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        assert_eq!(page.attributes("#account", "value"), ["+9996620001"]);
        assert!(page.texts("main").concat().contains("This person has not signed in yet"));
        assert!(
            page.texts(".why li").concat().contains("Owner of the account"),
            "{:?}",
            page.texts(".why li")
        );
        let page = visitor.get(&format!("/access/explain?account={account}")).await;
        assert_eq!(page.attributes("#account", "value"), ["+9996620001"]);
        assert!(page.texts(".holders dd").concat().contains(BOB));
    }
    // Of an account that the reader can't see, neither the number nor the owner is known.
    for query in ["person=carol@example.org".to_owned(), format!("account={hidden}")] {
        let page = ada.get(&format!("/access/explain?{query}")).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert!(!page.body.contains("9996620002"), "{query}");
    }
}

#[tokio::test]
async fn a_person_with_a_role_has_not_signed_in_until_they_do() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let desk = test.role("Desk", &[], SystemPrivileges::NONE).await;
    test.give(ADA, desk).await;
    let told = async || {
        let page = root.get(&format!("/access/explain?person={ADA}")).await;
        assert!(page.texts("main").concat().contains("Roles: Desk"), "{}", page.body);
        page.texts("main").concat().contains("This person has not signed in yet")
    };
    assert!(told().await);
    test.signed_in(ADA).await;
    assert!(!told().await);
}
