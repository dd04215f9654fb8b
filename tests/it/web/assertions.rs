//! Single sign-on by signed assertions, as with Cloudflare Access: real tokens, a real HTTP server for the keys, the
//! whole router.

use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use telescope::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivileges};
use telescope::domain::{Email, Stage};
use telescope::store::{self, StoreError};

use super::app::{ADMIN, TestApp};
use super::behind::{ADA, Behind, Browser, HEADER, TAG};
use super::live::next;
use crate::sso::issuer::{Answering, SigningKey};

#[tokio::test]
async fn an_assertion_signs_a_person_in() {
    let behind = Behind::new().await;
    let account = behind.test.account(1, Some(ADA)).await;
    behind.test.account(2, None).await;
    let ada = behind.at_home(ADA).await;
    let page = ada.get("/accounts").await;
    assert_eq!(page.texts(".who span"), [ADA]);
    assert!(page.body.contains(&account.to_string()), "Ada's own account is listed");
    let root = behind.at_home(ADMIN).await;
    assert_eq!(root.get("/audit").await.status, StatusCode::OK, "named in ADMIN_EMAILS");
    assert_eq!(ada.get("/audit").await.status, StatusCode::FORBIDDEN);

    let cookie = format!("CF_Authorization={}", behind.token("bob@example.org"));
    let by_cookie = behind.bare(&[("cookie", &cookie)]).await;
    assert_eq!(by_cookie.texts(".who span"), ["bob@example.org"]);
    let both = behind.bare(&[("cookie", &cookie), (HEADER, &behind.token(ADA))]).await;
    assert_eq!(both.texts(".who span"), [ADA], "the header wins");
}

#[tokio::test]
async fn later_requests_are_checked_without_writing() {
    let behind = Behind::new().await;
    let mut ada = behind.at_home(ADA).await;
    assert_eq!(behind.sign_ins().await, 1);
    for _ in 0..5 {
        // The proxy renews its assertion.
        behind.test.app.clock.advance(30);
        ada.token = behind.token(ADA);
        let answer = ada.get("/accounts").await;
        assert_eq!((answer.status, answer.header("set-cookie")), (StatusCode::OK, ""));
    }
    assert_eq!(behind.sign_ins().await, 1);
    assert_eq!(behind.issuer.asked(), 1);
}

#[tokio::test]
async fn without_an_assertion_there_is_only_an_explanation() {
    let behind = Behind::new().await;
    let account = behind.test.account(1, Some(ADA)).await;
    let ada = behind.at_home(ADA).await;
    let claims = |changed: Value| behind.key.sign(&behind.claims(ADA, changed));
    let good = behind.token(ADA);
    let now = behind.test.app.clock.now().0 / 1000;
    let mut bad: Vec<Vec<(&str, String)>> = vec![
        vec![],
        vec![(HEADER, String::new())],
        vec![(HEADER, "nonsense".into())],
        vec![(HEADER, good.clone()), (HEADER, good.clone())],
        vec![(HEADER, "x".repeat(20_000))],
        vec![("cookie", format!("CF_Authorization={good}; CF_Authorization={good}"))],
        vec![("authorization", format!("Bearer {good}"))],
        vec![("cf-access-authenticated-user-email", ADA.into())],
        vec![("x-forwarded-email", ADA.into())],
        vec![(HEADER, "none".into()), ("cookie", format!("CF_Authorization={good}"))],
        vec![(HEADER, SigningKey::rs256("one", 1).sign(&behind.claims(ADA, json!({}))))],
        vec![(HEADER, SigningKey::rs256("unknown", 0).sign(&behind.claims(ADA, json!({}))))],
    ];
    for changed in [
        json!({"iss": "https://other.cloudflareaccess.com"}),
        json!({"aud": ["other"]}),
        json!({"exp": now - 61}),
        json!({"exp": "9999999999"}),
        json!({"nbf": now + 3600}),
        json!({"email": null, "sub": "", "common_name": "robot.access"}),
    ] {
        bad.push(vec![(HEADER, claims(changed))]);
    }
    for headers in &bad {
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = behind.bare(&headers).await;
        let said = answer.texts("p[role=alert]").concat();
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{headers:?}");
        assert!(said.contains("Cloudflare Access"), "{said}");
        assert!(
            answer.texts("code").concat() == answer.header("x-request-id"),
            "the page has the number of the request"
        );
        for leaked in [ADA, "signature", "expired", "issuer", "audience", "kid", TAG] {
            assert!(!answer.body.contains(leaked), "{leaked}: {}", answer.body);
        }
        assert_eq!(answer.header("set-cookie"), "");
    }
    // A session alone is not enough for pages, fragments, changes or streams.
    assert_eq!(ada.visitor.get("/accounts").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(ada.visitor.fragment("/accounts").await.status, StatusCode::UNAUTHORIZED);
    let changed = ada.visitor.post(&format!("/accounts/{account}/disconnect"), &[]).await;
    assert_eq!(changed.status, StatusCode::UNAUTHORIZED);
    let told = next(&mut ada.visitor.stream("/accounts/events").await).await;
    assert!(told.contains("event: signed-out"), "{told}");
    assert_eq!(ada.get("/accounts").await.status, StatusCode::OK, "the session itself was not ended");
    assert_eq!(behind.sign_ins().await, 1);
}

#[tokio::test]
async fn another_person_in_the_same_browser_gets_a_new_session() {
    let behind = Behind::new().await;
    behind.test.account(1, Some(ADA)).await;
    let ada = behind.at_home(ADA).await;
    let mut open = ada.stream("/accounts/events").await;
    next(&mut open).await;
    let mut bob = Browser { token: behind.token("bob@example.org"), ..ada.clone() };
    let page = bob.get("/accounts").await;
    assert_eq!(page.texts(".who span"), ["bob@example.org"]);
    let old = ada.visitor.request(Method::GET, "/").body(()).unwrap().headers()["cookie"].clone();
    bob.keep(&page);
    let new = bob.visitor.request(Method::GET, "/").body(()).unwrap().headers()["cookie"].clone();
    assert_ne!(old, new);
    assert!(next(&mut open).await.contains("event: signed-out"), "Ada's open page is closed");
}

#[tokio::test]
async fn an_open_page_ends_with_its_assertion_and_continues_with_a_newer_one() {
    let behind = Behind::new().await;
    let account = behind.test.account(1, None).await;
    let mut root = behind.at_home(ADMIN).await;
    let mut open = root.stream("/accounts/events").await;
    next(&mut open).await;
    behind.test.app.clock.advance(655);
    behind.test.set_stage(account, Stage::Starting);
    assert!(
        next(&mut open).await.contains(Stage::Starting.name()),
        "a minute's tolerance, since clocks differ"
    );
    behind.test.app.clock.advance(10);
    behind.test.set_stage(account, Stage::Ready);
    let last = next(&mut open).await;
    assert_eq!(last, "", "it ends without an event, so that the browser reconnects");

    let late = root.stream("/accounts/events").await;
    assert!(next(&mut { late }).await.contains("event: signed-out"), "the expired assertion opens nothing");
    root.token = behind.token(ADMIN);
    let mut again = root.stream("/accounts/events").await;
    assert!(next(&mut again).await.contains(Stage::Ready.name()));
    // A page that was opened with an older assertion stays open while the person works.
    behind.test.app.clock.advance(500);
    root.token = behind.token(ADMIN);
    assert_eq!(root.get("/accounts").await.status, StatusCode::OK);
    behind.test.app.clock.advance(300);
    behind.test.set_stage(account, Stage::SignedOut);
    assert!(next(&mut again).await.contains(Stage::SignedOut.name()));
}

#[tokio::test]
async fn signing_out_leads_to_the_proxys_logout() {
    let behind = Behind::new().await;
    let ada = behind.at_home(ADA).await;
    let mut open = ada.stream("/accounts/events").await;
    next(&mut open).await;
    let out = ada.request(Method::POST, "/sign-out").body(Body::empty()).unwrap();
    let out = ada.visitor.send(out).await;
    assert_eq!((out.status, out.header("location")), (StatusCode::SEE_OTHER, "/cdn-cgi/access/logout"));
    assert!(next(&mut open).await.contains("event: signed-out"));

    let page = behind.test.anonymous().get("/sign-in").await;
    assert!(page.body.contains("Cloudflare Access") && !page.has("input"), "{}", page.body);
    let claimed = behind.test.anonymous().post("/sign-in", &[("email", ADMIN)]).await;
    assert_eq!((claimed.status, claimed.header("set-cookie")), (StatusCode::FORBIDDEN, ""));
}

#[tokio::test]
async fn a_blocked_person_is_refused_despite_the_assertion() {
    let behind = Behind::new().await;
    let ada = behind.at_home(ADA).await;
    let disable = async |conn: &mut store::Conn<'_>| -> Result<(), StoreError> {
        let user = store::users::by_email(conn, &Email::parse(ADA).unwrap()).await?.unwrap();
        store::users::set_disabled(conn, user.id, true).await
    };
    behind.test.app.db.maintain(disable).await.unwrap();
    assert_eq!(ada.get("/accounts").await.status, StatusCode::UNAUTHORIZED);
    let fresh = behind.browser(&behind.token(ADA)).get("/accounts").await;
    assert_eq!((fresh.status, fresh.header("set-cookie")), (StatusCode::CONFLICT, ""));
}

#[tokio::test]
async fn without_keys_nobody_signs_in_and_known_keys_stay_valid() {
    let behind = Behind::new().await;
    behind.issuer.answers(Answering::Broken);
    let early = behind.bare(&[(HEADER, &behind.token(ADA))]).await;
    assert_eq!((early.status, early.header("set-cookie")), (StatusCode::SERVICE_UNAVAILABLE, ""));
    behind.issuer.answers(Answering::Keys(vec![behind.key.clone()]));
    behind.test.app.clock.advance(60);
    let ada = behind.at_home(ADA).await;
    behind.issuer.answers(Answering::Broken);
    behind.test.app.clock.advance(120);
    assert_eq!(ada.get("/accounts").await.status, StatusCode::OK);
}

#[tokio::test]
async fn without_the_database_only_existing_sessions_work() {
    let behind = Behind::new().await;
    let ada = behind.at_home(ADA).await;
    assert_eq!(ada.get("/accounts").await.status, StatusCode::OK);
    behind.test.app.set_database_away(true);
    assert_eq!(ada.get("/accounts").await.status, StatusCode::OK);
    assert_eq!(ada.visitor.get("/accounts").await.status, StatusCode::UNAUTHORIZED);
    let bob = Browser { token: behind.token("bob@example.org"), ..ada.clone() };
    assert_eq!(bob.get("/accounts").await.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn disabled_sign_on_is_announced_on_every_page() {
    let test = TestApp::with(&[("SSO_MODE", "disable")]).await;
    let account = test.account(1, None).await;
    for path in ["/accounts", &format!("/accounts/{account}"), "/jobs", "/audit", "/nothing-here", "/sign-in"]
    {
        let page = test.anonymous().get(path).await;
        let banner = page.texts("main > p[role=note]").concat();
        assert!(banner.contains("SSO_MODE=disable") && banner.contains(ADMIN), "{path}: {}", page.body);
    }
    assert_eq!(test.anonymous().get("/audit").await.status, StatusCode::OK, "everyone is the administrator");
    for proxy in ["x-forwarded-for", "forwarded", "via", "x-forwarded-host"] {
        let request = test.anonymous().request(Method::GET, "/accounts").header(proxy, "10.0.0.1");
        let answer = test.anonymous().send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{proxy}");
    }
    let other = TestApp::new().await.signed_in(ADMIN).await.get("/accounts").await;
    assert!(!other.body.contains("SSO_MODE=disable"));
}

/// Prints the time of a request with an assertion, beside one with a session alone.
#[tokio::test]
async fn an_assertion_costs_a_request_less_than_a_millisecond() {
    let behind = Behind::new().await;
    let ada = behind.at_home(ADA).await;
    let mock = TestApp::new().await;
    let known = mock.signed_in(ADA).await;
    let (mut with, mut without) = (Duration::MAX, Duration::MAX);
    for _ in 0..100 {
        let started = Instant::now();
        assert_eq!(known.get("/jobs").await.status, StatusCode::OK);
        without = without.min(started.elapsed());
        let started = Instant::now();
        assert_eq!(ada.get("/jobs").await.status, StatusCode::OK);
        with = with.min(started.elapsed());
    }
    println!("a page takes {without:?} by its session alone, {with:?} with an assertion");
    assert!(with < without + Duration::from_millis(1), "{with:?} and {without:?}");
}

/// Each assertion lists the person's current groups; roles by groups that are missing are gone.
#[tokio::test]
async fn roles_follow_the_groups_of_each_request() {
    let behind = Behind::new().await;
    let account = behind.test.account(1, None).await;
    let group = behind.test.group("Sales", &[account]).await;
    let view = AccountPrivileges::of(&[AccountPrivilege::View]);
    behind.test.role("ops", &[(group, view)], SystemPrivileges::NONE).await;
    let mut ada = behind.at_home(ADA).await;
    for (claims, sees) in [
        (json!({"groups": ["ops", "all"]}), true),
        (json!({"groups": ["all", "ops"]}), true),
        (json!({"groups": ["all"]}), false),
        (json!({"groups": ["ops"]}), true),
        (json!({}), false),
        (json!({"groups": "ops"}), false),
    ] {
        ada.token = behind.key.sign(&behind.claims(ADA, claims.clone()));
        let page = ada.get("/accounts").await;
        assert_eq!(page.body.contains(&account.to_string()), sees, "{claims}");
        if !page.header("set-cookie").is_empty() {
            ada.keep(&page);
        }
    }
    assert_eq!(behind.sign_ins().await, 5, "a different order changes nothing");
}

/// Each assertion without the session's cookie starts a new session.
#[tokio::test]
async fn new_sessions_per_person_and_minute_are_limited() {
    let behind = Behind::with(&[("SIGN_INS_PER_MINUTE", "3")]).await;
    let root = behind.at_home(ADMIN).await;
    for _ in 0..10 {
        behind.bare(&[(HEADER, &behind.token(ADA))]).await;
    }
    assert_eq!(behind.sign_ins().await, 1 + 3);
    let refused = behind.bare(&[(HEADER, &behind.token(ADA))]).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.body.contains("Allow cookies"), "{}", refused.body);
    assert_eq!(root.get("/accounts").await.status, StatusCode::OK, "others are not affected");
    behind.test.app.clock.advance(60);
    assert_eq!(behind.bare(&[(HEADER, &behind.token(ADA))]).await.status, StatusCode::OK);
}

/// Between a sign-in and the row of its session all sessions of the person end: the row is not found by what ends them,
/// and counts for nothing afterwards. The next request begins a new session.
#[tokio::test]
async fn a_session_that_ended_before_it_was_stored_is_replaced() {
    let behind = Behind::new().await;
    let account = behind.test.account(1, Some(ADA)).await;
    let mut ada = behind.at_home(ADA).await;
    for ends in [
        "update users set session_epoch = session_epoch + 1",
        "update users set session_epoch = session_epoch + 1000000",
        "delete from users where email = 'ada@example.org'",
    ] {
        behind.test.sql(ends).await;
        let before = behind.sign_ins().await;
        let answer = ada.get(&format!("/accounts/{account}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{ends}: {}", answer.body);
        ada.keep(&answer);
        assert_eq!(ada.get("/accounts").await.status, StatusCode::OK, "{ends}");
        assert_eq!(behind.sign_ins().await, before + 1, "{ends}: one new session");
    }
    // A blocked person stays outside.
    behind.test.sql("update users set disabled = true, session_epoch = session_epoch + 1").await;
    for _ in 0..2 {
        assert_ne!(ada.get("/accounts").await.status, StatusCode::OK);
    }
}
