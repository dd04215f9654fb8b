//! The actor is the signed-in person, the owner is the one in the account's current row, and each change is logged with
//! its actor.

use axum::http::StatusCode;
use telescope::domain::AccountId;
use telescope::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivilege, SystemPrivileges};
use telescope::ops::audit::queue;
use telescope::store;

use super::app::{ADMIN, TestApp, Visitor};

const ADA: &str = "ada@example.org";
const BOB: &str = "bob@example.org";

async fn sees(visitor: &Visitor, account: AccountId) -> bool {
    let listed = visitor.get("/accounts").await.has(&format!("#account-{account}"));
    let shown = visitor.get(&format!("/accounts/{account}")).await.status;
    assert_eq!(shown, if listed { StatusCode::OK } else { StatusCode::NOT_FOUND }, "list and page agree");
    listed
}

#[tokio::test]
async fn a_change_of_owner_takes_effect_at_once() {
    let test = TestApp::new().await;
    let account = test.account(1, Some(ADA)).await;
    let (root, ada, bob) =
        (test.signed_in(ADMIN).await, test.signed_in(ADA).await, test.signed_in(BOB).await);
    for (owner, expected) in
        [(ADA, (true, false)), (BOB, (false, true)), ("", (false, false)), (ADA, (true, false))]
    {
        let form = [("owner", owner), ("comment", ""), ("groups", "")];
        let saved = root.edit(account, &form).await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.body);
        assert_eq!((sees(&ada, account).await, sees(&bob, account).await), expected, "owner: {owner:?}");
    }
}

#[tokio::test]
async fn what_one_person_sees_does_not_affect_another() {
    let test = TestApp::new().await;
    let (hers, his) = (test.account(1, Some(ADA)).await, test.account(2, Some(BOB)).await);
    let (root, ada, bob) =
        (test.signed_in(ADMIN).await, test.signed_in(ADA).await, test.signed_in(BOB).await);
    for round in 0..5 {
        assert!(sees(&root, hers).await && sees(&root, his).await, "{round}");
        assert_eq!((sees(&ada, hers).await, sees(&ada, his).await), (true, false), "{round}");
        assert_eq!((sees(&bob, hers).await, sees(&bob, his).await), (false, true), "{round}");
        let edit = format!("/accounts/{hers}/edit");
        assert_eq!(ada.get(&edit).await.status, StatusCode::FORBIDDEN, "an administrator has just seen it");
        assert_eq!(root.get(&edit).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn an_owner_is_recognised_in_any_spelling_of_the_address() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let account = test.account(1, None).await;
    let form = [("owner", " Ada@EXAMPLE.org "), ("comment", ""), ("groups", "")];
    assert_eq!(root.edit(account, &form).await.status, StatusCode::SEE_OTHER);
    for spelling in ["ada@example.org", "ADA@example.org", "Ada@Example.Org"] {
        assert!(sees(&test.signed_in(spelling).await, account).await, "{spelling}");
    }
    assert!(!sees(&test.signed_in("ada@example.com").await, account).await);
}

#[tokio::test]
async fn parameters_can_not_change_the_actor_or_the_owner() {
    let test = TestApp::new().await;
    let account = test.account(1, Some(ADA)).await;
    let (root, ada) = (test.signed_in(ADMIN).await, test.signed_in(ADA).await);
    // Without the privilege no one can add an account, for any address; nor can an owner pass one on.
    for visitor in [&test.anonymous(), &ada] {
        let form = [("phone", "+9996620099"), ("owner", ADA), ("email", ADA), ("actor", ADMIN)];
        assert_ne!(visitor.post("/accounts/add", &form).await.status, StatusCode::OK);
        visitor.post("/accounts/add-test", &form).await;
        visitor.post(&format!("/accounts/{account}/edit"), &[("owner", BOB)]).await;
    }
    let listing = test.app.live.accounts.listing();
    assert_eq!(listing.entries.len(), 1, "nothing was added");
    assert_eq!(
        listing.iter().next().unwrap().account.owner.as_ref().map(ToString::to_string).as_deref(),
        Some(ADA)
    );
    // Other fields with an address are ignored, and the actor is the signed-in person.
    let form = [("phone", "+9996620099"), ("email", BOB), ("user", BOB), ("actor", BOB)];
    assert_eq!(root.post("/accounts/add", &form).await.status, StatusCode::SEE_OTHER);
    let listing = test.app.live.accounts.listing();
    let added = listing.entries.iter().find(|entry| entry.account.id != account).unwrap();
    assert_eq!(added.account.owner, None);
    let filter = store::audit::Filter { account: Some(added.account.id), ..Default::default() };
    let entries = store::audit::page(&mut test.app.db.read().await.unwrap(), &filter, 10).await.unwrap();
    assert!(!entries.is_empty() && entries.iter().all(|entry| entry.actor == ADMIN), "{entries:?}");
}

#[tokio::test]
async fn every_change_is_logged() {
    let test = TestApp::new().await;
    let newest = async || {
        queue::flush(&test.app).await.unwrap();
        let conn = &mut test.app.db.read().await.unwrap();
        let entries = store::audit::page(conn, &store::audit::Filter::default(), 1).await.unwrap();
        entries.into_iter().next().map(|entry| (entry.seq, entry.code, entry.actor))
    };
    let account = test.account(1, None).await;
    assert_eq!(newest().await, None, "the test's own setup is not logged");
    let root = test.signed_in(ADMIN).await;
    // Becoming an administrator by ADMIN_EMAILS is a change, too.
    let mut expected = vec!["person.admin.granted", "web.sign-in"];
    assert_eq!(newest().await, Some((2, "web.sign-in".into(), ADMIN.into())));
    let page = format!("/accounts/{account}");
    let form = root.get(&format!("{page}/edit")).await;
    let version = form.attributes("[name=version]", "value").concat();
    let edit = [("version", version.as_str()), ("owner", ADA), ("comment", "")];
    for (path, form, code) in [
        ("/accounts/add-test".to_owned(), &[][..], "account.added"),
        (format!("{page}/edit"), &edit, "account.edited"),
        (format!("{page}/password"), &[("password", "made up")], "password.stored"),
        (format!("{page}/disconnect"), &[], "account.wanted"),
        (format!("{page}/connect"), &[], "account.wanted"),
        ("/sign-out".to_owned(), &[], "web.sign-out"),
    ] {
        assert_eq!(root.post(&path, form).await.status, StatusCode::SEE_OTHER, "{path}");
        expected.push(code);
        let (seq, written, actor) = newest().await.unwrap();
        assert_eq!((written.as_str(), actor.as_str()), (code, ADMIN), "{path}");
        assert!(usize::try_from(seq).unwrap() >= expected.len(), "{path} has an entry of its own");
    }
}

#[tokio::test]
async fn a_role_gives_rights_in_its_groups_and_nowhere_else() {
    use AccountPrivilege::{Login, View};
    let test = TestApp::new().await;
    let (inside, outside) = (test.account(1, None).await, test.account(2, None).await);
    let sales = test.group("Sales", &[inside]).await;
    let looking =
        test.role("Readers", &[(sales, AccountPrivileges::of(&[View]))], SystemPrivileges::NONE).await;
    let blind = test.role("Blind", &[(sales, AccountPrivileges::of(&[Login]))], SystemPrivileges::NONE).await;
    let ada = test.signed_in(ADA).await;
    assert!(!sees(&ada, inside).await, "no role, no right");
    test.give(ADA, blind).await;
    assert!(!sees(&ada, inside).await, "without `view` nothing has an effect");
    test.give(ADA, looking).await;
    assert_eq!((sees(&ada, inside).await, sees(&ada, outside).await), (true, false));
    let code = ada.get(&format!("/accounts/{inside}/code")).await.status;
    assert_eq!(code, StatusCode::FORBIDDEN, "a role without `view` has no effect");
    assert_eq!(ada.get("/users").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn changes_made_with_sql_take_effect_at_the_next_check() {
    let test = TestApp::new().await;
    let account = test.account(1, None).await;
    let group = test.group("Sales", &[account]).await;
    let set = AccountPrivileges::of(&[AccountPrivilege::View]);
    let role = test.role("Readers", &[(group, set)], SystemPrivileges::NONE).await;
    test.give(ADA, role).await;
    let ada = test.signed_in(ADA).await;
    test.sql("create table kept as select * from account_group_members").await;
    let statements = [
        (
            "delete from account_group_members",
            "insert into account_group_members (account_id, group_id, proof)
             select account_id, group_id, proof from kept",
        ),
        ("update account_group_members set group_id = group_id", "update roles set name = 'Lookers'"),
    ];
    for (takes, gives) in statements {
        let had = test.app.live.policy.current().version();
        test.sql(takes).await;
        test.apply_policy().await;
        assert!(test.app.live.policy.current().version().number > had.number, "{takes}");
        if takes.starts_with("delete") {
            assert!(!sees(&ada, account).await, "{takes}");
        }
        test.sql(gives).await;
        test.apply_policy().await;
        assert!(sees(&ada, account).await, "{gives}");
    }
    for takes in ["delete from role_members", "delete from group_role_privileges", "delete from roles"] {
        test.sql(takes).await;
        test.apply_policy().await;
        assert!(!sees(&ada, account).await, "{takes}");
    }
    let own = test.account(2, Some(ADA)).await;
    assert!(sees(&ada, own).await);
    test.sql("delete from account_groups").await;
    test.sql("update accounts set owner = null").await;
    test.apply_policy().await;
    assert!(!sees(&ada, own).await);
}

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
    let phone = test.app.live.accounts.get(account).unwrap().account.phone.to_string();
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
