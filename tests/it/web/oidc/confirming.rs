//! Confirming one's identity at the provider, which has to authenticate the same person again.

use std::collections::HashMap;

use axum::http::StatusCode;
use serde_json::{Value, json};
use telescope::domain::AccountId;
use telescope::ops::audit::queue;
use telescope::store;
use telescope::store::audit::Filter;

use super::super::app::{ADMIN, Answer, Visitor};
use super::super::guarded::{PASSWORD, guarded};
use super::provider::Bend;
use super::{Scene, is_signed_in};

const ADA: &str = "ada@example.org";
const WHY: &str = "The desk has a new phone";

/// Ada is an administrator, and her account's group requires that she confirms her identity.
struct Confirming {
    scene: Scene,
    ada: Visitor,
    account: AccountId,
}

impl Confirming {
    async fn new() -> Self {
        Self::with(&[]).await
    }

    async fn with(more: &[(&str, &str)]) -> Self {
        let admins = format!("{ADMIN},{ADA}");
        let settings: Vec<_> = more.iter().copied().chain([("ADMIN_EMAILS", admins.as_str())]).collect();
        let scene = Scene::with(&settings).await;
        scene.provider.bend_token(|claims| claims["auth_time"] = claims["iat"].clone());
        let ada = scene.signed_in().await;
        let (account, _) = guarded(&scene.test, &ada, None, "confirmation").await;
        Self { scene, ada, account }
    }

    fn page(&self) -> String {
        format!("/accounts/{}/password/reveal", self.account)
    }

    async fn sees(&self, who: &Visitor) -> bool {
        let answer = who.post(&self.page(), &[("reason", WHY)]).await;
        let shown = answer.texts("output.secret") == [PASSWORD];
        assert!(shown || answer.status == StatusCode::CONFLICT && !answer.body.contains(PASSWORD));
        shown
    }

    /// Presses the button; returns the browser and the provider's address to which it is redirected.
    async fn begins(&self, who: &Visitor) -> (Visitor, String) {
        let form = who.get(&self.page()).await;
        let way = form.attributes(".confirm a.button", "href").remove(0);
        let sent = who.get(&way).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
        (who.after(&sent), sent.header("location").to_owned())
    }

    /// The whole way there and back; returns the browser and the last answer.
    async fn confirms(&self, who: &Visitor) -> (Visitor, Answer) {
        let (browser, question) = self.begins(who).await;
        let answer = browser.get(&self.scene.provider.authorize(&question)).await;
        (browser.after(&answer), answer)
    }

    /// Code, actor and details of the audit entries about confirmations and sign-ins, the oldest first.
    async fn entries(&self) -> Vec<(String, String, Option<String>)> {
        queue::flush(&self.scene.test.app).await.unwrap();
        let conn = &mut self.scene.test.app.db.read().await.unwrap();
        let mut entries = store::audit::page(conn, &Filter::default(), 100).await.unwrap();
        entries.reverse();
        let entries = entries.into_iter().filter(|entry| entry.code.starts_with("web."));
        entries.map(|entry| (entry.code, entry.actor, entry.details)).collect()
    }
}

fn said(answer: &Answer) -> String {
    answer.texts("main [role=alert]").join(" ")
}

#[tokio::test]
async fn the_same_person_who_signs_in_again_confirms() {
    let it = Confirming::new().await;
    assert!(!it.sees(&it.ada).await, "the sign-in is no confirmation");
    let (browser, question) = it.begins(&it.ada).await;
    let asked: HashMap<_, _> = url::Url::parse(&question).unwrap().query_pairs().into_owned().collect();
    assert_eq!((asked["prompt"].as_str(), asked["max_age"].as_str()), ("login", "0"));
    assert_eq!(asked["login_hint"], ADA);
    assert!(!asked.contains_key("acr_values"), "{question}");
    let answer = browser.get(&it.scene.provider.authorize(&question)).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, it.page().as_str()));
    let ada = browser.after(&answer);
    assert!(it.sees(&ada).await);
    assert_eq!(ada.get("/accounts").await.texts(".who span"), [ADA]);
    it.scene.test.app.clock.advance(299);
    assert!(it.sees(&ada).await);
    it.scene.test.app.clock.advance(1);
    assert!(!it.sees(&ada).await, "five minutes have passed");
    let entry = |code: &str| (code.to_owned(), ADA.to_owned(), None);
    assert_eq!(it.entries().await, [entry("web.sign-in"), entry("web.confirmation")]);
}

#[tokio::test]
async fn an_answer_that_does_not_say_so_confirms_nothing() {
    let not_recent = "didn't report that you signed in again";
    let invalid = "couldn't be verified";
    let it = Confirming::new().await;
    let ago = |seconds: i64| {
        move |claims: &mut Value| {
            claims["auth_time"] = json!(claims["iat"].as_i64().unwrap() - seconds);
        }
    };
    let says = |name: &'static str, value: Value| {
        move |claims: &mut Value| {
            claims["auth_time"] = claims["iat"].clone();
            claims[name] = value.clone();
        }
    };
    let cases: Vec<(&str, Bend, &str, Option<&str>)> = vec![
        ("an hour ago", Box::new(ago(3600)), not_recent, Some("not-recent")),
        ("before they were sent", Box::new(ago(70)), not_recent, Some("not-recent")),
        ("in the future", Box::new(ago(-120)), not_recent, Some("not-recent")),
        ("never", Box::new(|_| {}), not_recent, Some("not-recent")),
        ("no time", Box::new(says("auth_time", json!(null))), not_recent, Some("not-recent")),
        ("a text", Box::new(says("auth_time", json!("9999999999"))), not_recent, Some("not-recent")),
        ("a fraction", Box::new(says("auth_time", json!(1.5))), not_recent, Some("not-recent")),
        (
            "another subject",
            Box::new(says("sub", json!("bob's number"))),
            "Another person",
            Some("other-person"),
        ),
        ("another nonce", Box::new(says("nonce", json!("other"))), invalid, None),
        ("another audience", Box::new(says("aud", json!("other"))), invalid, None),
        ("another issuer", Box::new(says("iss", json!("https://other.example.org"))), invalid, None),
    ];
    let mut denied = Vec::new();
    for (name, bend, words, why) in cases {
        it.scene.provider.bend_token(bend);
        let (ada, answer) = it.confirms(&it.ada).await;
        assert!(answer.status.is_client_error(), "{name}: {}", answer.status);
        assert!(said(&answer).contains(words), "{name}: {}", said(&answer));
        assert!(answer.has("main a.button[href^='/confirm-identity/start?next=%2Faccounts']"), "{name}");
        assert!(!it.sees(&ada).await, "{name}");
        assert_eq!(ada.get("/accounts").await.texts(".who span"), [ADA], "{name}: no one else is signed in");
        denied.extend(why.filter(|why| !denied.contains(why)));
    }
    let conn = &mut it.scene.test.app.db.read().await.unwrap();
    let bob = store::identities::find(conn, it.scene.provider.issuer(), "bob's number").await.unwrap();
    assert_eq!(bob, None, "an unknown subject is not bound");
    let entries = it.entries().await;
    let refused = entries.iter().filter(|(code, ..)| code == "web.confirmation.refused");
    let why: Vec<_> = refused.map(|(_, actor, details)| (actor.as_str(), details.clone().unwrap())).collect();
    let expected: Vec<_> = denied.iter().map(|why| (ADA, format!(r#"{{"why":"{why}"}}"#))).collect();
    assert_eq!(why, expected);
    assert!(!entries.iter().any(|(code, ..)| code == "web.confirmation"), "{entries:?}");
}

/// Someone who is known here, and signs in at the provider on Ada's browser.
#[tokio::test]
async fn another_known_person_confirms_nothing_and_is_not_signed_in() {
    let it = Confirming::new().await;
    let as_bob = |claims: &mut Value| {
        claims["auth_time"] = claims["iat"].clone();
        claims["sub"] = json!("bob's number");
        claims["email"] = json!("bob@example.org");
        claims["groups"] = json!([]);
    };
    it.scene.provider.bend_token(as_bob);
    let bob = it.scene.signed_in().await;
    assert_eq!(bob.get("/accounts").await.texts(".who span"), ["bob@example.org"]);
    let (ada, answer) = it.confirms(&it.ada).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(said(&answer).contains(&format!("You're signed in as {ADA}")), "{}", said(&answer));
    assert_eq!(ada.get("/accounts").await.texts(".who span"), [ADA]);
    assert!(!it.sees(&ada).await);
    // Even with Ada's address.
    it.scene.provider.bend_token(move |claims| {
        as_bob(claims);
        claims["email"] = json!(ADA);
    });
    let (ada, answer) = it.confirms(&it.ada).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(!it.sees(&ada).await && is_signed_in(&bob).await);
}

#[tokio::test]
async fn the_method_has_to_be_one_of_those_in_the_settings() {
    let it = Confirming::with(&[("OIDC_STEP_UP_ACR", " urn:example:gold  urn:example:silver ")]).await;
    let (_, question) = it.begins(&it.ada).await;
    let asked: HashMap<_, _> = url::Url::parse(&question).unwrap().query_pairs().into_owned().collect();
    assert_eq!(asked["acr_values"], "urn:example:gold urn:example:silver");
    for (acr, confirms) in [
        (json!(null), false),
        (json!("urn:example:bronze"), false),
        (json!("urn:example:gold urn:example:silver"), false),
        (json!(["urn:example:gold"]), false),
        (json!("0"), false),
        (json!("urn:example:silver"), true),
        (json!("urn:example:gold"), true),
    ] {
        let claim = acr.clone();
        it.scene.provider.bend_token(move |claims| {
            claims["auth_time"] = claims["iat"].clone();
            claims["acr"] = claim.clone();
        });
        let fresh = it.scene.signed_in().await;
        let (ada, answer) = it.confirms(&fresh).await;
        assert_eq!(it.sees(&ada).await, confirms, "{acr}");
        if !confirms {
            assert_eq!(answer.status, StatusCode::FORBIDDEN);
            assert!(said(&answer).contains("by another method"), "{}", said(&answer));
        }
    }
    it.scene.provider.bend_token(|claims| claims["auth_time"] = claims["iat"].clone());
    let (ada, _) = it.confirms(&it.scene.signed_in().await).await;
    assert!(!it.sees(&ada).await, "no claim at all");
}

#[tokio::test]
async fn a_confirmation_belongs_to_the_session_that_began_it() {
    let it = Confirming::new().await;
    // The way back in another session of the same person, with the cookie of the first browser.
    let (browser, question) = it.begins(&it.ada).await;
    let pending = browser.cookie_named("telescope-sign-in").unwrap().to_owned();
    let other = it.scene.signed_in().await;
    let moved = other.with_cookie(&format!("{}; telescope-sign-in={pending}", other.cookie()));
    let answer = moved.get(&it.scene.provider.authorize(&question)).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(said(&answer).contains("belongs to another session"), "{}", said(&answer));
    assert!(!it.sees(&moved.after(&answer)).await && !it.sees(&browser).await);

    // After signing out, and without a session.
    let (browser, question) = it.begins(&it.ada).await;
    let out = browser.after(&browser.post("/sign-out", &[]).await);
    let answer = out.get(&it.scene.provider.authorize(&question)).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(!is_signed_in(&out.after(&answer)).await, "it signs no one in");

    // A confirmed session keeps its confirmation to itself.
    let ada = it.scene.signed_in().await;
    let (confirmed, _) = it.confirms(&ada).await;
    assert!(it.sees(&confirmed).await && !it.sees(&it.scene.signed_in().await).await);
    // The next sign-in of the browser begins without it.
    let start = confirmed.get("/sign-in/start?next=/jobs").await;
    let browser = confirmed.after(&start);
    let answer = browser.get(&it.scene.provider.authorize(start.header("location"))).await;
    let again = browser.after(&answer);
    assert!(is_signed_in(&again).await && !it.sees(&again).await);
}

#[tokio::test]
async fn an_answer_counts_once_and_for_what_it_was_asked_for() {
    let it = Confirming::new().await;
    // A sign-in of Ada's at the same time, whose answer has everything but the question for it.
    let start = it.ada.get("/sign-in/start?next=/jobs").await;
    let browser = it.ada.after(&start);
    let answer = browser.get(&it.scene.provider.authorize(start.header("location"))).await;
    let ada = browser.after(&answer);
    assert!(is_signed_in(&ada).await && !it.sees(&ada).await);

    it.scene.provider.be_careless();
    let (browser, question) = it.begins(&ada).await;
    let way = it.scene.provider.authorize(&question);
    assert_eq!(browser.get(&way).await.status, StatusCode::SEE_OTHER);
    assert!(it.sees(&browser).await);
    it.scene.test.app.clock.advance(300);
    let again = browser.get(&way).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST, "although the browser sends the cookie again");
    assert!(!it.sees(&browser).await);

    // The person declines, and takes longer than they have.
    let (browser, question) = it.begins(&ada).await;
    let asked: HashMap<_, _> = url::Url::parse(&question).unwrap().query_pairs().into_owned().collect();
    let declined =
        browser.get(&format!("/sign-in/callback?error=access_denied&state={}", asked["state"])).await;
    assert_eq!(declined.status, StatusCode::FORBIDDEN);
    assert!(said(&declined).contains("didn't confirm your identity"), "{}", said(&declined));
    let (browser, question) = it.begins(&ada).await;
    it.scene.test.app.clock.advance(601);
    let late = browser.get(&it.scene.provider.authorize(&question)).await;
    assert_eq!(late.status, StatusCode::BAD_REQUEST);
    assert!(!it.sees(&browser.after(&late)).await && is_signed_in(&browser).await);
}

/// The moment of the sign-in at the provider counts, not that of the way back.
#[tokio::test]
async fn the_time_spent_at_the_provider_counts() {
    let it = Confirming::new().await;
    let (browser, question) = it.begins(&it.ada).await;
    it.scene.test.app.clock.advance(4 * 60);
    let answer = browser.get(&it.scene.provider.authorize(&question)).await;
    let ada = browser.after(&answer);
    assert!(it.sees(&ada).await, "{}", answer.body);
    // The provider has the system's time, so it may be ahead by as much as this test takes.
    it.scene.test.app.clock.advance(2 * 60);
    assert!(!it.sees(&ada).await);
}

#[tokio::test]
async fn while_the_provider_is_away_nothing_is_confirmed() {
    let mut it = Confirming::new().await;
    let (browser, question) = it.begins(&it.ada).await;
    let way = it.scene.provider.authorize(&question);
    it.scene.provider.stop().await;
    let answer = browser.get(&way).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(said(&answer).contains("can't reach your identity provider"), "{}", said(&answer));
    assert!(!it.sees(&browser.after(&answer)).await && is_signed_in(&it.ada).await);
    let form = it.ada.post("/confirm-identity", &[("email", ADA)]).await;
    assert_eq!(form.status, StatusCode::FORBIDDEN, "there is no form that confirms");
    assert!(!it.sees(&it.ada).await);
}
