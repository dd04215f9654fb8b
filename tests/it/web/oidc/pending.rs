//! Sign-ins that wait for the provider's answer: the browser keeps them, and nothing of them lies anywhere in clear.

use axum::http::StatusCode;

use super::super::app::TestApp;
use super::{Scene, is_signed_in};

const COOKIE: &str = "telescope-sign-in";

/// What the table of web sessions holds, as one text for each row.
async fn sessions(test: &TestApp) -> Vec<String> {
    test.rows("select data from web_sessions").await
}

#[tokio::test]
async fn requests_of_people_who_never_sign_in_store_nothing() {
    let scene = Scene::new().await;
    let long = format!("/sign-in/start?next=/{}", "a".repeat(60_000));
    for number in 0..50 {
        let paths =
            [long.as_str(), "/sign-in/start?next=/jobs", "/sign-in/callback?code=1&state=2", "/accounts"];
        let answer = scene.test.anonymous().get(paths[number % paths.len()]).await;
        let kept: usize = answer.headers.get_all("set-cookie").iter().map(|cookie| cookie.len()).sum();
        assert!(kept < 4096, "{kept}");
        assert!(answer.header("location").len() < 4096, "{}", answer.header("location").len());
    }
    assert_eq!(sessions(&scene.test).await, [""; 0]);
}

#[tokio::test]
async fn an_address_to_return_to_is_bounded() {
    let scene = Scene::new().await;
    for (length, is_kept) in [(1000, true), (60_000, false)] {
        let next = format!("/jobs?q={}", "a".repeat(length));
        let (visitor, question) = scene.begin(&scene.test.anonymous(), &next).await;
        let answer = visitor.get(&scene.provider.authorize(&question)).await;
        let expected = if is_kept { next.as_str() } else { "/" };
        assert_eq!(answer.header("location"), expected);
    }
}

/// Browsers drop cookies of more than 4096 bytes. The oldest sign-ins are given up for the newest.
#[tokio::test]
async fn many_at_once_fit_into_a_cookie() {
    let scene = Scene::new().await;
    let mut visitor = scene.test.anonymous();
    let mut questions = Vec::new();
    for _ in 0..12 {
        let (next, question) = scene.begin(&visitor, &format!("/jobs?q={}", "a".repeat(1000))).await;
        assert!(next.cookie().len() < 4096, "{}", next.cookie().len());
        visitor = next;
        questions.push(question);
    }
    let first = visitor.get(&scene.provider.authorize(&questions[0])).await;
    assert_eq!(first.status, StatusCode::BAD_REQUEST);
    let last = visitor.after(&first).get(&scene.provider.authorize(&questions[11])).await;
    assert_eq!(last.status, StatusCode::SEE_OTHER, "{}", last.body);
}

#[tokio::test]
async fn a_cookie_that_telescope_did_not_make_is_no_sign_in() {
    let scene = Scene::new().await;
    let (visitor, question) = scene.begin(&scene.test.anonymous(), "/jobs").await;
    let way = scene.provider.authorize(&question);
    let sealed = visitor.cookie_named(COOKIE).unwrap().to_owned();
    let state = url::Url::parse(&question)
        .unwrap()
        .query_pairs()
        .find(|(name, _)| name == "state")
        .unwrap()
        .1
        .into_owned();
    assert!(!sealed.contains(&state));
    let mut changed = sealed.clone();
    let last = changed.pop().unwrap();
    changed.push(if last == 'A' { 'B' } else { 'A' });
    let forged =
        format!(r#"[{{"state":"{state}","nonce":"n","verifier":"v","until":9999999999999,"next":"/jobs"}}]"#);
    for cookie in ["", "x", &changed, &forged, &sealed[..sealed.len() - 20]] {
        let stranger = visitor.with_cookie(&format!("{COOKIE}={cookie}"));
        let answer = stranger.get(&way).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{cookie}");
        assert!(!is_signed_in(&stranger.after(&answer)).await);
    }
    // One that another site on the same host has put before the real one does no harm.
    let both = visitor.with_cookie(&format!("{COOKIE}=x; {COOKIE}={sealed}"));
    assert_eq!(both.get(&way).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn behind_https_the_cookie_is_bound_to_the_host() {
    let scene = Scene::with(&[("PUBLIC_URL", "https://localhost:8888")]).await;
    let answer = scene.test.anonymous().get("/sign-in/start").await;
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("__Host-telescope-sign-in=v1."), "{cookie}");
    for part in ["; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/;", "; Max-Age=600"] {
        assert!(cookie.contains(part), "{part}: {cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
}

/// The provider's tokens and what proves a sign-in are worth something there.
#[tokio::test]
async fn the_database_has_no_token_and_no_verifier_in_clear() {
    let scene = Scene::new().await;
    let (before, _) = scene.begin(&scene.test.anonymous(), "/jobs").await;
    let ada = scene.signed_in().await;
    let rows = sessions(&scene.test).await;
    assert_eq!(rows.len(), 1);
    let out = ada.post("/sign-out", &[]).await;
    let (_, token) =
        out.header("refresh").split_once("id_token_hint=eyJ").expect("it is there for the provider");
    // Three characters are in encrypted text by chance.
    let header = format!("eyJ{}", &token[..16]);
    for clear in [header.as_str(), "verifier", "nonce", "ada's number"] {
        assert!(!rows[0].contains(clear), "{clear}: {}", rows[0]);
    }
    assert!(!before.cookie().contains("verifier"));
}
