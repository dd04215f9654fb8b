//! What the attackers of SECURITY.md's threat table try on the pages: every route, in a position that gives them little.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use telescope::domain::AccountId;
use telescope::domain::access::PolicyVersion;
use telescope::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivileges};
use telescope::ops::audit::queue;
use telescope::store;
use telescope::store::users::Listed;

use super::app::{ADMIN, TestApp, Visitor, filled};
use super::guarded::{PASSWORD, guarded};
use super::live::next;
use super::walk::{TABLE, ask, path_of};

const ADA: &str = "ada@example.org";
const BOB: &str = "bob@example.org";
const MISSING: &str = "0190aaaa-0000-7000-8000-000000000000";

/// What a request is answered with, apart from what was sent.
async fn answer(visitor: &Visitor, method: &str, path: &str) -> (StatusCode, String, String) {
    if path.ends_with("/events")
        && let Ok(mut stream) = visitor.try_stream(path).await
    {
        return (StatusCode::OK, String::new(), next(&mut stream).await);
    }
    let request = visitor.request(Method::from_bytes(method.as_bytes()).unwrap(), path);
    let request = match method {
        "GET" => request.body(Body::empty()).unwrap(),
        _ => filled(request, &[("reason", "x"), ("step", "save")]),
    };
    let answer = visitor.send(request).await;
    let encoded: String = url::form_urlencoded::byte_serialize(path.as_bytes()).collect();
    let plain = |text: &str| {
        let text = text.replace(path, "PATH").replace(&encoded, "PATH");
        let text = text.replace(answer.header("x-request-id"), "ID");
        // Pages say when they were made.
        match text.split_once("<span data-now>") {
            Some((before, after)) => format!("{before}{}", after.split_once("</span>").unwrap().1),
            None => text,
        }
    };
    (answer.status, plain(answer.header("location")), plain(&answer.body))
}

#[tokio::test]
async fn a_stranger_learns_nothing_about_what_exists() {
    let test = TestApp::new().await;
    let account = test.account(1, Some(ADA)).await;
    test.signed_in(ADMIN).await;
    let mut compared = 0;
    for (method, pattern, _) in TABLE.iter().filter(|(_, pattern, _)| pattern.contains('{')) {
        let there = path_of(&test, pattern, account, ADMIN).await;
        let mut missing = pattern.replace("{file}", "no.css").replace("{document}", "none");
        for id in ["{account}", "{user}", "{role}", "{group}", "{reveal}", "{job}"] {
            missing = missing.replace(id, MISSING);
        }
        let stranger = test.anonymous();
        let (known, unknown) =
            (answer(&stranger, method, &there).await, answer(&stranger, method, &missing).await);
        assert_eq!(known, unknown, "{method} {pattern}");
        assert!(
            !known.2.contains("99966") && !known.2.contains("example.org"),
            "{method} {pattern}: {known:?}"
        );
        compared += 1;
    }
    assert!(compared > 50, "{compared}");
}

/// Everything that must stay as it is.
async fn state(test: &TestApp) -> (Vec<telescope::domain::Account>, Vec<Listed>, PolicyVersion, Vec<String>) {
    let conn = &mut test.app.db.read().await.unwrap();
    let accounts = store::accounts::all(conn).await.unwrap();
    let people = store::users::page(conn, "", "", test.app.clock.now(), 100).await.unwrap();
    let secrets = test.rows("select sealed from sealed_secrets order by row_id").await;
    (accounts, people, store::rules::version(conn).await.unwrap(), secrets)
}

/// Tries every route on an account that the visitor can't see, and on people, roles and groups.
async fn tries_everything(test: &TestApp, visitor: &Visitor, hidden: AccountId) {
    const MANAGED: [&str; 7] =
        ["/users", "/roles", "/groups", "/access", "/audit", "/accounts/add", "/reveals/{reveal}/"];
    let mut tried = 0;
    for (method, pattern, _) in TABLE {
        let is_managed = MANAGED.iter().any(|start| pattern.starts_with(start));
        if !is_managed && !pattern.contains("{account}") {
            continue;
        }
        let path = path_of(test, pattern, hidden, BOB).await;
        let before = state(test).await;
        let status = ask(visitor, method, &path).await;
        assert!(
            matches!(status, 403 | 404 | 410) || pattern.ends_with("/events"),
            "{method} {pattern}: {status}"
        );
        if pattern.ends_with("/events") && status == 200 {
            let told = next(&mut visitor.stream(&path).await).await;
            assert!(!told.contains("99966") && !told.contains(BOB), "{pattern}: {told}");
        }
        assert_eq!(state(test).await, before, "{method} {pattern}");
        tried += 1;
    }
    assert!(tried > 70, "{tried}");
}

/// Stores a password for an account, as an administrator.
async fn with_password(test: &TestApp, account: AccountId) {
    let stored = test.signed_in(ADMIN).await;
    let stored =
        stored.post(&format!("/accounts/{account}/password"), &[("password", "Blaukehlchen 5")]).await;
    assert_eq!(stored.status, StatusCode::SEE_OTHER, "{}", stored.body);
}

#[tokio::test]
async fn an_owner_gains_nothing_beyond_their_account() {
    let test = TestApp::new().await;
    let (own, other) = (test.account(1, Some(ADA)).await, test.account(2, Some(BOB)).await);
    with_password(&test, own).await;
    with_password(&test, other).await;
    test.signed_in(BOB).await;
    let ada = test.signed_in(ADA).await;
    tries_everything(&test, &ada, other).await;
    // Their own they can't give away, view the password of, correct, log out or remove.
    let before = state(&test).await;
    for (path, form) in [
        ("edit", vec![("owner", BOB), ("version", ""), ("comment", "")]),
        ("edit", vec![("owner", ""), ("groups", "New")]),
        ("number", vec![("phone", "+9996620009")]),
        ("password/reveal", vec![("reason", "It is mine")]),
        ("password/reveal/request", vec![("reason", "It is mine")]),
        ("log-out", vec![]),
        ("remove", vec![("digits", "0001")]),
    ] {
        let answer = ada.post(&format!("/accounts/{own}/{path}"), &form).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
        assert!(!answer.body.contains("Blaukehlchen"), "{path}");
    }
    assert_eq!(state(&test).await, before);
    assert_eq!(ada.get(&format!("/accounts/{own}")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_role_gives_nothing_outside_of_its_groups() {
    let test = TestApp::new().await;
    let (inside, outside) = (test.account(1, None).await, test.account(2, Some(BOB)).await);
    let (sales, board) = (test.group("Sales", &[inside]).await, test.group("Board", &[outside]).await);
    let login = AccountPrivileges::of(&[AccountPrivilege::View, AccountPrivilege::Login]);
    let desk = test.role("Desk", &[(sales, login)], SystemPrivileges::NONE).await;
    test.role("Keepers", &[(board, AccountPrivileges::ALL)], SystemPrivileges::NONE).await;
    test.give(ADA, desk).await;
    with_password(&test, inside).await;
    test.signed_in(BOB).await;
    let ada = test.signed_in(ADA).await;
    tries_everything(&test, &ada, outside).await;
    // Inside, the role gives what it says and no more.
    let before = state(&test).await;
    for (path, status) in [
        ("edit", StatusCode::FORBIDDEN),
        ("password/reveal", StatusCode::FORBIDDEN),
        ("log-out", StatusCode::FORBIDDEN),
        ("remove", StatusCode::FORBIDDEN),
        // A code is shown for a reason only.
        ("code", StatusCode::UNPROCESSABLE_ENTITY),
    ] {
        let answer = ada.post(&format!("/accounts/{inside}/{path}"), &[("reason", " ")]).await;
        assert_eq!(answer.status, status, "{path}");
    }
    assert_eq!(state(&test).await, before);
}

#[tokio::test]
async fn an_administrator_sees_a_secret_alone_only_after_a_recorded_change() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let (account, group) = guarded(&test, &root, None, "approval").await;
    let secret = format!("/accounts/{account}/password/reveal");
    let is_shown = async || root.post(&secret, &[("reason", "Alone")]).await.body.contains(PASSWORD);
    assert!(!is_shown().await);
    let newest =
        async || test.rows("select code || ' ' || actor from audit_log order by seq desc").await.remove(0);
    let switched = root.post(&format!("/groups/{group}/approval"), &[("needed", "no")]).await;
    assert_eq!(switched.status, StatusCode::SEE_OTHER, "{}", switched.body);
    assert_eq!(newest().await, format!("group.approval {ADMIN}"));
    assert!(is_shown().await);
    assert_eq!(newest().await, format!("password.shown {ADMIN}"));
}

/// Form fields with which as many routes as possible change something.
const ANYTHING: &[(&str, &str)] = &[
    ("step", "save"),
    ("reason", "Because I can"),
    ("needed", "yes"),
    ("allowed", "yes"),
    ("name", "Taken over"),
    ("people", ADA),
    ("privilege", "view"),
    ("password", "Blaukehlchen 6"),
    ("phone", "+9996629977"),
    ("owner", BOB),
    ("comment", "Mine"),
    ("email", "eve@example.org"),
    ("token", "7"),
    ("code", ""),
];

#[tokio::test]
async fn an_administrator_changes_nothing_without_a_trace() {
    let test = TestApp::new().await;
    test.signed_in(ADA).await;
    let log = async || {
        queue::flush(&test.app).await.unwrap();
        test.rows("select seq || ' ' || digest || ' ' || mac || ' ' || actor from audit_log order by seq")
            .await
    };
    let mut changed = 0;
    for (number, (method, pattern, _)) in (1..).zip(TABLE).filter(|(_, (method, ..))| *method != "GET") {
        // Each row has its own account and person, since the former may be gone.
        let person = format!("person{number}@example.org");
        let account = test.account(number, Some(ADA)).await;
        test.signed_in(&person).await;
        let root = test.signed_in(ADMIN).await;
        let path = path_of(&test, pattern, account, &person).await;
        let (before, entries) = (state(&test).await, log().await);
        let request = root.request(Method::from_bytes(method.as_bytes()).unwrap(), &path);
        root.send(filled(request, ANYTHING)).await;
        let now = log().await;
        assert!(now.starts_with(&entries), "{pattern}: former entries stay as they are");
        if state(&test).await != before {
            let new = &now[entries.len()..];
            assert!(new.iter().any(|entry| entry.contains(ADMIN)), "{pattern}: {new:?}");
            changed += 1;
        }
    }
    assert!(changed > 15, "{changed}");
    let conn = &mut test.app.db.read().await.unwrap();
    assert_eq!(store::audit::verify(conn, &test.app.keys, None).await.unwrap().faults, []);
}
