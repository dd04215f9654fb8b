//! Owners and groups of many accounts, under the rules for one.

use axum::http::StatusCode;
use telescope::domain::JobId;
use telescope::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivilege, SystemPrivileges};

use super::super::app::{ADMIN, TestApp};
use super::{BOB, asked, begun, person, recorded, states, step};

#[tokio::test]
async fn owners_and_groups_of_many_accounts_are_changed() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let ids =
        [test.account(1, Some("old@example.org")).await, test.account(2, Some("ada@example.org")).await];
    let (sales, board) = (test.group("Sales", &ids[..1]).await, test.group("Board", &[]).await);
    let asking = asked(&root, "change-owner", &ids, &[]).await;
    assert!(asking.has("#owner") && !asking.has("button[value=start]"), "{}", asking.body);
    let owner = [("step", "preview"), ("owner", "ada@example.org")];
    let page = asked(&root, "change-owner", &ids, &owner).await;
    assert_eq!(page.texts("#ready li"), ["+9996620001"]);
    assert_eq!(page.texts("#unchanged li"), ["+9996620002"]);
    let (add, remove) = (board.to_string(), sales.to_string());
    let asking = asked(&root, "add-group", &ids, &[]).await;
    assert_eq!(asking.texts("#group option").len(), 3, "{}", asking.body);
    for (action, more) in [
        ("change-owner", &owner[..]),
        ("add-group", &[("step", "preview"), ("group", &add)]),
        ("remove-group", &[("step", "preview"), ("group", &remove)]),
    ] {
        let path = begun(&root, action, &ids, more).await;
        step(&test, &path).await;
        assert!(states(&root, &path).await.iter().all(|state| state == "done"), "{action}");
    }
    for id in ids {
        let entry = test.app.live.accounts.get(id).unwrap();
        assert_eq!(entry.account.owner.as_ref().map(|owner| owner.as_str()), Some("ada@example.org"));
        assert_eq!(entry.account.groups, [board], "the change is in force");
    }
    let entries = recorded(&test).await;
    for (code, times) in [("account.edited", 1), ("group.account.joined", 2), ("group.account.left", 1)] {
        let entry = format!("{code} done {ADMIN}");
        assert_eq!(entries.iter().filter(|it| **it == entry).count(), times, "{code}: {entries:?}");
    }
    // No owner at all.
    let path = begun(&root, "change-owner", &ids, &[("step", "preview"), ("owner", "")]).await;
    step(&test, &path).await;
    assert!(ids.iter().all(|id| test.app.live.accounts.get(*id).unwrap().account.owner.is_none()));
}

#[tokio::test]
async fn a_manager_gives_no_more_than_they_have() {
    let test = TestApp::new().await;
    let id = test.account(1, Some("root@example.org")).await;
    test.signed_in(ADMIN).await;
    let (desk, board) = (test.group("Desk", &[id]).await, test.group("Board", &[]).await);
    let all = AccountPrivileges::ALL;
    let reader = test.role("Readers", &[(board, all)], SystemPrivileges::NONE).await;
    test.give("eve@example.org", reader).await;
    let view = &[AccountPrivilege::View];
    let bob = person(&test, BOB, &[(desk, view)], &[SystemPrivilege::ManageAccess]).await;
    let board = board.to_string();
    for (action, more) in [
        ("change-owner", [("step", "preview"), ("owner", BOB)]),
        ("change-owner", [("step", "preview"), ("owner", "eve@example.org")]),
        ("add-group", [("step", "preview"), ("group", &board)]),
    ] {
        let page = asked(&bob, action, &[id], &more).await;
        assert_eq!((page.status, page.texts("#refused li").len()), (StatusCode::OK, 1), "{}", page.body);
        let job = JobId::generate().to_string();
        let start = [&more[1..], &[("step", "start"), ("job", &job)]].concat();
        assert_eq!(asked(&bob, action, &[id], &start).await.status, StatusCode::CONFLICT, "{action}");
    }
}
