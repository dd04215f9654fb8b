//! What invites can't be used for by people who have one, who create many, or who guess links.

use std::net::{Ipv6Addr, SocketAddr};

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, StatusCode};
use telescope::domain::privilege::{SystemPrivilege, SystemPrivileges};
use telescope::domain::{AccountId, Phone, Secret, Stage};
use telescope::live::events::Change;
use telescope::ops::invites as ops;

use super::app::{ADMIN, TestApp, Visitor};
use super::invites::{ADA, invited, link, newest, recorded, state};
use super::live::next;
use crate::support::waiting::{DEADLINE, until};

const LOGIN: &str = "/onboarding/login";
const NUMBER: &str = "/onboarding/number";
const PHONE: &str = "+9996620077";
const BOB: &str = "bob@example.org";

/// A person who may invite people and nothing else.
async fn inviter(test: &TestApp) -> Visitor {
    let role = test.role("Inviters", &[], SystemPrivileges::of(&[SystemPrivilege::AddAccount])).await;
    test.give(BOB, role).await;
    test.signed_in(BOB).await
}

/// A browser that has begun.
async fn begun(test: &TestApp, path: &str) -> Visitor {
    let visitor = test.anonymous();
    let answer = visitor.post(path, &[("consent", "yes")]).await;
    assert_eq!(answer.header("location"), LOGIN, "{}", answer.body);
    visitor.after(&answer)
}

/// A browser that has entered the number, and the account, which is at this stage.
async fn with_account(test: &TestApp, path: &str, stage: Stage) -> (Visitor, AccountId) {
    let browser = begun(test, path).await;
    assert_eq!(browser.post(NUMBER, &[("phone", PHONE)]).await.header("location"), LOGIN);
    let listing = test.app.live.accounts.listing();
    let of_invite = |id: &AccountId| {
        listing.iter().any(|it| it.account.id == *id && it.account.identifier.to_string() == PHONE)
    };
    let id = listing.iter().map(|entry| entry.account.id).find(of_invite).unwrap();
    // Nothing that its client says comes after that.
    let has_begun = async || {
        let entry = test.app.live.accounts.get(id).unwrap();
        (entry.snapshot.stage != Stage::Disconnected).then_some(())
    };
    until("the client starts", DEADLINE, has_begun).await;
    test.set_stage(id, stage);
    (browser, id)
}

#[tokio::test]
async fn an_open_page_shows_no_later_login_of_the_account() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let path = link(&invited(&root, &[]).await);
    let (browser, id) = with_account(&test, &path, Stage::SignedOut).await;
    let mut page = browser.stream("/onboarding/login/events").await;
    assert!(next(&mut page).await.contains("data-stage=\"signed-out\""));
    test.set_stage(id, Stage::Ready);
    assert!(next(&mut page).await.contains("data-stage=\"done\""));
    ops::finish_ready(&test.app).await.unwrap();
    assert_eq!(state(&root).await, "Done");
    // The account is logged in again, by others.
    let mut theirs = root.stream(&format!("/accounts/{id}/events")).await;
    assert!(next(&mut theirs).await.contains("data-stage=\"ready\""));
    let link = Secret::new("tg://login?token=c2VjcmV0");
    test.set_stage(id, Stage::WaitOtherDevice { link });
    assert!(next(&mut theirs).await.contains("data-stage=\"wait-other-device\""));
    // The next message is that the page has ended, and nothing comes before it.
    test.sql("delete from invites").await;
    test.app.live.events.publish(Change::Invites);
    let last = next(&mut page).await;
    assert!(last.contains("event: signed-out"), "{last}");
}

#[tokio::test]
async fn a_new_link_ends_when_the_account_is_logged_in_otherwise() {
    let test = TestApp::new().await;
    let bob = inviter(&test).await;
    let path = link(&invited(&bob, &[]).await);
    let (_, id) = with_account(&test, &path, Stage::SignedOut).await;
    let renew = format!("/invites/{}/renew", newest(&bob).await);
    let renewed = link(&bob.post(&renew, &[]).await);
    // Its owner, who is signed in, or an administrator logs it in meanwhile.
    test.set_stage(id, Stage::Ready);
    ops::finish_ready(&test.app).await.unwrap();
    assert_eq!(state(&bob).await, "Done");
    // Later it is logged out. The person who created the invite sees nothing of it.
    test.set_stage(id, Stage::SignedOut);
    assert_eq!(bob.get(&format!("/accounts/{id}")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(bob.post(&renew, &[]).await.status, StatusCode::CONFLICT);
    let late = test.anonymous().post(&renewed, &[("consent", "yes")]).await;
    assert_eq!(late.status, StatusCode::GONE, "{}", late.body);
}

#[tokio::test]
async fn wrong_links_from_many_addresses_hide_nothing_that_people_do() {
    let test = TestApp::new().await;
    let bob = inviter(&test).await;
    for number in 0..200 {
        let visitor = test.anonymous();
        let mut request =
            visitor.request(Method::GET, "/onboarding/invite/guess").body(Body::empty()).unwrap();
        // Addresses of one network, which a guest can choose freely.
        let address = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 1, number);
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from((address, 1))));
        visitor.send(request).await;
    }
    let group = test.group("Sales", &[]).await.to_string();
    assert_eq!(invited(&bob, &[("group", &group)]).await.status, StatusCode::CONFLICT);
    let recorded = recorded(&test).await;
    let count = |code: &str| recorded.iter().filter(|entry| entry.0 == code).count();
    assert_eq!((count("invite.refused"), count("invite.created")), (10, 1), "{recorded:?}");
}

#[tokio::test]
async fn all_invites_of_a_person_tell_of_few_taken_numbers() {
    let test = TestApp::new().await;
    for number in 1..=20 {
        test.account(number, None).await;
    }
    let bob = inviter(&test).await;
    let mut told = 0;
    for number in 1..=20_u16 {
        let person = format!("made-up-{}@example.org", number / 4);
        let path = link(&bob.post("/invites/new", &[("person", &person)]).await);
        let browser = begun(&test, &path).await;
        let phone = format!("+{}", Phone::test(2, number).digits());
        let answer = browser.post(NUMBER, &[("phone", &phone)]).await;
        told += usize::from(answer.texts("#phone-error").concat().contains("can't be used here"));
    }
    assert_eq!(told, 15);
    // Those whom another person invited are not concerned.
    let root = test.signed_in(ADMIN).await;
    let browser = begun(&test, &link(&invited(&root, &[]).await)).await;
    assert_eq!(browser.post(NUMBER, &[("phone", PHONE)]).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn changes_of_a_login_in_an_hour_are_limited() {
    let test = TestApp::with_its_own_time().await;
    let root = test.signed_in(ADMIN).await;
    let path = link(&invited(&root, &[("hours", "24")]).await);
    let (browser, id) = with_account(&test, &path, Stage::SignedOut).await;
    let act = async |token: &str| {
        let form = [("token", token), ("action", "show-qr")];
        browser.post("/onboarding/login/action", &form).await.status
    };
    // An outdated form is refused before it counts.
    assert_eq!(act("8").await, StatusCode::CONFLICT);
    // The client of this test refuses each, as if it had come to another stage.
    for _ in 0..30 {
        assert_eq!(act("7").await, StatusCode::CONFLICT);
    }
    assert_eq!(act("7").await, StatusCode::TOO_MANY_REQUESTS);
    let other = browser.post(NUMBER, &[("phone", "+9996620078")]).await;
    assert_eq!(other.status, StatusCode::TOO_MANY_REQUESTS, "{}", other.body);
    assert_eq!(test.app.live.accounts.get(id).unwrap().account.identifier.to_string(), PHONE);
    let form = [("token", "7"), ("action", "show-qr")];
    let by_root = root.post(&format!("/accounts/{id}/login-action"), &form).await;
    assert_eq!(by_root.status, StatusCode::CONFLICT, "others are not kept from it");
    test.app.clock.advance(60 * 60);
    assert_eq!(act("7").await, StatusCode::CONFLICT);
}

#[tokio::test]
async fn fields_of_a_refused_form_are_as_they_were_typed() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let typed = "\u{202e}desk\u{2069}\u{202c}";
    let fields = [("person", typed), ("phone", typed), ("comment", typed)];
    let answer = root.post("/invites/new", &fields).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answer.attributes("#person", "value"), [typed]);
    assert_eq!(answer.attributes("#phone", "value"), [typed]);
    assert_eq!(answer.texts("#comment"), [typed]);
    let browser = begun(&test, &link(&invited(&root, &[]).await)).await;
    let answer = browser.post(NUMBER, &[("phone", typed)]).await;
    assert_eq!(answer.attributes("#phone", "value"), [typed]);
}

#[tokio::test]
async fn signing_out_ends_bringing_in_an_own_account() {
    let test = TestApp::new().await;
    let ada = test.signed_in(ADA).await;
    let browser = ada.after(&ada.post("/onboarding", &[("consent", "yes")]).await);
    assert_eq!(browser.get(LOGIN).await.status, StatusCode::OK);
    let next = browser.after(&browser.post("/sign-out", &[]).await);
    assert_eq!(next.get(LOGIN).await.status, StatusCode::NOT_FOUND, "for those who use the browser next");
    // With the link of another person it goes on.
    let root = test.signed_in(ADMIN).await;
    let path = link(&invited(&root, &[]).await);
    let ada = test.signed_in(ADA).await;
    let browser = ada.after(&ada.post(&path, &[("consent", "yes")]).await);
    let next = browser.after(&browser.post("/sign-out", &[]).await);
    assert_eq!(next.get(LOGIN).await.status, StatusCode::OK);
}
