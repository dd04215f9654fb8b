//! Every way in which it should not go. Whatever happens, nobody is signed in, and a page says why in words.

use axum::http::StatusCode;
use serde_json::{Value, json};
use telescope::domain::Email;
use telescope::sso::oidc::OidcError;
use telescope::store;

use super::super::app::TestApp;
use super::provider::Signing;
use super::{Scene, is_signed_in};

/// The words of a page that says what went wrong.
fn words(answer: &super::Answer) -> String {
    answer.texts("main [role='alert']").join(" ")
}

#[tokio::test]
async fn an_answer_counts_once_and_only_in_the_browser_that_asked() {
    let scene = Scene::new().await;
    let (ada, question) = scene.begin(&scene.test.anonymous(), "/jobs").await;
    let way = scene.provider.authorize(&question);
    // The code of somebody who wants another to be signed in as himself, or of a thief.
    let (other, _) = scene.begin(&scene.test.anonymous(), "/jobs").await;
    for stranger in [scene.test.anonymous(), other] {
        let answer = stranger.get(&way).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(words(&answer).contains("belongs to another browser"), "{}", answer.body);
        assert!(!is_signed_in(&stranger.after(&answer)).await);
    }
    // Both at once, and once more: one of them counts, also if the provider would take the code again.
    scene.provider.be_careless();
    let (one, two) = tokio::join!(ada.get(&way), ada.get(&way));
    let mut statuses = [one.status, two.status];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::SEE_OTHER, StatusCode::BAD_REQUEST]);
    let first = if one.status == StatusCode::SEE_OTHER { one } else { two };
    let signed_in = ada.after(&first);
    let again = signed_in.get(&way).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST, "{}", again.body);
    assert!(is_signed_in(&signed_in.after(&again)).await, "whoever is signed in stays so");
}

/// Two requests may both have found the attempt in the session before either took it out.
#[tokio::test]
async fn an_attempt_takes_one_answer_also_if_two_come_at_once() {
    let scene = Scene::new().await;
    scene.provider.be_careless();
    let provider = scene.test.app.sso.oidc.as_ref().unwrap();
    let (question, attempt) = provider.begin("/accounts".into()).await.unwrap();
    let answer = super::brought(&scene.provider.authorize(question.as_str()));
    let (one, two) = tokio::join!(provider.finish(&attempt, &answer), provider.finish(&attempt, &answer));
    assert!(one.is_ok());
    assert_eq!(two.err(), Some(OidcError::Stale));
}

#[tokio::test]
async fn an_answer_comes_within_ten_minutes() {
    let scene = Scene::new().await;
    let ada = scene.signed_in().await;
    for visitor in [scene.test.anonymous(), ada] {
        let (visitor, question) = scene.begin(&visitor, "/jobs").await;
        let way = scene.provider.authorize(&question);
        scene.test.app.clock.advance(601);
        let answer = visitor.get(&way).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(words(&answer).contains("older than ten minutes"), "{}", answer.body);
    }
}

#[tokio::test]
async fn a_code_of_another_attempt_or_another_client_is_worth_nothing() {
    let scene = Scene::new().await;
    let (ada, question) = scene.begin(&scene.test.anonymous(), "/jobs").await;
    let (_, foreign) = scene.begin(&scene.test.anonymous(), "/jobs").await;
    let code = |way: &str| way.split(['=', '&']).nth(1).unwrap().to_owned();
    let own = scene.provider.authorize(&question);
    let injected = own.replace(&code(&own), &code(&scene.provider.authorize(&foreign)));
    let answer = ada.get(&injected).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
    assert!(!is_signed_in(&ada.after(&answer)).await);

    let (ada, question) = scene.begin(&scene.test.anonymous(), "/jobs").await;
    let answer = ada.get(&scene.provider.authorize_for("another client", &question)).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.body);
    assert!(!answer.body.contains("read me"), "the provider's explanations are not shown");
    assert!(!is_signed_in(&ada.after(&answer)).await);
}

/// A name, and what it does to what the provider says.
type Lie = (&'static str, fn(&mut Value));

fn later(claims: &Value, seconds: i64) -> Value {
    json!(claims["iat"].as_i64().unwrap() + seconds)
}

const LIES: &[Lie] = &[
    ("another nonce", |it| it["nonce"] = json!("x".repeat(43))),
    ("no nonce", |it| drop(it.as_object_mut().unwrap().remove("nonce"))),
    ("over", |it| it["exp"] = later(it, -61)),
    ("never over", |it| drop(it.as_object_mut().unwrap().remove("exp"))),
    ("its end a text", |it| it["exp"] = json!(later(it, 300).to_string())),
    ("its end a fraction", |it| it["exp"] = json!(later(it, 300).as_f64().unwrap() + 0.5)),
    ("its end before time", |it| it["exp"] = json!(-1)),
    ("its end beyond numbers", |it| it["exp"] = json!(1e300)),
    ("not begun", |it| it["nbf"] = later(it, 120)),
    ("its begin a text", |it| it["nbf"] = json!("0")),
    ("from the future", |it| it["iat"] = later(it, 120)),
    ("of no time", |it| drop(it.as_object_mut().unwrap().remove("iat"))),
    ("another issuer", |it| it["iss"] = json!("https://login.example.org")),
    ("an issuer with a slash more", |it| it["iss"] = json!(format!("{}/", it["iss"].as_str().unwrap()))),
    ("several issuers", |it| it["iss"] = json!([it["iss"], "https://login.example.org"])),
    ("no issuer", |it| drop(it.as_object_mut().unwrap().remove("iss"))),
    ("another audience", |it| it["aud"] = json!("another")),
    ("other audiences", |it| it["aud"] = json!(["another", "telescope2"])),
    ("no audience", |it| it["aud"] = json!([])),
    ("several audiences and no party", |it| it["aud"] = json!(["telescope", "another"])),
    ("another party", |it| it["azp"] = json!("another")),
    ("nobody", |it| it["sub"] = json!("")),
    ("no subject", |it| drop(it.as_object_mut().unwrap().remove("sub"))),
    ("a subject that is a number", |it| it["sub"] = json!(7)),
    ("a subject with a NUL", |it| it["sub"] = json!("ada\u{0}")),
    ("a subject with a line break", |it| it["sub"] = json!("ada\nroot")),
    ("a subject with another control character", |it| it["sub"] = json!("ada\u{85}")),
    ("far too much", |it| it["more"] = json!("x".repeat(70_000))),
];

#[tokio::test]
async fn a_token_that_does_not_hold_signs_nobody_in() {
    let scene = Scene::new().await;
    for (name, lie) in LIES {
        scene.provider.bend_token(*lie);
        refused(&scene, name).await;
    }
    scene.provider.bend_token(|_| {});
    for signing in [
        Signing::ForeignKey,
        Signing::PublicKeyAsSecret,
        Signing::None,
        Signing::ChangedAfterwards,
        Signing::Critical,
    ] {
        scene.provider.sign(signing);
        refused(&scene, &format!("{signing:?}")).await;
    }
    scene.provider.sign(Signing::Right);
    assert!(is_signed_in(&scene.signed_in().await).await, "without a lie it works");
}

async fn refused(scene: &Scene, lie: &str) {
    let (visitor, answer) = scene.whole_way().await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{lie}: {}", answer.body);
    assert!(words(&answer).contains("couldn't be verified"), "{lie}: {}", answer.body);
    assert!(!is_signed_in(&visitor).await, "{lie}");
}

#[tokio::test]
async fn an_answer_of_another_provider_is_not_taken() {
    let scene = Scene::new().await;
    for more in ["&iss=https%3A%2F%2Flogin.example.org", "&iss=x"] {
        let (visitor, question) = scene.begin(&scene.test.anonymous(), "/jobs").await;
        let answer = visitor.get(&format!("{}{more}", scene.provider.authorize(&question))).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{more}: {}", answer.body);
    }
    let scene = Scene::new().await;
    scene.provider.bend_metadata(|said| said["authorization_response_iss_parameter_supported"] = json!(true));
    let (_, answer) = scene.whole_way().await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "it says that it names itself, and does not");
}

#[tokio::test]
async fn what_the_provider_refuses_is_told_in_words() {
    let scene = Scene::new().await;
    for (word, status, said) in [
        ("access_denied", StatusCode::FORBIDDEN, "didn't allow you to sign in"),
        ("temporarily_unavailable", StatusCode::SERVICE_UNAVAILABLE, "Try again in a moment"),
        ("invalid_scope", StatusCode::BAD_REQUEST, "rejected Telescope's request"),
    ] {
        let (visitor, question) = scene.begin(&scene.test.anonymous(), "/jobs").await;
        let way = scene.provider.authorize(&question);
        let (_, state) = way.split_once("&state=").unwrap();
        let way = format!("/sign-in/callback?error={word}&error_description=read+me&state={state}");
        let answer = visitor.get(&way).await;
        assert_eq!(answer.status, status, "{word}");
        assert!(words(&answer).contains(said) && !answer.body.contains("read me"), "{}", answer.body);
        let again = visitor.get(&way).await;
        assert_eq!(again.status, StatusCode::BAD_REQUEST, "{word}: a refusal counts once, too");
    }
    for nonsense in ["", "?state=x", "?code=x", "?error=access_denied", "?state=&code="] {
        let answer = scene.test.anonymous().get(&format!("/sign-in/callback{nonsense}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{nonsense}");
    }
}

#[tokio::test]
async fn a_provider_that_is_away_is_told_of_and_asked_again() {
    let mut scene = Scene::new().await;
    scene.provider.stop().await;
    assert_eq!(scene.test.anonymous().get("/sign-in").await.status, StatusCode::OK);
    let answer = scene.test.anonymous().get("/sign-in/start").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(words(&answer).contains("can't reach your identity provider"), "{}", answer.body);
    scene.provider.start_again().await;
    scene.test.app.clock.advance(2);
    let (visitor, question) = scene.begin(&scene.test.anonymous(), "/jobs").await;

    let way = scene.provider.authorize(&question);
    scene.provider.stop().await;
    let answer = visitor.get(&way).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.body);
    scene.provider.start_again().await;
    assert!(is_signed_in(&scene.signed_in().await).await);
    // What it said of itself is kept meanwhile, also for longer than it is good for.
    scene.provider.stop().await;
    scene.test.app.clock.advance(2 * 60 * 60);
    scene.begin(&scene.test.anonymous(), "/jobs").await;
}

#[tokio::test]
async fn a_provider_that_says_nonsense_of_itself_is_not_followed() {
    let scene = Scene::new().await;
    let nonsense: [Lie; 5] = [
        ("another name", |it| it["issuer"] = json!("https://login.example.org")),
        ("elsewhere", |it| {
            it["redirect"] = json!(it["issuer"].as_str().unwrap().to_owned() + "/.well-known/x");
        }),
        ("too much", |it| it["more"] = json!("x".repeat(600_000))),
        ("no addresses", |it| drop(it.as_object_mut().unwrap().remove("token_endpoint"))),
        ("no text", |it| *it = json!(7)),
    ];
    for (name, bend) in nonsense {
        scene.provider.bend_metadata(bend);
        scene.test.app.clock.advance(2);
        let answer = scene.test.anonymous().get("/sign-in/start").await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{name}");
    }
}

#[tokio::test]
async fn an_address_that_nobody_has_verified_makes_nobody() {
    let scene = Scene::new().await;
    let known = |address: &'static str| {
        let app = std::sync::Arc::clone(&scene.test.app);
        async move {
            let address = Email::parse(address).unwrap();
            store::users::by_email(&mut app.db.read().await.unwrap(), &address).await.unwrap()
        }
    };
    // The administrator is named in the settings and has never been here.
    scene.provider.bend_token(|claims| {
        claims["email"] = json!(super::super::app::ADMIN);
        claims.as_object_mut().unwrap().remove("email_verified");
    });
    let (visitor, answer) = scene.whole_way().await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(words(&answer).contains("has not verified that root@example.org"), "{}", answer.body);
    assert!(!is_signed_in(&visitor).await && known(super::super::app::ADMIN).await.is_none());

    scene.provider.userinfo(json!({ "sub": "ada's number" }));
    for nothing in [json!(null), json!(""), json!("ada"), json!(7), json!("аda@example.org")] {
        scene.provider.bend_token(move |claims| claims["email"] = nothing.clone());
        let (visitor, answer) = scene.whole_way().await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.body);
        assert!(words(&answer).contains("didn't send an e-mail address"), "{}", answer.body);
        assert!(!is_signed_in(&visitor).await);
    }

    // UserInfo's word on an address is not the word on the token's.
    scene
        .provider
        .userinfo(json!({ "sub": "ada's number", "email_verified": true, "email": "a@example.org" }));
    scene.provider.bend_token(|claims| {
        claims.as_object_mut().unwrap().remove("email_verified");
        claims.as_object_mut().unwrap().remove("groups");
    });
    let (_, answer) = scene.whole_way().await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.body);
}

#[tokio::test]
async fn an_organisation_may_trust_its_own_provider() {
    let scene = Scene::with(&[("OIDC_TRUST_EMAIL", "yes")]).await;
    scene.provider.bend_token(|claims| drop(claims.as_object_mut().unwrap().remove("email_verified")));
    assert!(is_signed_in(&scene.signed_in().await).await);
}

#[tokio::test]
async fn an_address_that_changes_hands_is_not_inherited() {
    let scene = Scene::new().await;
    scene.signed_in().await;
    scene.provider.bend_token(|claims| claims["sub"] = json!("the next Ada's number"));
    let (visitor, answer) = scene.whole_way().await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(words(&answer).contains("different identity than before"), "{}", answer.body);
    assert!(!is_signed_in(&visitor).await);
}

#[tokio::test]
async fn afterwards_one_is_on_a_page_of_ours() {
    let scene = Scene::new().await;
    for foreign in ["https://x.example", "//x.example", "/\\x.example", "javascript:alert(1)", ""] {
        let (visitor, question) = scene.begin(&scene.test.anonymous(), foreign).await;
        let answer = visitor.get(&scene.provider.authorize(&question)).await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/"), "{foreign}");
    }
}

#[tokio::test]
async fn nobody_signs_in_by_claiming_an_address() {
    let scene = Scene::new().await;
    let answer = scene.test.anonymous().post("/sign-in", &[("email", super::super::app::ADMIN)]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(!is_signed_in(&scene.test.anonymous().after(&answer)).await);
    // And without a provider there is no way to one.
    let mock = TestApp::new().await;
    assert_eq!(mock.anonymous().get("/sign-in/start").await.status, StatusCode::NOT_FOUND);
}
