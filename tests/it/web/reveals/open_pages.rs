//! Live updates about requests on open pages.

use axum::body::BodyDataStream;
use telescope::domain::privilege::{SystemPrivilege, SystemPrivileges};
use telescope::ops::approvals::view;

use super::super::app::ADMIN;
use super::super::live::next;
use super::*;
use crate::support::waiting::DEADLINE;

/// Reads a stream until a message contains all of these parts.
pub(super) async fn until(stream: &mut BodyDataStream, parts: &[&str]) -> String {
    let found = async {
        loop {
            let message = next(stream).await;
            assert!(!message.is_empty(), "the stream stays open");
            if parts.iter().all(|part| message.contains(part)) {
                return message;
            }
        }
    };
    let found = tokio::time::timeout(DEADLINE, found).await;
    found.unwrap_or_else(|_| panic!("{parts:?} come"))
}

#[tokio::test]
async fn open_pages_follow_requests() {
    let (scene, second) = Scene::new().await;
    let ada = scene.test.signed_in(ADA).await;
    let mut list = second.stream("/reveals/events").await;
    until(&mut list, &["No pending requests"]).await;
    let mut accounts = second.stream("/accounts/events").await;
    until(&mut accounts, &["#reveals-waiting"]).await;
    let mut hers = ada.stream("/accounts/events").await;
    assert!(!next(&mut hers).await.contains("reveals-waiting"), "not without the privilege to decide");

    let id = scene.asks(&ada, &scene.code()).await;
    let message = until(&mut list, &["hx-target=\"#reveals\"", WHY, ADA]).await;
    assert!(message.contains(&format!("/reveals/{id}/approve")));
    until(&mut accounts, &["#reveals-waiting", ">1<"]).await;
    let mut page = ada.stream(&format!("{}/request/events", scene.code())).await;
    until(&mut page, &["hx-target=\"#approval\"", "Waiting for approval"]).await;
    scene.approves(&second, id).await;
    let message = until(&mut page, &["Approved by second@example.org", "Show login code"]).await;
    assert!(!message.contains("Waiting for"), "{message}");
    until(&mut list, &["No pending requests", "Approved"]).await;
    until(&mut accounts, &["#reveals-waiting"]).await;

    // Other people do not see the request's state; without the privilege no request is shown.
    let mut other = scene.root.stream(&format!("{}/request/events", scene.code())).await;
    assert!(!next(&mut other).await.contains("Approved by second@example.org"));
    let mut nosy = ada.stream("/reveals/events").await;
    let message = next(&mut nosy).await;
    assert!(message.contains("No pending requests") && !message.contains(WHY), "{message}");
    scene.test.app.clock.advance(600);
    view::tidy(&scene.test.app).await.unwrap();
    until(&mut page, &["within ten minutes of the decision"]).await;
}

/// Without the privilege to decide, open pages no longer show pending requests, nor their number.
#[tokio::test]
async fn open_pages_drop_requests_when_the_privilege_ends() {
    let scene = Scene::with(ADMIN).await;
    let approve = SystemPrivileges::of(&[SystemPrivilege::ApproveReveal]);
    let role = scene.test.role("Witnesses", &[], approve).await;
    scene.test.give(THIRD, role).await;
    let third = scene.test.signed_in(THIRD).await;
    let mut list = third.stream("/reveals/events").await;
    let mut accounts = third.stream("/accounts/events").await;
    scene.asks(&scene.root, &scene.code()).await;
    until(&mut list, &["hx-target=\"#reveals\"", WHY]).await;
    until(&mut accounts, &["#reveals-waiting", ">1<"]).await;
    scene.test.sql("delete from role_members").await;
    scene.test.apply_policy().await;
    let gone = "hx-target=\"#reveals-waiting\" hx-swap=\"innerHTML\"></hx-partial>";
    until(&mut accounts, &[gone]).await;
    let message = until(&mut list, &["hx-target=\"#reveals\"", gone]).await;
    assert!(!message.contains(WHY) && !message.contains("+999"), "{message}");
}

/// Waiting for a code needs an approval and ends with it.
#[tokio::test]
async fn waiting_for_a_code_needs_an_approval_and_ends_with_it() {
    let (scene, second) = Scene::new().await;
    let (root, wait) = (&scene.root, format!("{}/wait", scene.code()));
    refused(root.post(&wait, &[("reason", WHY)]).await, "Another person has to approve").await;
    let id = scene.asks(root, &scene.code()).await;
    refused(root.post(&wait, &[]).await, "This has not been approved yet").await;
    scene.decides(&second, "refuse", id).await;
    refused(root.post(&wait, &[]).await, "declined your request").await;

    let id = scene.asks(root, &scene.code()).await;
    scene.approves(&second, id).await;
    scene.test.app.clock.advance(8 * 60);
    // It would be waited for, if anything could come.
    refused(root.post(&wait, &[]).await, "account is disconnected").await;
    assert_eq!(scene.state(id).await, RequestState::Approved);
    scene.test.app.clock.advance(2 * 60);
    refused(root.post(&wait, &[]).await, "within ten minutes of the decision").await;
}
