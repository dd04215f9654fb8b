//! People who bring in their own account: how often, and what ends it.

use axum::http::StatusCode;
use telescope::domain::{AccountId, DesiredState, Stage};
use telescope::ops::invites as ops;

use super::app::{ADMIN, TestApp, Visitor};
use super::invites::{ADA, invited, link, newest, recorded, state};
use super::live::next;
use crate::support::waiting::{DEADLINE, until};

const LOGIN: &str = "/onboarding/login";
const NUMBER: &str = "/onboarding/number";
const PHONE: &str = "+9996620077";
const DAY: i64 = 24 * 60 * 60;

/// A signed-in person's browser that has begun.
async fn begun(ada: &Visitor) -> Visitor {
    let answer = ada.post("/onboarding", &[("consent", "yes")]).await;
    assert_eq!(answer.header("location"), LOGIN, "{}", answer.body);
    ada.after(&answer)
}

/// The account of a number that this browser enters, once its client has started.
async fn account(test: &TestApp, browser: &Visitor, phone: &str) -> AccountId {
    let given = browser.post(NUMBER, &[("phone", phone)]).await;
    assert_eq!(given.header("location"), LOGIN, "{}", given.body);
    let listing = test.app.live.accounts.listing();
    let of_number = listing.iter().find(|entry| entry.account.identifier.to_string() == phone);
    let id = of_number.unwrap().account.id;
    let has_begun = async || {
        let entry = test.app.live.accounts.get(id)?;
        (entry.snapshot.stage != Stage::Disconnected).then_some(())
    };
    until("the client starts", DEADLINE, has_begun).await;
    test.set_stage(id, Stage::SignedOut);
    id
}

fn wanted(test: &TestApp, id: AccountId) -> DesiredState {
    test.app.live.accounts.get(id).unwrap().account.wanted
}

#[tokio::test]
async fn a_person_begins_a_few_times_a_day() {
    let test = TestApp::with_its_own_time().await;
    let ada = test.signed_in(ADA).await;
    for _ in 0..5 {
        begun(&ada).await;
    }
    let refused = ada.post("/onboarding", &[("consent", "yes")]).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "{}", refused.body);
    assert!(refused.texts("main").concat().contains("5 times in 24 hours"), "{}", refused.body);
    // Invites of others are not counted with them.
    let root = test.signed_in(ADMIN).await;
    assert_eq!(invited(&root, &[]).await.status, StatusCode::OK);
    test.app.clock.advance(DAY + 1);
    let ada = test.signed_in(ADA).await;
    begun(&ada).await;
}

#[tokio::test]
async fn an_account_that_was_not_logged_in_within_a_day_is_removed() {
    let test = TestApp::with_its_own_time().await;
    let ada = test.signed_in(ADA).await;
    let unused = account(&test, &begun(&ada).await, PHONE).await;
    let logged_in = account(&test, &begun(&ada).await, "+9996620078").await;
    let root = test.signed_in(ADMIN).await;
    let path = link(&invited(&root, &[("hours", "1")]).await);
    let visitor = test.anonymous();
    let invitee = visitor.after(&visitor.post(&path, &[("consent", "yes")]).await);
    let of_invite = account(&test, &invitee, "+9996620079").await;

    test.app.clock.advance(DAY - 1);
    ops::end_overdue(&test.app).await.unwrap();
    assert_eq!(wanted(&test, unused), DesiredState::Connected, "there is time left");
    test.set_stage(logged_in, Stage::Ready);
    test.app.clock.advance(1);
    ops::end_overdue(&test.app).await.unwrap();
    let all = [unused, logged_in, of_invite].map(|id| wanted(&test, id));
    let kept = DesiredState::Connected;
    assert_eq!(
        all,
        [DesiredState::Removed, kept, kept],
        "the creator of an invite decides about its account"
    );
    let jobs = test.rows("select args from jobs where kind = 'remove-account'").await;
    assert_eq!(jobs, [unused.to_string()]);
    // Once more changes nothing.
    ops::end_overdue(&test.app).await.unwrap();
    assert_eq!(test.rows("select args from jobs").await.len(), 1);
    let by = test.rows("select actor from audit_log where code = 'account.wanted'").await;
    assert_eq!(by, ["system:invites"]);
}

#[tokio::test]
async fn ending_a_persons_sessions_ends_what_they_have_begun() {
    let test = TestApp::new().await;
    let ada = test.signed_in(ADA).await;
    let browser = begun(&ada).await;
    account(&test, &browser, PHONE).await;
    let mut page = browser.stream("/onboarding/login/events").await;
    assert!(next(&mut page).await.contains("data-stage=\"signed-out\""));
    let root = test.signed_in(ADMIN).await;
    let path = link(&invited(&root, &[]).await);
    let visitor = test.anonymous();
    let invitee = visitor.after(&visitor.post(&path, &[("consent", "yes")]).await);
    let id = test.user(ADA).await.id;
    let ended = root.post(&format!("/users/{id}/end-sessions"), &[]).await;
    assert_eq!(ended.status, StatusCode::SEE_OTHER, "{}", ended.body);
    let last = next(&mut page).await;
    assert!(last.contains("event: signed-out"), "{last}");
    assert_eq!(browser.get(LOGIN).await.status, StatusCode::GONE);
    assert_eq!(invitee.get(LOGIN).await.status, StatusCode::OK, "an invite needs no session");
}

#[tokio::test]
async fn removing_an_account_revokes_its_invite() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let path = link(&invited(&root, &[]).await);
    let visitor = test.anonymous();
    let browser = visitor.after(&visitor.post(&path, &[("consent", "yes")]).await);
    let id = account(&test, &browser, PHONE).await;
    let mut page = browser.stream("/onboarding/login/events").await;
    assert!(next(&mut page).await.contains("data-stage=\"signed-out\""));
    let removed = root.post(&format!("/accounts/{id}/remove"), &[("digits", "0077")]).await;
    assert_eq!(removed.status, StatusCode::SEE_OTHER, "{}", removed.body);
    let last = next(&mut page).await;
    assert!(last.contains("event: signed-out"), "{last}");
    let page = browser.get(LOGIN).await;
    assert_eq!(page.status, StatusCode::GONE);
    assert!(page.texts("main").concat().contains(ADMIN), "whom to ask: {}", page.body);
    assert_eq!(state(&root).await, "Revoked");
    let last = recorded(&test).await.pop().unwrap();
    assert_eq!((last.0.as_str(), last.1.as_str()), ("invite.revoked", ADMIN));
    let renew = format!("/invites/{}/renew", newest(&root).await);
    assert_eq!(root.post(&renew, &[]).await.status, StatusCode::CONFLICT);
}
