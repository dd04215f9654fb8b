//! Fetching keys from a provider that rotates them, fails, hangs, or sends too much or invalid data.

mod first;
mod separate;

use std::sync::Arc;
use std::time::{Duration, Instant};

use jsonwebtoken::Algorithm;
use telescope::clock::Clock;
use telescope::config::{KeysAt, Outbound};
use telescope::sso::{Http, KeySet, NoKey};

use super::issuer::{Answering, Issuer, SigningKey};
use crate::support::waiting::DEADLINE;

fn keys_at(place: &str, clock: Clock) -> Arc<KeySet> {
    KeySet::new(KeysAt::Set(place.parse().unwrap()), Http::new(false, &Outbound::default()), clock)
}

/// Whether there is a key with that id, for any algorithm.
async fn knows(keys: &Arc<KeySet>, kid: &str) -> bool {
    !matches!(keys.find(Some(kid), Algorithm::RS256).await, Err(NoKey::Unknown | NoKey::Never))
}

/// The keys of an issuer, and the test's clock.
fn keys_of(issuer: &Issuer) -> (Arc<KeySet>, Clock) {
    let clock = Clock::manual(Clock::System.now());
    (keys_at(&issuer.certs(), clock.clone()), clock)
}

fn one() -> SigningKey {
    SigningKey::rs256("one", 0)
}

fn two() -> SigningKey {
    SigningKey::rs256("two", 1)
}

#[tokio::test]
async fn a_thousand_invented_key_ids_cause_one_request() {
    let issuer = Issuer::start(Answering::Keys(vec![one()])).await;
    let (keys, clock) = keys_of(&issuer);
    let guesses = (0..1000).map(|number| {
        let keys = Arc::clone(&keys);
        tokio::spawn(async move { !knows(&keys, &format!("invented-{number}")).await })
    });
    for guess in guesses.collect::<Vec<_>>() {
        assert!(guess.await.unwrap());
    }
    assert_eq!(issuer.asked(), 1);
    assert!(knows(&keys, "one").await);
    clock.advance(59);
    assert!(!knows(&keys, "invented").await);
    assert_eq!(issuer.asked(), 1);
    clock.advance(1);
    assert!(!knows(&keys, "invented").await);
    assert_eq!(issuer.asked(), 2, "fetched again after a minute");
}

#[tokio::test]
async fn new_keys_are_found_and_old_ones_removed() {
    let issuer = Issuer::start(Answering::Keys(vec![one()])).await;
    let (keys, clock) = keys_of(&issuer);
    assert!(knows(&keys, "one").await);
    issuer.answers(Answering::Keys(vec![one(), two()]));
    assert!(!knows(&keys, "two").await, "fetched only a moment ago");
    clock.advance(60);
    assert!(knows(&keys, "two").await && knows(&keys, "one").await);
    assert_eq!(issuer.asked(), 2);

    issuer.answers(Answering::Keys(vec![two()]));
    clock.advance(60 * 60);
    assert!(knows(&keys, "one").await, "a known key never waits for the newer set");
    let deadline = Instant::now() + DEADLINE;
    while knows(&keys, "one").await {
        assert!(Instant::now() < deadline, "the old key has left the set");
        tokio::task::yield_now().await;
    }
    assert!(knows(&keys, "two").await);
    assert_eq!(issuer.asked(), 3);
}

#[tokio::test]
async fn known_keys_survive_an_outage() {
    let issuer = Issuer::start(Answering::Keys(vec![one()])).await;
    let (keys, clock) = keys_of(&issuer);
    assert!(knows(&keys, "one").await);
    let elsewhere = Issuer::start(Answering::Keys(vec![one(), two()])).await;
    for (trouble, asked) in [
        Answering::Broken,
        Answering::Huge,
        Answering::To(elsewhere.certs()),
        Answering::Nonsense("<html>"),
        Answering::Nonsense("{\"keys\":[]}"),
        Answering::Nonsense("{\"keys\":[{\"kty\":\"oct\",\"kid\":\"two\",\"k\":\"c2VjcmV0\"}]}"),
        Answering::Nonsense("{\"keys\":[{\"kty\":\"new\",\"kid\":\"two\"},7]}"),
    ]
    .into_iter()
    .zip(2..)
    {
        issuer.answers(trouble);
        clock.advance(2 * 60 * 60);
        assert!(!knows(&keys, "two").await);
        assert!(knows(&keys, "one").await);
        assert_eq!(issuer.asked(), asked);
    }
    assert_eq!(elsewhere.asked(), 0, "redirects are not followed");
    issuer.answers(Answering::Keys(vec![two()]));
    clock.advance(60);
    assert!(knows(&keys, "two").await, "fetched again after the outage");
}

#[tokio::test]
async fn without_keys_no_token_is_accepted() {
    for trouble in [Answering::Broken, Answering::Huge, Answering::Nonsense("")] {
        let issuer = Issuer::start(trouble).await;
        let (keys, _) = keys_of(&issuer);
        assert!(!knows(&keys, "one").await && !keys.has_any());
    }
    let closed = {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/", free.local_addr().unwrap())
    };
    let keys = keys_at(&closed, Clock::System);
    assert!(!knows(&keys, "one").await && !keys.has_any());
}

#[tokio::test]
async fn a_hanging_provider_does_not_delay_known_keys() {
    let issuer = Issuer::start(Answering::Keys(vec![one()])).await;
    let (keys, clock) = keys_of(&issuer);
    assert!(knows(&keys, "one").await);
    issuer.answers(Answering::Never);
    clock.advance(2 * 60 * 60);
    let waiting = tokio::spawn({
        let keys = Arc::clone(&keys);
        async move { !knows(&keys, "two").await }
    });
    let deadline = Instant::now() + DEADLINE;
    while issuer.asked() < 2 {
        assert!(Instant::now() < deadline);
        tokio::task::yield_now().await;
    }
    for _ in 0..100 {
        let known = tokio::time::timeout(Duration::from_secs(2), knows(&keys, "one")).await;
        assert!(known.is_ok_and(|is_known| is_known), "a known key is returned at once");
    }
    assert!(!waiting.is_finished(), "the provider was still hanging");
    let ended = tokio::time::timeout(DEADLINE, waiting).await;
    assert!(ended.is_ok_and(|it| it.unwrap()), "the request times out");
}

#[tokio::test]
async fn keys_for_other_uses_are_ignored() {
    let other = |name: &str, value: &str| {
        let mut jwk = one().jwk();
        jwk[name] = value.into();
        telescope::sso::Key::of_jwk(&serde_json::from_value(jwk).unwrap())
    };
    assert!(other("use", "sig").is_some());
    assert!(other("use", "enc").is_none());
    assert!(other("alg", "RSA-OAEP").is_none());
    assert!(!other("alg", "PS256").unwrap().signs(jsonwebtoken::Algorithm::RS256));
}

/// Some providers use a key id again, or give none.
#[tokio::test]
async fn a_signature_that_does_not_match_leads_to_one_question_for_newer_keys() {
    let (old, new) = (SigningKey::rs256("same", 0), SigningKey::rs256("same", 1));
    let issuer = Issuer::start(Answering::Keys(vec![old.clone()])).await;
    let (keys, clock) = keys_of(&issuer);
    for kid in [Some("same"), None] {
        let known = keys.find(kid, Algorithm::RS256).await.unwrap();
        assert!(keys.find_other(&known, kid, Algorithm::RS256).await.is_none(), "asked just now");
        clock.advance(60);
        let before = issuer.asked();
        for _ in 0..20 {
            assert!(keys.find_other(&known, kid, Algorithm::RS256).await.is_none(), "there is no newer one");
        }
        assert_eq!(issuer.asked(), before + 1, "however many such signatures come");
    }
    let retired = keys.find(Some("same"), Algorithm::RS256).await.unwrap();
    issuer.answers(Answering::Keys(vec![new]));
    clock.advance(60);
    let newer = keys.find_other(&retired, Some("same"), Algorithm::RS256).await;
    assert!(newer.is_some(), "the provider has another key of that name");
    let known = keys.find(Some("same"), Algorithm::RS256).await.unwrap();
    assert!(keys.find_other(&retired, Some("same"), Algorithm::RS256).await.is_some());
    assert!(
        keys.find_other(&known, Some("same"), Algorithm::RS256).await.is_none(),
        "the retired one is gone"
    );
}

#[tokio::test]
async fn weak_keys_and_keys_for_other_operations_are_none() {
    let with = |changes: &[(&str, serde_json::Value)]| {
        let mut jwk = one().jwk();
        for (name, value) in changes {
            jwk[name] = value.clone();
        }
        telescope::sso::Key::of_jwk(&serde_json::from_value(jwk).unwrap()).is_some()
    };
    assert!(with(&[]));
    for (exponent, is_taken) in [
        ("AQAB", true),
        ("AAEAAQ", true),
        ("Aw", false),
        ("EQ", false),
        ("AQE", false),
        ("AQAA", false),
        ("", false),
        ("AA", false),
        ("AQAAAAAAAAAAAQ", false),
    ] {
        assert_eq!(with(&[("e", exponent.into())]), is_taken, "{exponent}");
    }
    for (operations, is_taken) in [
        (serde_json::json!(["verify"]), true),
        (serde_json::json!(["sign", "verify"]), true),
        (serde_json::json!([]), false),
        (serde_json::json!(["sign"]), false),
        (serde_json::json!(["encrypt"]), false),
        (serde_json::json!(["verify", "wrapKey"]), false),
    ] {
        assert_eq!(with(&[("key_ops", operations.clone())]), is_taken, "{operations}");
    }
}

#[tokio::test]
async fn an_ambiguous_key_id_is_refused() {
    let (first, second) = (SigningKey::rs256("one", 0), SigningKey::rs256("one", 1));
    let curve = SigningKey::es256("one");
    let issuer = Issuer::start(Answering::Keys(vec![first.clone(), curve.clone(), first.clone()])).await;
    let (keys, clock) = keys_of(&issuer);
    assert!(keys.find(Some("one"), Algorithm::RS256).await.is_ok(), "duplicates count once");
    assert!(
        keys.find(Some("one"), Algorithm::ES256).await.is_ok(),
        "a key of another kind is a different key"
    );
    assert_eq!(
        keys.find(Some("one"), Algorithm::PS256).await.err(),
        Some(NoKey::Kind),
        "the key is for RS256"
    );
    assert_eq!(keys.find(Some("one"), Algorithm::EdDSA).await.err(), Some(NoKey::Kind));
    assert!(keys.find(None, Algorithm::RS256).await.is_ok(), "without a key id, the only matching key");
    issuer.answers(Answering::Keys(vec![first, second]));
    clock.advance(61);
    assert!(!knows(&keys, "two").await);
    for kid in [Some("one"), None] {
        assert_eq!(keys.find(kid, Algorithm::RS256).await.err(), Some(NoKey::Several));
    }
}
