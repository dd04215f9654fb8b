//! The expected flows.

use axum::http::StatusCode;
use serde_json::json;
use telescope::domain::{Email, ProviderGroups, Stage};
use telescope::store;

use super::provider::Signing;
use super::{Scene, callback_query, is_signed_in};

#[tokio::test]
async fn a_person_signs_in_and_out() {
    let scene = Scene::new().await;
    let sent_away = scene.test.anonymous().get("/jobs").await;
    assert_eq!(sent_away.header("location"), "/sign-in?next=%2Fjobs");
    let page = scene.test.anonymous().get("/sign-in?next=%2Fjobs").await;
    assert_eq!(page.attributes("main a.button", "href"), ["/sign-in/start?next=%2Fjobs"]);
    assert!(page.texts("main p")[0].contains("127.0.0.1") && !page.has("main form"));

    let (before, question) = scene.begin(&scene.test.anonymous(), "/jobs").await;
    let answer = before.get(&scene.provider.authorize(&question)).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/jobs"));
    let ada = before.after(&answer);
    assert_ne!(ada.cookie(), before.cookie(), "the session has another id");
    assert!(is_signed_in(&ada).await && !is_signed_in(&before).await, "the former id is invalid");
    assert_eq!(ada.get("/accounts").await.texts(".who span"), ["ada@example.org"]);

    let out = ada.post("/sign-out", &[]).await;
    assert_eq!(out.status, StatusCode::OK, "a page with a link, since form-action would block a redirect");
    let on = out.header("refresh").strip_prefix("0; url=").unwrap().to_owned();
    assert_eq!(out.attributes("main a.button", "href"), [on.as_str()]);
    assert!(on.starts_with(&format!("{}/leave?from=telescope&", scene.provider.issuer())), "{on}");
    let query: std::collections::HashMap<_, _> =
        url::Url::parse(&on).unwrap().query_pairs().into_owned().collect();
    assert_eq!(query["post_logout_redirect_uri"], "http://localhost:8888/sign-in");
    assert_eq!((query["client_id"].as_str(), query["id_token_hint"].split('.').count()), ("telescope", 3));
    assert!(!is_signed_in(&ada).await);
}

#[tokio::test]
async fn the_provider_is_queried_before_the_first_sign_in() {
    let mut scene = Scene::new().await;
    scene.provider.stop().await;
    scene.test.app.sso.oidc.as_ref().unwrap().prepare();
    assert_eq!(scene.test.anonymous().get("/sign-in/start").await.status, StatusCode::SERVICE_UNAVAILABLE);
    scene.provider.start_again().await;
    scene.test.app.clock.advance(10);
    crate::support::waiting::until_true(
        "the provider was queried",
        crate::support::browser::SOON,
        async || scene.provider.asked_for_keys() == 1,
    )
    .await;
    scene.signed_in().await;
    assert_eq!(scene.provider.asked_for_keys(), 1);
}

#[tokio::test]
async fn a_provider_without_a_logout_endpoint_is_not_used_for_it() {
    let scene = Scene::new().await;
    scene.provider.bend_metadata(|said| said["end_session_endpoint"] = json!(null));
    let ada = scene.signed_in().await;
    let out = ada.post("/sign-out", &[]).await;
    assert_eq!((out.status, out.header("location")), (StatusCode::SEE_OTHER, "/sign-in"));
    assert!(!is_signed_in(&ada).await);
}

#[tokio::test]
async fn a_sign_in_may_take_ten_minutes_and_the_session_lives_a_week() {
    let scene = Scene::new().await;
    let start = scene.test.anonymous().get("/sign-in/start").await;
    let age = |cookie: &str| -> i64 {
        let (_, age) = cookie.split_once("Max-Age=").unwrap_or_else(|| panic!("{cookie}"));
        age.split(';').next().unwrap().parse().unwrap()
    };
    assert!((595..=600).contains(&age(start.header("set-cookie"))), "{}", start.header("set-cookie"));
    let (_, answer) = scene.complete().await;
    let cookies = answer.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap());
    let (session, pending): (Vec<_>, Vec<_>) = cookies.partition(|cookie| cookie.starts_with("telescope="));
    assert!(session.len() == 1 && age(session[0]) > 6 * 24 * 60 * 60, "{session:?}");
    assert!(pending.len() == 1 && age(pending[0]) == 0, "{pending:?}");
}

#[tokio::test]
async fn several_tabs_may_sign_in_at_once() {
    let scene = Scene::new().await;
    let (first, question) = scene.begin(&scene.test.anonymous(), "/jobs").await;
    let (second, other) = scene.begin(&first, "/accounts").await;
    let answer = second.get(&scene.provider.authorize(&question)).await;
    assert_eq!(answer.header("location"), "/jobs", "{}", answer.body);
    let answer = second.after(&answer).get(&scene.provider.authorize(&other)).await;
    assert_eq!(answer.header("location"), "/accounts", "{}", answer.body);
}

#[tokio::test]
async fn rare_but_valid_answers_are_accepted() {
    let scene = Scene::new().await;
    scene.provider.bend_token(|claims| {
        claims["aud"] = json!(["telescope", "others"]);
        claims["azp"] = json!("telescope");
        claims["email_verified"] = json!("true");
        claims["nbf"] = claims["iat"].clone();
    });
    scene.provider.sign(Signing::NoName);
    assert!(is_signed_in(&scene.signed_in().await).await);
    // A provider that accepts the secret only in the form, and sends `iss` with every answer.
    let scene = Scene::new().await;
    scene.provider.bend_metadata(|said| {
        said["token_endpoint_auth_methods_supported"] = json!(["client_secret_post"]);
        said["authorization_response_iss_parameter_supported"] = json!(true);
    });
    let (visitor, question) = scene.begin(&scene.test.anonymous(), "/accounts").await;
    let way = scene.provider.authorize(&question);
    let answer = visitor.get(&format!("{way}&iss={}", scene.provider.issuer())).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
}

#[tokio::test]
async fn missing_claims_are_read_from_userinfo() {
    let scene = Scene::new().await;
    scene.provider.bend_token(|claims| {
        let claims = claims.as_object_mut().unwrap();
        for name in ["email", "email_verified", "groups"] {
            claims.remove(name);
        }
    });
    let said = |sub: &str| json!({ "sub": sub, "email": "ada@example.org", "email_verified": true, "groups": "all" });
    scene.provider.userinfo(said("ada's number"));
    let provider = scene.test.app.sso.oidc.as_ref().unwrap();
    let (question, attempt) = provider.begin("/accounts".into()).await.unwrap();
    let answer = callback_query(&scene.provider.authorize(question.as_str()));
    let identity = provider.finish(&attempt, &answer).await.unwrap().identity;
    assert_eq!(identity.groups, ProviderGroups::Listed(vec!["all".into()]));
    assert_eq!(identity.issuer, scene.provider.issuer());
    assert!(identity.verified && identity.email == Email::parse("ada@example.org").unwrap());

    scene.provider.userinfo(said("somebody else's number"));
    let (visitor, answer) = scene.complete().await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
    assert!(!is_signed_in(&visitor).await);
}

#[tokio::test]
async fn groups_are_read_from_the_claim() {
    let scene = Scene::new().await;
    let provider = scene.test.app.sso.oidc.as_ref().unwrap();
    let (question, attempt) = provider.begin("/accounts".into()).await.unwrap();
    let answer = callback_query(&scene.provider.authorize(question.as_str()));
    let identity = provider.finish(&attempt, &answer).await.unwrap().identity;
    assert_eq!(identity.groups, ProviderGroups::Listed(vec!["support".into(), "night shift".into()]));
}

#[tokio::test]
async fn key_changes_need_no_restart() {
    let scene = Scene::new().await;
    scene.signed_in().await;
    scene.provider.new_key("second");
    let (_, answer) = scene.complete().await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "keys are not requested twice within half a minute");
    assert_eq!(scene.provider.asked_for_keys(), 1);
    scene.test.app.clock.advance(61);
    assert!(is_signed_in(&scene.signed_in().await).await);
    assert_eq!(scene.provider.asked_for_keys(), 2);
}

#[tokio::test]
async fn an_address_that_is_no_longer_verified_gives_no_accounts() {
    let scene = Scene::new().await;
    let account = scene.test.account(1, Some("ada@example.org")).await;
    scene.test.set_stage(account, Stage::SignedOut);
    let page = format!("/accounts/{account}");
    let ada = scene.signed_in().await;
    assert_eq!(ada.get(&page).await.status, StatusCode::OK);
    scene.provider.bend_token(|claims| claims["email_verified"] = json!(false));
    let (ada, answer) = scene.complete().await;
    assert_eq!(answer.status, StatusCode::OK);
    let said = answer.texts("main p.note");
    assert!(said[0].contains("hasn't verified your e-mail address, ada@example.org"), "{said:?}");
    assert_eq!(answer.attributes("main a.button", "href"), ["/jobs"]);
    assert!(is_signed_in(&ada).await);
    assert_eq!(ada.get(&page).await.status, StatusCode::NOT_FOUND);

    // The same subject with another address: neither address is proven to belong to the known person.
    scene.provider.bend_token(|claims| claims["email"] = json!("root@example.org"));
    let (ada, answer) = scene.complete().await;
    let said = answer.texts("main p.note");
    assert!(said[0].contains("knows you as ada@example.org"), "{said:?}");
    assert_eq!(ada.get(&page).await.status, StatusCode::NOT_FOUND);
    let mut conn = scene.test.app.db.read().await.unwrap();
    let root = Email::parse("root@example.org").unwrap();
    assert!(store::users::by_email(&mut conn, &root).await.unwrap().is_none(), "no other person was created");
}

/// Some providers use the name of a key again.
#[tokio::test]
async fn a_key_may_be_replaced_under_its_name() {
    let scene = Scene::new().await;
    scene.signed_in().await;
    scene.provider.new_key("first");
    let (_, answer) = scene.complete().await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "it was asked just now");
    scene.test.app.clock.advance(61);
    assert!(is_signed_in(&scene.signed_in().await).await);
    assert_eq!(scene.provider.asked_for_keys(), 2);
}
