//! Invites, as the people who create them see them.

use axum::http::StatusCode;
use telescope::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivilege, SystemPrivileges};
use telescope::ops::audit::queue;
use telescope::store::{self, audit::Filter};

use super::app::{ADMIN, Answer, TestApp, Visitor};
use super::live::next;

pub const ADA: &str = "ada@example.org";
const BOB: &str = "bob@example.org";

/// Creates an invite with these fields beside the person; returns the answer.
pub async fn invited(by: &Visitor, fields: &[(&str, &str)]) -> Answer {
    let fields = [&[("person", ADA)][..], fields].concat();
    by.post("/invites/new", &fields).await
}

/// The path of the link on a page.
pub fn link(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let link = answer.texts("#secret").remove(0);
    let path = link.strip_prefix("http://localhost:8888").expect("an address of ours");
    assert!(path.starts_with("/onboarding/invite/") && path.len() == "/onboarding/invite/".len() + 43);
    path.to_owned()
}

/// A person who may invite people.
pub async fn adder(test: &TestApp, email: &str) -> Visitor {
    let role = test.role(email, &[], SystemPrivileges::of(&[SystemPrivilege::AddAccount])).await;
    test.give(email, role).await;
    test.signed_in(email).await
}

/// The id of the newest invite in the list.
pub async fn newest(of: &Visitor) -> String {
    let list = of.get("/invites").await;
    assert_eq!(list.status, StatusCode::OK, "{}", list.body);
    list.attributes("#invites li", "id").remove(0).trim_start_matches("invite-").to_owned()
}

pub async fn state(of: &Visitor) -> String {
    of.get("/invites").await.texts("#invites li .badge").remove(0)
}

/// Codes and details of the audit entries about invites, the oldest first.
pub async fn recorded(test: &TestApp) -> Vec<(String, String, String)> {
    queue::flush(&test.app).await.unwrap();
    let conn = &mut test.app.db.read().await.unwrap();
    let mut entries = store::audit::page(conn, &Filter::default(), 200).await.unwrap();
    entries.reverse();
    let about = entries.into_iter().filter(|entry| entry.code.starts_with("invite."));
    about.map(|entry| (entry.code, entry.actor, entry.details.unwrap_or_default())).collect()
}

#[tokio::test]
async fn a_link_is_created_shown_again_replaced_and_revoked() {
    let test = TestApp::new().await;
    let bob = adder(&test, BOB).await;
    let first = link(&invited(&bob, &[("comment", "New <phone>"), ("hours", "24")]).await);
    let id = newest(&bob).await;
    assert_eq!(state(&bob).await, "Not started");
    let list = bob.get("/invites").await;
    assert!(list.texts("#invites li").concat().contains("New <phone>"), "{}", list.body);
    assert!(!list.body.contains(&first), "the list has no link");
    assert_eq!(link(&bob.post(&format!("/invites/{id}/link"), &[]).await), first);
    let second = link(&bob.post(&format!("/invites/{id}/renew"), &[]).await);
    assert_ne!(first, second);
    let visitor = test.anonymous();
    assert_eq!(visitor.get(&first).await.status, StatusCode::NOT_FOUND, "the former link is dead");
    assert_eq!(visitor.get(&second).await.status, StatusCode::OK);
    assert_eq!(bob.post(&format!("/invites/{id}/revoke"), &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(state(&bob).await, "Revoked");
    assert_eq!(visitor.get(&second).await.status, StatusCode::GONE);
    for action in ["link", "renew", "revoke"] {
        let answer = bob.post(&format!("/invites/{id}/{action}"), &[]).await;
        assert_eq!(answer.status, StatusCode::CONFLICT, "{action}");
    }
    let codes: Vec<String> = recorded(&test).await.into_iter().map(|(code, ..)| code).collect();
    assert_eq!(codes, ["invite.created", "invite.link.shown", "invite.renewed", "invite.revoked"]);
}

#[tokio::test]
async fn wrong_fields_are_explained() {
    let test = TestApp::new().await;
    let bob = adder(&test, BOB).await;
    for (fields, place) in [
        (&[("person", "nonsense")][..], "#person-error"),
        (&[("person", ADA), ("phone", "12")], "#phone-error"),
        (&[("person", ADA), ("hours", "0")], "#hours-error"),
        (&[("person", ADA), ("hours", "169")], "#hours-error"),
        (&[("person", ADA), ("hours", "soon")], "#hours-error"),
    ] {
        let answer = bob.post("/invites/new", fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields:?} {}", answer.body);
        assert!(answer.has(place), "{fields:?} {}", answer.body);
    }
    let options = bob.get("/invites/new").await.texts("#hours option");
    assert_eq!(options, ["1 hour", "1 day", "3 days", "7 days"]);
    assert!(recorded(&test).await.iter().all(|(_, _, details)| !details.contains("token")));
}

#[tokio::test]
async fn only_own_invites_are_seen_and_changed() {
    let test = TestApp::new().await;
    let (bob, eve) = (adder(&test, BOB).await, adder(&test, "eve@example.org").await);
    let path = link(&invited(&bob, &[]).await);
    let id = newest(&bob).await;
    assert!(eve.get("/invites").await.has("#no-invites"));
    for action in ["link", "renew", "revoke"] {
        let answer = eve.post(&format!("/invites/{id}/{action}"), &[]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{action}");
    }
    let root = test.signed_in(ADMIN).await;
    assert_eq!(newest(&root).await, id, "administrators see all");
    assert_eq!(link(&root.post(&format!("/invites/{id}/link"), &[]).await), path);
}

#[tokio::test]
async fn an_account_joins_only_groups_that_its_creator_may_manage() {
    let test = TestApp::new().await;
    let (sales, board) = (test.group("Sales", &[]).await, test.group("Board", &[]).await);
    let view = AccountPrivileges::of(&[AccountPrivilege::View]);
    let all = AccountPrivileges::of(&[AccountPrivilege::View, AccountPrivilege::Login]);
    test.role("Desk", &[(sales, view), (board, all)], SystemPrivileges::NONE).await;
    let system = SystemPrivileges::of(&[SystemPrivilege::AddAccount, SystemPrivilege::ManageAccess]);
    let manager = test.role("Managers", &[(sales, view), (board, view)], system).await;
    test.give(BOB, manager).await;
    let bob = test.signed_in(BOB).await;
    assert_eq!(bob.get("/invites/new").await.texts("fieldset label"), ["Sales"]);
    assert_eq!(invited(&bob, &[("group", &sales.to_string())]).await.status, StatusCode::OK);
    let refused = invited(&bob, &[("group", &board.to_string())]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);
    assert!(refused.texts("#groups-error").concat().contains("login"), "{}", refused.body);
    // Adding accounts is not managing access.
    let eve = adder(&test, "eve@example.org").await;
    assert!(eve.get("/invites/new").await.texts("fieldset label").is_empty());
    let refused = invited(&eve, &[("group", &sales.to_string())]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.body);
    assert_eq!(recorded(&test).await.len(), 3, "refusals are recorded");
}

#[tokio::test]
async fn invites_per_person_and_day_are_limited() {
    let test = TestApp::with(&[("INVITES_PER_PERSON_PER_DAY", "2")]).await;
    let bob = adder(&test, BOB).await;
    for _ in 0..2 {
        assert_eq!(invited(&bob, &[]).await.status, StatusCode::OK);
    }
    let refused = invited(&bob, &[]).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.texts(".note").concat().contains("2 in 24 hours"), "{}", refused.body);
    let root = test.signed_in(ADMIN).await;
    assert_eq!(invited(&root, &[]).await.status, StatusCode::OK, "others are not concerned");
}

#[tokio::test]
async fn the_list_is_live_and_ends_with_the_permission() {
    let test = TestApp::new().await;
    let bob = adder(&test, BOB).await;
    let mut stream = bob.stream("/invites/events").await;
    assert!(next(&mut stream).await.contains("no-invites"));
    let path = link(&invited(&bob, &[]).await);
    assert!(next(&mut stream).await.contains("Not started"));
    test.anonymous().post(&path, &[("consent", "yes")]).await;
    assert!(next(&mut stream).await.contains("Started"));
    test.sql("delete from role_system_privileges").await;
    test.apply_policy().await;
    let last = next(&mut stream).await;
    assert!(last.contains("#invites") && !last.contains(ADA), "{last}");
}
