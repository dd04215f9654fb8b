//! Which accounts are selected: one by one, all of a page, all that match, or all of a group.

use axum::http::StatusCode;
use telescope::domain::privilege::{AccountPrivilege, SystemPrivilege};

use super::super::app::{ADMIN, TestApp};
use super::{BOB, CHANGE, confirmed, person};

#[tokio::test]
async fn all_of_a_page_all_that_match_or_all_of_a_group() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let mut ids = Vec::new();
    for number in 1..=101 {
        ids.push(test.account(number, (number > 99).then_some("ada@example.org")).await);
    }
    let group = test.group("Sales", &ids[..2]).await.to_string();
    let list = root.get("/accounts").await;
    assert_eq!(list.attributes("#rows [name=account]", "form").len(), 100);
    assert!(list.has("#select-all[name=all][value=shown]") && list.has("[value=matching]"), "{}", list.body);
    let count = async |fields: &[(&str, &str)]| {
        let page = root.post(CHANGE, &[&[("action", "disconnect")], fields].concat()).await;
        page.texts("#ready li").len()
    };
    assert_eq!(count(&[("all", "shown"), ("query", "")]).await, 100, "the first page");
    assert_eq!(count(&[("all", "shown"), ("query", "page=2")]).await, 1);
    assert_eq!(count(&[("all", "matching"), ("query", "")]).await, 101);
    assert_eq!(count(&[("all", "matching"), ("query", "owner=ada%40example.org")]).await, 2);
    assert_eq!(count(&[("in_group", &group)]).await, 2);
    assert_eq!(count(&[("in_group", &group), ("account", &ids[0].to_string())]).await, 2, "each once");
    assert_eq!(count(&[("query", "owner=ada%40example.org")]).await, 0, "nothing was selected");
    let filtered = root.get("/accounts?owner=ada%40example.org").await;
    let query = filtered.attributes("#selection [name=query]", "value").remove(0);
    assert_eq!(count(&[("all", "shown"), ("query", &query)]).await, 2);
}

#[tokio::test]
async fn people_select_what_they_can_change_and_see_what_they_can_do() {
    let test = TestApp::new().await;
    let (own, seen) = (test.account(1, None).await, test.account(2, None).await);
    test.account(3, None).await;
    let (sales, board) = (test.group("Sales", &[own]).await, test.group("Board", &[seen]).await);
    use AccountPrivilege::{ManageConnectionState, View};
    let groups: &[(_, &[AccountPrivilege])] = &[(sales, &[View, ManageConnectionState]), (board, &[View])];
    let bob = person(&test, BOB, groups, &[]).await;
    let list = bob.get("/accounts").await;
    assert_eq!(list.attributes("#rows [name=account]", "value"), [own.to_string()]);
    assert_eq!(list.attributes("#action option", "value"), ["", "connect", "disconnect"]);
    let all = [("action", "disconnect"), ("all", "matching"), ("query", "")];
    let page = bob.post(CHANGE, &all).await;
    assert_eq!((page.texts("#ready li").len(), page.texts("#refused li").len()), (1, 1), "{}", page.body);
    // People who can only look see no boxes, and managers of access see all of them.
    let eve = person(&test, "eve@example.org", &[(board, &[View])], &[]).await;
    assert!(!eve.get("/accounts").await.has("#selection, [name=account], #select-all"));
    let manager =
        person(&test, "manager@example.org", &[(board, &[View])], &[SystemPrivilege::ManageAccess]).await;
    let list = manager.get("/accounts").await;
    assert_eq!(
        list.attributes("#action option", "value"),
        ["", "change-owner", "add-group", "remove-group"],
        "{}",
        list.body
    );
    assert!(!manager.get(&format!("/groups/{board}")).await.has("[value=new-two-step-password]"));
    let root = test.signed_in(ADMIN).await;
    let group = root.get(&format!("/groups/{board}")).await;
    assert!(group.has("[value=new-two-step-password]"), "{}", group.body);
}

#[tokio::test]
async fn more_accounts_than_a_form_can_name_are_not_taken() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    for number in 1..=900 {
        test.account(number, None).await;
    }
    let all = [("action", "disconnect"), ("all", "matching"), ("query", "")];
    let page = root.post(CHANGE, &all).await;
    assert_eq!(page.texts("#ready .number"), ["900"]);
    let answer = confirmed(&root, &page).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert_eq!(test.rows("select sealed from job_lines").await.len(), 900);
    test.account(901, None).await;
    let page = root.post(CHANGE, &all).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.texts(".note.bad, .error")[0].contains("at most 900 steps"), "{}", page.body);
}
