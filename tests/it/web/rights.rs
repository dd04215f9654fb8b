//! The actor is the signed-in person, the owner is the one in the account's current row, and each change is logged with
//! its actor.

use axum::http::StatusCode;
use telescope::domain::AccountId;
use telescope::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivileges};
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
