//! What open pages are told of requests, and what they forget.

use axum::body::BodyDataStream;
use telescope::domain::privilege::{SystemPrivilege, SystemPrivileges};
use telescope::ops::approvals::view;

use super::super::app::ADMIN;
use super::super::live::next;
use super::*;
use crate::support::waiting::DEADLINE;

/// Reads a stream until a message holds all of this.
pub(super) async fn until(stream: &mut BodyDataStream, parts: &[&str]) -> String {
    let found = async {
        loop {
            let message = next(stream).await;
            assert!(!message.is_empty(), "the stream goes on");
            if parts.iter().all(|part| message.contains(part)) {
                return message;
            }
        }
    };
    let found = tokio::time::timeout(DEADLINE, found).await;
    found.unwrap_or_else(|_| panic!("{parts:?} come"))
}

#[tokio::test]
async fn open_pages_follow() {
    let (told, second) = Told::new().await;
    let ada = told.test.signed_in(ADA).await;
    let mut list = second.stream("/reveals/events").await;
    until(&mut list, &["No pending requests"]).await;
    let mut accounts = second.stream("/accounts/events").await;
    until(&mut accounts, &["#reveals-waiting"]).await;
    let mut hers = ada.stream("/accounts/events").await;
    assert!(!next(&mut hers).await.contains("reveals-waiting"), "not for whoever may not decide");

    let id = told.asks(&ada, &told.code()).await;
    let message = until(&mut list, &["hx-target=\"#reveals\"", WHY, ADA]).await;
    assert!(message.contains(&format!("/reveals/{id}/approve")));
    until(&mut accounts, &["#reveals-waiting", ">1<"]).await;
    let mut page = ada.stream(&format!("{}/request/events", told.code())).await;
    until(&mut page, &["hx-target=\"#approval\"", "Waiting for approval"]).await;
    told.approves(&second, id).await;
    let message = until(&mut page, &["Approved by second@example.org", "Show login code"]).await;
    assert!(!message.contains("Waiting for"), "{message}");
    until(&mut list, &["No pending requests", "Approved"]).await;
    until(&mut accounts, &["#reveals-waiting"]).await;

    // Nobody else sees how hers stands; and whoever may not decide is shown no request.
    let mut other = told.root.stream(&format!("{}/request/events", told.code())).await;
    assert!(!next(&mut other).await.contains("Approved by second@example.org"));
    let mut nosy = ada.stream("/reveals/events").await;
    let message = next(&mut nosy).await;
    assert!(message.contains("No pending requests") && !message.contains(WHY), "{message}");
    told.test.app.clock.advance(600);
    view::tidy(&told.test.app).await.unwrap();
    until(&mut page, &["within ten minutes of the decision"]).await;
}

/// Whoever may not decide any more is not told on his open pages what waits for others, nor how much.
#[tokio::test]
async fn open_pages_forget_what_waits_with_the_right_to_decide_it() {
    let told = Told::with(ADMIN).await;
    let approve = SystemPrivileges::of(&[SystemPrivilege::ApproveReveal]);
    let role = told.test.role("Witnesses", &[], approve).await;
    told.test.give(THIRD, role).await;
    let third = told.test.signed_in(THIRD).await;
    let mut list = third.stream("/reveals/events").await;
    let mut accounts = third.stream("/accounts/events").await;
    told.asks(&told.root, &told.code()).await;
    until(&mut list, &["hx-target=\"#reveals\"", WHY]).await;
    until(&mut accounts, &["#reveals-waiting", ">1<"]).await;
    told.test.sql("delete from role_members").await;
    told.test.in_force().await;
    let gone = "hx-target=\"#reveals-waiting\" hx-swap=\"innerHTML\"></hx-partial>";
    until(&mut accounts, &[gone]).await;
    let message = until(&mut list, &["hx-target=\"#reveals\"", gone]).await;
    assert!(!message.contains(WHY) && !message.contains("+999"), "{message}");
}

/// What waits for a code waits no longer than the approval lasts, and with nothing less than an approval.
#[tokio::test]
async fn nobody_waits_for_a_code_without_an_approval_or_beyond_it() {
    let (told, second) = Told::new().await;
    let (root, wait) = (&told.root, format!("{}/wait", told.code()));
    refused(root.post(&wait, &[("reason", WHY)]).await, "Another person has to approve").await;
    let id = told.asks(root, &told.code()).await;
    refused(root.post(&wait, &[]).await, "This has not been approved yet").await;
    told.decides(&second, "refuse", id).await;
    refused(root.post(&wait, &[]).await, "declined your request").await;

    let id = told.asks(root, &told.code()).await;
    told.approves(&second, id).await;
    told.test.app.clock.advance(8 * 60);
    // It would be waited for, if anything could come.
    refused(root.post(&wait, &[]).await, "account is disconnected").await;
    assert_eq!(told.state(id).await, RequestState::Approved);
    told.test.app.clock.advance(2 * 60);
    refused(root.post(&wait, &[]).await, "within ten minutes of the decision").await;
}
