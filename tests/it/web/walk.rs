//! Every route, requested by each kind of person. The table has to list every route of the router.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use axum::http::Method;
use telescope::domain::privilege::SystemPrivileges;
use telescope::domain::{AccountId, Stage};
use telescope::ops::audit::queue;
use telescope::store;

use super::app::{ADMIN, TestApp, Visitor, filled};
use crate::support::root;

/// Form fields with which every form can be parsed.
const FORM: &[(&str, &str)] = &[
    ("token", "1"),
    ("action", "send-code"),
    ("code", ""),
    ("phone", ""),
    ("email", ""),
    ("reason", ""),
    ("do", "check"),
];

/// The id of a request that does not exist.
const NO_REVEAL: &str = "0190aaaa-0000-7000-8000-000000000000";

/// For each route the status without a session, for a person without permissions, the owner, an administrator.
/// 303 to `/sign-in` is written as 401, a stream that sends `signed-out` as 410.
pub const TABLE: &[(&str, &str, [u16; 4])] = &[
    ("GET", "/", [303, 303, 303, 303]),
    ("GET", "/accounts", [401, 200, 200, 200]),
    ("GET", "/events", [410, 200, 200, 200]),
    ("GET", "/accounts/events", [410, 200, 200, 200]),
    ("GET", "/accounts/add", [401, 403, 403, 200]),
    ("POST", "/accounts/add", [401, 403, 403, 422]),
    ("POST", "/accounts/change", [401, 422, 422, 422]),
    ("POST", "/accounts/add-test", [401, 403, 403, 303]),
    ("GET", "/accounts/{account}", [401, 404, 200, 200]),
    ("GET", "/accounts/{account}/events", [410, 200, 200, 200]),
    ("GET", "/accounts/{account}/picture", [401, 404, 404, 404]),
    ("POST", "/accounts/{account}/login-action", [401, 404, 409, 409]),
    ("POST", "/accounts/{account}/connect", [401, 404, 303, 303]),
    ("POST", "/accounts/{account}/disconnect", [401, 404, 303, 303]),
    ("GET", "/accounts/{account}/provide", [401, 404, 200, 200]),
    ("POST", "/accounts/{account}/provide", [401, 404, 409, 409]),
    ("GET", "/accounts/{account}/code", [401, 404, 200, 200]),
    ("POST", "/accounts/{account}/code", [401, 404, 422, 422]),
    ("POST", "/accounts/{account}/code/wait", [401, 404, 422, 422]),
    ("GET", "/accounts/{account}/code/events", [410, 200, 200, 200]),
    ("POST", "/accounts/{account}/code/look", [401, 404, 409, 409]),
    ("POST", "/accounts/{account}/code/emergency", [401, 404, 422, 422]),
    ("POST", "/accounts/{account}/code/emergency/wait", [401, 404, 422, 422]),
    ("POST", "/accounts/{account}/code/request", [401, 404, 422, 422]),
    ("GET", "/accounts/{account}/code/request/events", [410, 200, 200, 200]),
    ("GET", "/accounts/{account}/device", [401, 404, 200, 200]),
    ("POST", "/accounts/{account}/device", [401, 404, 422, 422]),
    ("POST", "/accounts/{account}/device/emergency", [401, 404, 422, 422]),
    ("POST", "/accounts/{account}/device/request", [401, 404, 422, 422]),
    ("GET", "/accounts/{account}/device/request/events", [410, 200, 200, 200]),
    ("GET", "/accounts/{account}/password/remove", [401, 404, 200, 200]),
    ("POST", "/accounts/{account}/password/remove", [401, 404, 409, 409]),
    ("GET", "/accounts/{account}/edit", [401, 404, 403, 200]),
    ("POST", "/accounts/{account}/edit", [401, 404, 403, 303]),
    ("GET", "/accounts/{account}/proxy", [401, 404, 403, 200]),
    ("POST", "/accounts/{account}/proxy", [401, 404, 403, 303]),
    ("GET", "/accounts/{account}/number", [401, 404, 403, 200]),
    ("POST", "/accounts/{account}/number", [401, 404, 403, 422]),
    ("GET", "/accounts/{account}/codes/allow", [401, 404, 403, 200]),
    ("POST", "/accounts/{account}/codes/allow", [401, 404, 403, 422]),
    ("GET", "/accounts/{account}/password", [401, 404, 200, 200]),
    ("POST", "/accounts/{account}/password", [401, 404, 422, 422]),
    ("GET", "/accounts/{account}/two-step", [401, 404, 200, 200]),
    ("POST", "/accounts/{account}/two-step", [401, 404, 409, 409]),
    ("GET", "/accounts/{account}/password/reveal", [401, 404, 403, 200]),
    ("POST", "/accounts/{account}/password/reveal", [401, 404, 403, 422]),
    ("POST", "/accounts/{account}/password/reveal/request", [401, 404, 403, 422]),
    ("GET", "/accounts/{account}/password/reveal/request/events", [410, 200, 200, 200]),
    ("POST", "/accounts/{account}/token/use", [401, 404, 409, 409]),
    ("GET", "/accounts/{account}/token/remove", [401, 404, 409, 409]),
    ("POST", "/accounts/{account}/token/remove", [401, 404, 409, 409]),
    ("POST", "/accounts/{account}/devices/refresh", [401, 404, 403, 409]),
    ("GET", "/accounts/{account}/devices/end", [401, 404, 403, 200]),
    ("POST", "/accounts/{account}/devices/end", [401, 404, 403, 409]),
    ("GET", "/accounts/{account}/devices/end-others", [401, 404, 403, 200]),
    ("POST", "/accounts/{account}/devices/end-others", [401, 404, 403, 409]),
    ("POST", "/accounts/{account}/devices/confirm", [401, 404, 403, 409]),
    ("GET", "/accounts/{account}/devices/idle", [401, 404, 403, 200]),
    ("POST", "/accounts/{account}/devices/idle", [401, 404, 403, 422]),
    ("GET", "/accounts/{account}/log-out", [401, 404, 403, 200]),
    ("POST", "/accounts/{account}/log-out", [401, 404, 403, 409]),
    ("GET", "/accounts/{account}/remove", [401, 404, 403, 200]),
    ("POST", "/accounts/{account}/remove", [401, 404, 403, 422]),
    ("POST", "/accounts/{account}/remove/retry", [401, 404, 403, 409]),
    ("POST", "/accounts/{account}/remove/skip", [401, 404, 403, 409]),
    ("GET", "/devices", [401, 200, 200, 200]),
    ("GET", "/reveals", [401, 403, 403, 200]),
    ("GET", "/reveals/events", [410, 200, 200, 200]),
    ("GET", "/reveals/mine", [401, 200, 200, 200]),
    ("GET", "/reveals/mine/events", [410, 200, 200, 200]),
    ("POST", "/reveals/{reveal}/withdraw", [401, 404, 404, 404]),
    ("POST", "/reveals/{reveal}/approve", [401, 403, 403, 404]),
    ("POST", "/reveals/{reveal}/refuse", [401, 403, 403, 404]),
    ("GET", "/invites", [401, 403, 403, 200]),
    ("GET", "/invites/events", [410, 200, 200, 200]),
    ("GET", "/invites/new", [401, 403, 403, 200]),
    ("POST", "/invites/new", [401, 403, 403, 422]),
    ("GET", "/invites/list", [401, 403, 403, 200]),
    ("POST", "/invites/list", [401, 403, 403, 422]),
    ("GET", "/invites/list/{job}", [401, 403, 403, 404]),
    ("GET", "/invites/list/{job}/events", [410, 200, 200, 200]),
    ("POST", "/invites/list/{job}/result", [401, 403, 403, 404]),
    ("POST", "/invites/list/{job}/retry", [401, 403, 403, 404]),
    ("POST", "/invites/list/{job}/stop", [401, 403, 403, 404]),
    ("POST", "/invites/{invite}/link", [401, 403, 403, 404]),
    ("POST", "/invites/{invite}/email", [401, 403, 403, 404]),
    ("POST", "/invites/{invite}/renew", [401, 403, 403, 404]),
    ("POST", "/invites/{invite}/revoke", [401, 403, 403, 404]),
    ("GET", "/onboarding", [401, 200, 200, 200]),
    ("POST", "/onboarding", [401, 422, 422, 422]),
    ("GET", "/onboarding/invite/{token}", [404, 404, 404, 404]),
    ("POST", "/onboarding/invite/{token}", [404, 404, 404, 404]),
    ("POST", "/onboarding/number", [404, 404, 404, 404]),
    ("GET", "/onboarding/login", [404, 404, 404, 404]),
    ("POST", "/onboarding/login", [404, 404, 404, 404]),
    ("GET", "/onboarding/login/events", [410, 410, 410, 410]),
    ("POST", "/onboarding/login/action", [404, 404, 404, 404]),
    ("GET", "/about", [401, 200, 200, 200]),
    ("GET", "/about/{document}", [401, 404, 404, 404]),
    ("GET", "/jobs", [401, 200, 200, 200]),
    ("GET", "/jobs/events", [410, 200, 200, 200]),
    ("GET", "/jobs/{job}", [401, 404, 404, 404]),
    ("GET", "/jobs/{job}/events", [410, 200, 200, 200]),
    ("GET", "/jobs/{job}/report", [401, 404, 404, 404]),
    ("GET", "/jobs/{job}/report.csv", [401, 404, 404, 404]),
    ("POST", "/jobs/{job}/retry", [401, 404, 404, 404]),
    ("POST", "/jobs/{job}/stop", [401, 404, 404, 404]),
    ("GET", "/audit", [401, 403, 403, 200]),
    ("GET", "/audit/events", [410, 403, 403, 200]),
    ("POST", "/audit/export", [401, 403, 403, 422]),
    ("POST", "/audit/acknowledge", [401, 403, 403, 422]),
    ("GET", "/access", [401, 403, 403, 200]),
    ("GET", "/access/{group}/{role}", [401, 403, 403, 200]),
    ("POST", "/access/{group}/{role}", [401, 403, 403, 200]),
    ("GET", "/roles", [401, 403, 403, 200]),
    ("POST", "/roles", [401, 403, 403, 422]),
    ("GET", "/roles/{role}", [401, 403, 403, 200]),
    ("POST", "/roles/{role}/rename", [401, 403, 403, 422]),
    ("POST", "/roles/{role}/delete", [401, 403, 403, 200]),
    ("POST", "/roles/{role}/system", [401, 403, 403, 200]),
    ("POST", "/roles/{role}/give", [401, 403, 403, 422]),
    ("POST", "/roles/{role}/take", [401, 403, 403, 422]),
    ("GET", "/groups", [401, 403, 403, 200]),
    ("POST", "/groups", [401, 403, 403, 422]),
    ("GET", "/groups/{group}", [401, 403, 403, 200]),
    ("POST", "/groups/{group}/rename", [401, 403, 403, 422]),
    ("POST", "/groups/{group}/delete", [401, 403, 403, 200]),
    ("GET", "/groups/{group}/emergency", [401, 403, 403, 200]),
    ("POST", "/groups/{group}/emergency", [401, 403, 403, 303]),
    ("GET", "/groups/{group}/approval", [401, 403, 403, 200]),
    ("POST", "/groups/{group}/approval", [401, 403, 403, 303]),
    ("GET", "/groups/{group}/confirmation", [401, 403, 403, 200]),
    ("POST", "/groups/{group}/confirmation", [401, 403, 403, 303]),
    ("GET", "/groups/{group}/proxy", [401, 403, 403, 200]),
    ("POST", "/groups/{group}/proxy", [401, 403, 403, 303]),
    ("POST", "/groups/{group}/put-in", [401, 403, 403, 422]),
    ("POST", "/groups/{group}/take-out", [401, 403, 403, 422]),
    ("GET", "/proxies", [401, 403, 403, 200]),
    ("GET", "/proxies/events", [410, 200, 200, 200]),
    ("GET", "/proxies/add", [401, 403, 403, 200]),
    ("POST", "/proxies/add", [401, 403, 403, 422]),
    ("POST", "/proxies/default", [401, 403, 403, 303]),
    ("GET", "/proxies/{proxy}", [401, 403, 403, 404]),
    ("POST", "/proxies/{proxy}", [401, 403, 403, 404]),
    ("POST", "/proxies/{proxy}/test", [401, 403, 403, 404]),
    ("GET", "/proxies/{proxy}/remove", [401, 403, 403, 404]),
    ("POST", "/proxies/{proxy}/remove", [401, 403, 403, 404]),
    ("GET", "/users", [401, 403, 403, 200]),
    ("POST", "/users/roles", [401, 403, 403, 422]),
    ("GET", "/users/off-boarding", [401, 403, 403, 200]),
    ("POST", "/users/off-boarding", [401, 403, 403, 422]),
    ("GET", "/users/off-boarding/{job}", [401, 403, 403, 404]),
    ("GET", "/users/off-boarding/{job}/csv", [401, 403, 403, 404]),
    ("GET", "/users/{user}", [401, 403, 403, 200]),
    ("POST", "/users/{user}/roles", [401, 403, 403, 422]),
    ("GET", "/users/{user}/end-sessions", [401, 403, 403, 200]),
    ("POST", "/users/{user}/end-sessions", [401, 403, 403, 303]),
    ("GET", "/users/{user}/disable", [401, 403, 403, 200]),
    ("POST", "/users/{user}/disable", [401, 403, 403, 303]),
    ("GET", "/users/{user}/enable", [401, 403, 403, 200]),
    ("POST", "/users/{user}/enable", [401, 403, 403, 303]),
    ("GET", "/users/{user}/grant-admin", [401, 403, 403, 200]),
    ("POST", "/users/{user}/grant-admin", [401, 403, 403, 303]),
    ("GET", "/users/{user}/revoke-admin", [401, 403, 403, 200]),
    ("POST", "/users/{user}/revoke-admin", [401, 403, 403, 303]),
    ("GET", "/users/{user}/forget-identity", [401, 403, 403, 200]),
    ("POST", "/users/{user}/forget-identity", [401, 403, 403, 303]),
    ("GET", "/users/{user}/move", [401, 403, 403, 422]),
    ("POST", "/users/{user}/move", [401, 403, 403, 422]),
    ("GET", "/access/explain", [401, 403, 403, 200]),
    ("GET", "/sign-in", [200, 200, 200, 200]),
    ("POST", "/sign-in", [422, 422, 422, 422]),
    ("GET", "/sign-in/start", [404, 404, 404, 404]),
    ("GET", "/sign-in/callback", [404, 404, 404, 404]),
    ("POST", "/sign-out", [401, 401, 401, 401]),
    ("GET", "/confirm-identity", [401, 200, 200, 200]),
    ("POST", "/confirm-identity", [401, 422, 422, 422]),
    ("GET", "/confirm-identity/start", [401, 404, 404, 404]),
    ("GET", "/static/{file}", [404, 404, 404, 404]),
    ("GET", "/favicon.ico", [200, 200, 200, 200]),
    ("GET", "/health", [200, 200, 200, 200]),
    ("GET", "/ready", [200, 200, 200, 200]),
];

/// Fills the placeholders of a route: with this account, this person, the role and group named after the person, and
/// otherwise ids that do not exist.
pub async fn path_of(test: &TestApp, pattern: &str, account: AccountId, person: &str) -> String {
    with_role_and_group(test, pattern, person)
        .await
        .replace("{account}", &account.to_string())
        .replace("{user}", &test.user(person).await.id.to_string())
        .replace("{file}", "no.css")
        .replace("{document}", "none")
        .replace("{invite}", NO_REVEAL)
        .replace("{job}", NO_REVEAL)
        .replace("{proxy}", NO_REVEAL)
        .replace("{token}", "wrong")
        .replace("{reveal}", NO_REVEAL)
}

/// The status of a request, as written in the table.
pub async fn ask(visitor: &Visitor, method: &str, path: &str) -> u16 {
    let request = visitor.request(Method::from_bytes(method.as_bytes()).unwrap(), path);
    if path.ends_with("/events") {
        let mut stream = match visitor.try_stream(path).await {
            Ok(stream) => stream,
            Err(refused) => return refused.status.as_u16(),
        };
        let first = super::live::next(&mut stream).await;
        return if first.contains("event: signed-out") { 410 } else { 200 };
    }
    let answer = match method {
        "GET" => visitor.send(request.body(Body::empty()).unwrap()).await,
        _ => visitor.send(filled(request, FORM)).await,
    };
    let to_sign_in = answer.header("location").starts_with("/sign-in");
    if answer.status == 303 && to_sign_in { 401 } else { answer.status.as_u16() }
}

/// Fills in a role and a group of this name, which are created if necessary.
async fn with_role_and_group(test: &TestApp, path: &str, name: &str) -> String {
    if !path.contains("{role}") && !path.contains("{group}") {
        return path.to_owned();
    }
    let conn = &mut test.app.db.read().await.unwrap();
    let role = store::roles::by_name(conn, name).await.unwrap();
    let group = store::groups::by_name(conn, name).await.unwrap();
    let (role, group) = match role.zip(group) {
        Some((role, group)) => (role.id, group.id),
        None => (test.role(name, &[], SystemPrivileges::NONE).await, test.group(name, &[]).await),
    };
    path.replace("{group}", &group.to_string()).replace("{role}", &role.to_string())
}

#[tokio::test]
async fn every_route_responds_as_the_table_says() {
    let test = TestApp::new().await;
    let mut wrong = Vec::new();
    for (number, (method, pattern, expected)) in (1..).zip(TABLE) {
        // Each row has its own account and people, so that rows do not affect each other.
        let owner = format!("owner{number}@example.org");
        let account = test.account(number, Some(&owner)).await;
        test.set_stage(account, Stage::SignedOut);
        let people = [
            ("nobody", test.anonymous()),
            ("somebody", test.signed_in("somebody@example.org").await),
            ("owner", test.signed_in(&owner).await),
            ("administrator", test.signed_in(ADMIN).await),
        ];
        let path = path_of(&test, pattern, account, &owner).await;
        for ((who, visitor), expected) in people.iter().zip(expected) {
            let got = ask(visitor, method, &path).await;
            if got != *expected {
                wrong.push(format!("{method} {pattern}, {who}: {got} instead of {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_hidden_account_looks_nonexistent() {
    let test = TestApp::new().await;
    let foreign = test.account(1, Some("ada@example.org")).await;
    let somebody = test.signed_in("bob@example.org").await;
    let theirs = somebody.get(&format!("/accounts/{foreign}")).await;
    let none = somebody.get("/accounts/0190aaaa-0000-7000-8000-000000000000").await;
    assert_eq!(
        (theirs.status, theirs.texts("main p")[0].clone()),
        (none.status, none.texts("main p")[0].clone())
    );
    let mut streams = Vec::new();
    for id in [foreign.to_string(), "0190aaaa-0000-7000-8000-000000000000".into()] {
        let mut stream = somebody.stream(&format!("/accounts/{id}/events")).await;
        let message = super::live::next(&mut stream).await;
        streams.push(message.lines().filter(|line| line.starts_with("data")).collect::<String>());
    }
    assert_eq!(streams[0], streams[1]);
    assert!(!streams[0].contains("99966"), "{}", streams[0]);
}

#[tokio::test]
async fn get_requests_change_nothing() {
    let test = TestApp::new().await;
    let account = test.account(1, Some("ada@example.org")).await;
    test.set_stage(account, Stage::SignedOut);
    let root = test.signed_in(ADMIN).await;
    let access = with_role_and_group(&test, "{group} {role}", "Sales").await;
    let (group, role) = access.split_once(' ').unwrap();
    let present = async || {
        queue::flush(&test.app).await.unwrap();
        let conn = &mut test.app.db.read().await.unwrap();
        let newest = store::audit::page(conn, &store::audit::Filter::default(), 1).await.unwrap();
        let accounts = store::accounts::all(conn).await.unwrap();
        let people = store::users::page(conn, "", "", test.app.clock.now(), 100).await.unwrap();
        (newest, accounts, people)
    };
    let before = present().await;
    for method in [Method::GET, Method::HEAD] {
        for (_, pattern, _) in TABLE {
            let path = pattern
                .replace("{account}", &account.to_string())
                .replace("{file}", "no.css")
                .replace("{reveal}", NO_REVEAL);
            let path = path.replace("{user}", &test.user(ADMIN).await.id.to_string());
            let path = path.replace("{group}", group).replace("{role}", role);
            root.status(root.request(method.clone(), &path).body(Body::empty()).unwrap()).await;
        }
    }
    assert_eq!(present().await, before);
    assert_eq!(root.get("/accounts").await.status, 200, "still signed in");
}

/// The paths by the names of their constants, from the sources.
fn addresses() -> BTreeMap<String, String> {
    let source = std::fs::read_to_string(root().join("src/web/paths.rs")).unwrap();
    let lines = source.lines().filter_map(|line| line.trim().split_once(" = \"/"));
    lines.map(|(name, rest)| (name.to_owned(), format!("/{}", rest.split('"').next().unwrap()))).collect()
}

/// Reads the router's table in the sources.
#[test]
fn every_route_is_in_the_table() {
    let source = std::fs::read_to_string(root().join("src/web/routes.rs")).unwrap();
    let addresses = addresses();
    let mut routes = BTreeSet::new();
    for piece in source.split(".route(").skip(1) {
        let route = piece.split("\n        .").next().unwrap();
        let name = route.split("paths::").nth(1).expect("a route has its path from web::paths");
        let name: String = name.chars().take_while(|c| c.is_ascii_uppercase() || *c == '_').collect();
        for (word, method) in
            [("get(", "GET"), ("post(", "POST"), ("put(", "PUT"), ("delete(", "DELETE"), ("any(", "ANY")]
        {
            if route.contains(word) {
                routes.insert((method, addresses[&name].clone()));
            }
        }
    }
    let table: BTreeSet<_> = TABLE.iter().map(|(method, path, _)| (*method, (*path).to_owned())).collect();
    assert_eq!(table, routes);
}
