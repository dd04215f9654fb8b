//! People with an invite link, and people who guess or share links.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, StatusCode, header};
use telescope::domain::privilege::{SystemPrivilege, SystemPrivileges};
use telescope::domain::{AccountId, Stage};
use telescope::ops::{access_seals, invites as ops};

use super::app::{ADMIN, Answer, TestApp, Visitor, filled};
use super::invites::{ADA, invited, link, newest, recorded, state};
use super::live::next;
use crate::support::waiting::{DEADLINE, until};

const LOGIN: &str = "/onboarding/login";
const NUMBER: &str = "/onboarding/number";
const PHONE: &str = "+9996620077";

/// An administrator and the link of a new invite.
async fn with_link(test: &TestApp, fields: &[(&str, &str)]) -> (Visitor, String) {
    let root = test.signed_in(ADMIN).await;
    let path = link(&invited(&root, fields).await);
    (root, path)
}

/// A browser that has begun.
async fn begun(test: &TestApp, path: &str) -> Visitor {
    let visitor = test.anonymous();
    let answer = visitor.post(path, &[("consent", "yes")]).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, LOGIN), "{}", answer.body);
    visitor.after(&answer)
}

/// The only account.
fn account(test: &TestApp) -> AccountId {
    let listing = test.app.live.accounts.listing();
    assert_eq!(listing.entries.len(), 1);
    listing.iter().next().unwrap().account.id
}

/// Sets the stage of an account whose client has begun to start: nothing it says comes after that.
async fn reach_stage(test: &TestApp, id: AccountId, stage: Stage) {
    let has_begun = async || {
        let entry = test.app.live.accounts.get(id).unwrap();
        (entry.snapshot.stage != Stage::Disconnected).then_some(())
    };
    until("the client starts", DEADLINE, has_begun).await;
    test.set_stage(id, stage);
}

fn said(answer: &Answer) -> String {
    answer.texts("main section").concat()
}

#[tokio::test]
async fn looking_at_a_link_changes_nothing() {
    let test = TestApp::with(&[
        ("ORGANISATION_NAME", "Example <Ltd>"),
        ("ONBOARDING_CONTACT", "it@example.org"),
        ("PRIVACY_URL", "https://example.org/privacy"),
    ])
    .await;
    let (root, path) = with_link(&test, &[("phone", PHONE)]).await;
    let before = (state(&root).await, recorded(&test).await);
    for method in [Method::GET, Method::HEAD, Method::GET] {
        let scanner = test.anonymous();
        let request = scanner.request(method, &path).body(Body::empty()).unwrap();
        let answer = scanner.send(request).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(answer.header("set-cookie").is_empty());
    }
    assert_eq!((state(&root).await, recorded(&test).await), before);
    let page = test.anonymous().get(&path).await;
    for text in ["Example <Ltd> will be able to do", "login codes", PHONE, ADMIN, "it@example.org"] {
        assert!(said(&page).contains(text), "{text}: {}", page.body);
    }
    assert_eq!(page.attributes("main a", "href"), ["https://example.org/privacy"]);
    assert!(!page.has("nav") && !page.has("#live"), "there is nothing else for this person");
}

#[tokio::test]
async fn nothing_begins_without_consent_and_consent_is_recorded() {
    let test = TestApp::new().await;
    let (root, path) = with_link(&test, &[]).await;
    for form in [&[][..], &[("consent", "")], &[("consent", "no")]] {
        let answer = test.anonymous().post(&path, form).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.body);
        assert!(answer.has("#consent-error"));
    }
    assert_eq!(state(&root).await, "Not started");
    let browser = begun(&test, &path).await;
    assert_eq!(state(&root).await, "Started");
    let last = recorded(&test).await.pop().unwrap();
    assert_eq!((last.0.as_str(), last.1.as_str()), ("invite.opened", "invite for ada@example.org"));
    let answer = test.anonymous().post(&path, &[("consent", "yes")]).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    let cookie = browser.cookie();
    assert!(cookie.starts_with("telescope-invite=") && !path.contains(&cookie[20..]), "not the link itself");
}

#[tokio::test]
async fn a_form_of_a_page_that_conceals_its_origin_is_ours_if_the_browser_says_so() {
    let test = TestApp::new().await;
    let (_, path) = with_link(&test, &[]).await;
    for (site, status) in [
        ("cross-site", StatusCode::FORBIDDEN),
        ("same-site", StatusCode::FORBIDDEN),
        ("", StatusCode::FORBIDDEN),
        ("same-origin", StatusCode::SEE_OTHER),
    ] {
        let visitor = test.anonymous();
        let mut request = filled(visitor.request(Method::POST, &path), &[("consent", "yes")]);
        request.headers_mut().insert(header::ORIGIN, "null".parse().unwrap());
        request.headers_mut().insert("sec-fetch-site", site.parse().unwrap());
        if site.is_empty() {
            request.headers_mut().remove("sec-fetch-site");
        }
        assert_eq!(visitor.send(request).await.status, status, "{site}");
    }
}

#[tokio::test]
async fn a_link_works_in_the_first_browser_only() {
    let test = TestApp::new().await;
    let (root, path) = with_link(&test, &[]).await;
    let first = begun(&test, &path).await;
    let second = test.anonymous();
    for answer in [second.get(&path).await, second.post(&path, &[("consent", "yes")]).await] {
        assert_eq!(answer.status, StatusCode::CONFLICT);
        assert!(
            said(&answer).contains("another browser") && said(&answer).contains(ADMIN),
            "{}",
            answer.body
        );
    }
    // Without the cookie, or with one that is made up, the address of the login is worth nothing.
    let id = newest(&root).await;
    for cookie in ["", "telescope-invite=", &format!("telescope-invite={id}.guess"), "telescope-invite=x.y"] {
        let other = second.with_cookie(cookie);
        for answer in [
            other.get(LOGIN).await,
            other.post(NUMBER, &[("phone", PHONE)]).await,
            other.post(LOGIN, &[("token", "7"), ("code", "12345")]).await,
        ] {
            assert!([StatusCode::NOT_FOUND, StatusCode::CONFLICT].contains(&answer.status), "{cookie}");
        }
    }
    // Twice in the same browser goes on.
    assert!(first.get(&path).await.has("a[href='/onboarding/login']"));
    assert_eq!(first.post(&path, &[("consent", "yes")]).await.header("location"), LOGIN);
    assert_eq!(first.get(LOGIN).await.status, StatusCode::OK);
    // The creator lets another browser begin: the first one is out.
    let renewed = link(&root.post(&format!("/invites/{id}/renew"), &[]).await);
    assert_eq!(first.get(LOGIN).await.status, StatusCode::NOT_FOUND);
    let second = begun(&test, &renewed).await;
    assert_eq!(second.get(LOGIN).await.status, StatusCode::OK);
    assert_ne!(first.get(LOGIN).await.status, StatusCode::OK);
    let refused = recorded(&test).await.into_iter().filter(|(code, ..)| code == "invite.refused");
    assert!(refused.map(|(.., details)| details).any(|details| details.contains("other-browser")));
}

#[tokio::test]
async fn a_used_expired_or_revoked_link_says_so() {
    let test = TestApp::with_its_own_time().await;
    let (root, path) = with_link(&test, &[("hours", "1")]).await;
    let browser = begun(&test, &path).await;
    assert_eq!(browser.post(NUMBER, &[("phone", PHONE)]).await.header("location"), LOGIN);
    reach_stage(&test, account(&test), Stage::SignedOut).await;
    test.app.clock.advance(60 * 60);
    for answer in [
        browser.get(LOGIN).await,
        browser.get(&path).await,
        test.anonymous().get(&path).await,
        test.anonymous().post(&path, &[("consent", "yes")]).await,
        browser.post(LOGIN, &[("token", "7"), ("code", "12345")]).await,
        browser.post("/onboarding/login/action", &[("token", "7"), ("action", "send-code")]).await,
    ] {
        assert_eq!(answer.status, StatusCode::GONE, "{}", answer.body);
        assert!(said(&answer).contains("expired") && said(&answer).contains(ADMIN), "{}", answer.body);
    }
    assert_eq!(state(&root).await, "Expired");
    // A new link goes on with the same account.
    let id = newest(&root).await;
    let renewed = link(&root.post(&format!("/invites/{id}/renew"), &[]).await);
    let browser = begun(&test, &renewed).await;
    assert!(browser.get(LOGIN).await.has("#step"));
    root.post(&format!("/invites/{id}/revoke"), &[]).await;
    let answer = browser.get(LOGIN).await;
    assert_eq!(answer.status, StatusCode::GONE);
    assert!(said(&answer).contains("revoked"), "{}", answer.body);
    let mut stream = browser.stream("/onboarding/login/events").await;
    assert!(next(&mut stream).await.contains("event: signed-out"));
}

#[tokio::test]
async fn the_account_is_what_the_invite_says() {
    let test = TestApp::new().await;
    let group = test.group("Sales", &[]).await;
    let root = test.signed_in(ADMIN).await;
    let group_id = group.to_string();
    let fields = [("phone", PHONE), ("comment", "Desk 7"), ("group", group_id.as_str())];
    let path = link(&invited(&root, &fields).await);
    let browser = begun(&test, &path).await;
    assert!(said(&browser.get(LOGIN).await).contains(PHONE));
    // A fixed number, the owner and the groups can't be chosen by this person.
    let form = [("phone", "+9996629999"), ("owner", "eve@example.org"), ("group", "x"), ("comment", "y")];
    assert_eq!(browser.post(NUMBER, &form).await.status, StatusCode::SEE_OTHER);
    let entry = test.app.live.accounts.get(account(&test)).unwrap();
    let added = &entry.account;
    assert_eq!((added.identifier.to_string().as_str(), added.comment.as_str()), (PHONE, "Desk 7"));
    assert_eq!(added.owner.as_ref().map(ToString::to_string).as_deref(), Some(ADA));
    assert_eq!(added.groups, [group]);
    let again = browser.post(NUMBER, &[("phone", "+9996629999")]).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.body);
    assert_eq!(state(&root).await, "Logging in");
}

#[tokio::test]
async fn an_invite_logs_in_its_account_and_opens_nothing_else() {
    let test = TestApp::new().await;
    let other = test.account(1, Some(ADA)).await;
    test.set_stage(other, Stage::SignedOut);
    let (root, path) = with_link(&test, &[]).await;
    let browser = begun(&test, &path).await;
    for path in ["/accounts", "/invites", "/audit", "/users", "/onboarding"] {
        let answer = browser.get(path).await;
        assert!(answer.header("location").starts_with("/sign-in"), "{path}: {}", answer.status);
    }
    assert!(browser.get(&format!("/accounts/{other}")).await.header("location").starts_with("/sign-in"));
    browser.post(NUMBER, &[("phone", PHONE)]).await;
    let listing = test.app.live.accounts.listing();
    let own = listing.iter().find(|entry| entry.account.id != other).unwrap().account.id;
    reach_stage(&test, own, Stage::SignedOut).await;
    let page = browser.get(LOGIN).await;
    assert_eq!(page.attributes("#step", "data-stage"), ["signed-out"]);
    assert!(page.attributes("form", "action").iter().all(|action| action.starts_with("/onboarding/")));
    assert!(!page.body.contains(&own.to_string()), "the account's id is not told");
    // The client of this test does not answer; the request is refused by it, not by the pages.
    let asked = browser.post("/onboarding/login/action", &[("token", "7"), ("action", "send-code")]).await;
    assert_eq!(asked.status, StatusCode::CONFLICT, "{}", asked.body);
    assert!(asked.has("#step"));
    test.set_stage(own, Stage::Ready);
    assert_eq!(browser.get(LOGIN).await.attributes("#step", "data-stage"), ["done"]);
    ops::finish_ready(&test.app).await.unwrap();
    assert_eq!(state(&root).await, "Done");
    assert_eq!(browser.get(LOGIN).await.attributes("#step", "data-stage"), ["done"]);
    assert_eq!(test.anonymous().get(&path).await.status, StatusCode::GONE, "it works once");
    test.set_stage(own, Stage::SignedOut);
    let late = browser.post("/onboarding/login/action", &[("token", "7"), ("action", "send-code")]).await;
    assert_eq!(late.status, StatusCode::GONE, "what is done can't be used to log in again");
    let codes: Vec<String> = recorded(&test).await.into_iter().map(|(code, ..)| code).collect();
    assert!(codes.contains(&"invite.done".to_owned()));
}

#[tokio::test]
async fn the_step_is_live_in_the_browser_that_has_begun() {
    let test = TestApp::new().await;
    let (root, path) = with_link(&test, &[]).await;
    let browser = begun(&test, &path).await;
    browser.post(NUMBER, &[("phone", PHONE)]).await;
    let own = account(&test);
    reach_stage(&test, own, Stage::SignedOut).await;
    let mut stream = browser.stream("/onboarding/login/events").await;
    assert!(next(&mut stream).await.contains("data-stage=\"signed-out\""));
    test.set_stage(own, Stage::Ready);
    assert!(next(&mut stream).await.contains("data-stage=\"done\""));
    let id = newest(&root).await;
    root.post(&format!("/invites/{id}/revoke"), &[]).await;
    assert!(next(&mut stream).await.contains("event: signed-out"));
}

#[tokio::test]
async fn a_number_that_is_here_already_tells_nothing_about_its_account() {
    let test = TestApp::new().await;
    test.account(1, Some("bob@example.org")).await;
    let (_, path) = with_link(&test, &[]).await;
    let browser = begun(&test, &path).await;
    let refused = browser.post(NUMBER, &[("phone", "+9996620001")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);
    let error = refused.texts("#phone-error").concat();
    assert!(error.contains("can't be used here") && !refused.body.contains("bob@"), "{error}");
    assert_eq!(browser.post(NUMBER, &[("phone", "12")]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    for _ in 0..4 {
        browser.post(NUMBER, &[("phone", "+9996620001")]).await;
    }
    let last = browser.post(NUMBER, &[("phone", PHONE)]).await;
    assert!(last.texts("#phone-error").concat().contains("several numbers"), "{}", last.body);
    assert_eq!(test.app.live.accounts.listing().entries.len(), 1);
}

#[tokio::test]
async fn an_invite_counts_only_while_its_creator_may_invite() {
    let test = TestApp::new().await;
    let role = test.role("Adders", &[], SystemPrivileges::of(&[SystemPrivilege::AddAccount])).await;
    test.give("bob@example.org", role).await;
    let bob = test.signed_in("bob@example.org").await;
    let (first, second) = (link(&invited(&bob, &[]).await), link(&invited(&bob, &[]).await));
    let browser = begun(&test, &first).await;
    let root = test.signed_in(ADMIN).await;
    let id = test.user("bob@example.org").await.id;
    root.post(&format!("/users/{id}/disable"), &[]).await;
    for answer in [
        browser.get(LOGIN).await,
        browser.post(NUMBER, &[("phone", PHONE)]).await,
        test.anonymous().post(&second, &[("consent", "yes")]).await,
    ] {
        assert_eq!(answer.status, StatusCode::GONE, "{}", answer.body);
    }
    assert!(test.app.live.accounts.listing().entries.is_empty());
    root.post(&format!("/users/{id}/enable"), &[]).await;
    assert_eq!(browser.get(LOGIN).await.status, StatusCode::OK);
    test.sql("delete from role_system_privileges").await;
    test.apply_policy().await;
    assert_eq!(browser.get(LOGIN).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn an_invite_put_into_the_database_is_refused() {
    let test = TestApp::new().await;
    let (root, path) = with_link(&test, &[]).await;
    let browser = begun(&test, &path).await;
    test.sql("update invites set person = 'eve@example.org'").await;
    assert_eq!(browser.get(LOGIN).await.status, StatusCode::GONE);
    assert_eq!(browser.post(NUMBER, &[("phone", PHONE)]).await.status, StatusCode::GONE);
    access_seals::sweep(&test.app).await.unwrap();
    assert_eq!(state(&root).await, "Revoked");
    let page = root.get("/audit").await;
    assert!(page.texts("main").concat().contains("removed an invite added directly to the database"));
}

#[tokio::test]
async fn a_thousand_wrong_links_are_slowed_down_and_recorded() {
    let test = TestApp::new().await;
    let (_, path) = with_link(&test, &[]).await;
    let from = async |path: &str, address: [u8; 4]| {
        let visitor = test.anonymous();
        let mut request = visitor.request(Method::GET, path).body(Body::empty()).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from((address, 1))));
        visitor.send(request).await
    };
    let mut statuses = Vec::new();
    let mut pages = std::collections::BTreeSet::new();
    for number in 0..1000 {
        let answer = from(&format!("/onboarding/invite/{number}"), [192, 0, 2, 1]).await;
        statuses.push(answer.status);
        pages.insert(said(&answer));
    }
    assert_eq!(statuses.iter().filter(|status| **status == StatusCode::NOT_FOUND).count(), 20);
    assert!(statuses[20..].iter().all(|status| *status == StatusCode::TOO_MANY_REQUESTS));
    assert_eq!(pages.len(), 2, "each says the same");
    let refused: Vec<_> =
        recorded(&test).await.into_iter().filter(|(code, ..)| code == "invite.refused").collect();
    assert_eq!(refused.len(), 1, "not one for each: {refused:?}");
    // Those who have a link are not kept out, from wherever they come.
    assert_eq!(from(&path, [192, 0, 2, 1]).await.status, StatusCode::OK);
    assert_eq!(from("/onboarding/invite/x", [192, 0, 2, 2]).await.status, StatusCode::NOT_FOUND);
    let long = format!("/onboarding/invite/{}", "x".repeat(5000));
    assert_eq!(from(&long, [192, 0, 2, 3]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn signed_in_people_bring_in_their_own_account() {
    let test = TestApp::new().await;
    let ada = test.signed_in(ADA).await;
    assert_eq!(ada.post("/onboarding", &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let answer = ada.post("/onboarding", &[("consent", "yes"), ("person", "bob@example.org")]).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, LOGIN));
    let browser = ada.after(&answer);
    assert_eq!(browser.post(NUMBER, &[("phone", PHONE), ("owner", "bob@example.org")]).await.status, 303);
    let entry = test.app.live.accounts.get(account(&test)).unwrap();
    assert_eq!(entry.account.owner.as_ref().map(ToString::to_string).as_deref(), Some(ADA));
    assert!(entry.account.groups.is_empty());
    assert_eq!(ada.get(&format!("/accounts/{}", entry.account.id)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_settings_decide_who_brings_in_their_own_account() {
    for (settings, admitted) in [
        (&[("SELF_ONBOARDING", "no")][..], false),
        (&[("SELF_ONBOARDING_DOMAINS", "example.com")], false),
        (&[("SELF_ONBOARDING_DOMAINS", "example.com, example.org")], true),
    ] {
        let test = TestApp::with(settings).await;
        let ada = test.signed_in(ADA).await;
        let (page, begin) = if admitted { (200, 303) } else { (403, 403) };
        assert_eq!(ada.get("/onboarding").await.status, page, "{settings:?}");
        assert_eq!(ada.post("/onboarding", &[("consent", "yes")]).await.status, begin, "{settings:?}");
    }
    // What has begun ends with the permission.
    let test = TestApp::new().await;
    let ada = test.signed_in(ADA).await;
    let browser = ada.after(&ada.post("/onboarding", &[("consent", "yes")]).await);
    let test = test.again_with(&[("SELF_ONBOARDING", "no")]).await;
    let browser = test.anonymous().with_cookie(browser.cookie());
    assert_eq!(browser.get(LOGIN).await.status, StatusCode::GONE);
}
