//! Only the domains that SSO_EMAIL_DOMAINS lists may sign in, whatever says who somebody is.

use axum::http::StatusCode;
use serde_json::json;
use telescope::domain::Email;
use telescope::store;

use super::app::{ADMIN, Answer, TestApp};
use super::behind::Behind;
use super::oidc::{Scene, is_signed_in};

const ONLY_OURS: (&str, &str) = ("SSO_EMAIL_DOMAINS", "example.org, eu.example.com");
/// Addresses that look like ours.
const STRANGERS: [&str; 4] =
    ["ada@example.org.evil.com", "ada@evilexample.org", "ada@sub.example.org", "ada@example.com"];

fn refused(answer: &Answer, address: &str) {
    assert_eq!(answer.status, StatusCode::FORBIDDEN, "{address}");
    let said = answer.texts("p[role=alert]").concat();
    assert!(said.contains(address) && said.contains("this domain can't sign in"), "{said}");
}

async fn nobody_is_known(test: &TestApp) {
    let conn = &mut test.app.db.read().await.unwrap();
    for address in STRANGERS {
        let stranger = store::users::by_email(conn, &Email::parse(address).unwrap()).await.unwrap();
        assert!(stranger.is_none(), "{address}");
    }
}

#[tokio::test]
async fn whoever_claims_an_address_of_another_domain_is_refused() {
    let test = TestApp::with(&[ONLY_OURS]).await;
    for address in STRANGERS {
        refused(&test.anonymous().post("/sign-in", &[("email", address)]).await, address);
    }
    nobody_is_known(&test).await;
    for address in ["ada@example.org", " ADA@Example.ORG", "bob@eu.example.com"] {
        test.signed_in(address).await;
    }
}

#[tokio::test]
async fn the_proxys_word_for_another_domain_does_not_count() {
    let behind = Behind::with(&[ONLY_OURS]).await;
    for address in STRANGERS {
        refused(&behind.browser(&behind.token(address)).get("/accounts").await, address);
    }
    nobody_is_known(&behind.test).await;
    behind.at_home("Ada@Example.org").await;
}

#[tokio::test]
async fn any_other_proxys_word_for_another_domain_does_not_either() {
    let key = crate::sso::issuer::SigningKey::rs256("one", 0);
    let issuer =
        crate::sso::issuer::Issuer::start(crate::sso::issuer::Answering::Keys(vec![key.clone()])).await;
    let (name, certs) = (issuer.name(), issuer.certs());
    let test = TestApp::with(&[
        ONLY_OURS,
        ("SSO_MODE", "jwt"),
        ("JWT_HEADER", "X-Assertion"),
        ("JWT_ALGORITHMS", "RS256"),
        ("JWT_ISSUER", &name),
        ("JWT_AUDIENCE", "telescope"),
        ("JWT_JWKS_URL", &certs),
        ("JWT_TRUST_EMAIL", "yes"),
    ])
    .await;
    let now = test.app.clock.now().0 / 1000;
    let page = async |address: &str| {
        let claims = json!({
            "iss": name, "aud": "telescope", "sub": address, "email": address, "iat": now, "exp": now + 600,
        });
        let request = test.anonymous().request(axum::http::Method::GET, "/accounts");
        let request = request.header("X-Assertion", key.sign(&claims));
        test.anonymous().send(request.body(axum::body::Body::empty()).unwrap()).await
    };
    for address in STRANGERS {
        refused(&page(address).await, address);
    }
    nobody_is_known(&test).await;
    assert_eq!(page("ada@example.org").await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_providers_word_for_another_domain_does_not_either() {
    let scene = Scene::with(&[ONLY_OURS]).await;
    for address in STRANGERS {
        scene.provider.bend_token(move |claims| claims["email"] = json!(address));
        let (visitor, answer) = scene.whole_way().await;
        refused(&answer, address);
        assert!(!is_signed_in(&visitor).await);
    }
    nobody_is_known(&scene.test).await;
    scene.provider.bend_token(|_| {});
    assert!(is_signed_in(&scene.signed_in().await).await);
}

#[tokio::test]
async fn whoever_was_signed_in_is_out_after_the_start_that_leaves_his_domain_out() {
    let test = TestApp::new().await;
    let (eve, root) = (test.signed_in("eve@evil.com").await, test.signed_in(ADMIN).await);
    assert!(is_signed_in(&eve).await && is_signed_in(&root).await);
    let test = test.again_with(&[ONLY_OURS]).await;
    let again = |visitor: &super::app::Visitor| test.anonymous().with_cookie(visitor.cookie());
    assert!(!is_signed_in(&again(&eve)).await && is_signed_in(&again(&root)).await);
    let test = test.again_with(&[]).await;
    assert!(is_signed_in(&test.anonymous().with_cookie(eve.cookie())).await, "the session itself was kept");
}
