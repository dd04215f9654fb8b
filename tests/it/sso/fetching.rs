//! Where keys come from: a real address that rotates, breaks, hangs, floods and lies.

use std::sync::Arc;
use std::time::{Duration, Instant};

use telescope::clock::Clock;
use telescope::config::KeysAt;
use telescope::sso::KeySet;

use super::issuer::{Answering, Issuer, SigningKey};

/// Keys at an issuer, and the time that the test moves.
fn keys_of(issuer: &Issuer) -> (Arc<KeySet>, Clock) {
    let clock = Clock::manual(Clock::System.now());
    (KeySet::new(KeysAt::Set(issuer.certs().parse().unwrap()), clock.clone()), clock)
}

fn one() -> SigningKey {
    SigningKey::rs256("one", 0)
}

fn two() -> SigningKey {
    SigningKey::rs256("two", 1)
}

#[tokio::test]
async fn a_thousand_invented_keys_are_one_question() {
    let issuer = Issuer::start(Answering::Keys(vec![one()])).await;
    let (keys, clock) = keys_of(&issuer);
    let guesses = (0..1000).map(|number| {
        let keys = Arc::clone(&keys);
        tokio::spawn(async move { keys.find(&format!("invented-{number}")).await.is_none() })
    });
    for guess in guesses.collect::<Vec<_>>() {
        assert!(guess.await.unwrap());
    }
    assert_eq!(issuer.asked(), 1);
    assert!(keys.find("one").await.is_some());
    clock.advance(59);
    assert!(keys.find("invented").await.is_none());
    assert_eq!(issuer.asked(), 1);
    clock.advance(1);
    assert!(keys.find("invented").await.is_none());
    assert_eq!(issuer.asked(), 2, "after a minute it may be asked again");
}

#[tokio::test]
async fn new_keys_are_found_and_old_ones_end_with_their_set() {
    let issuer = Issuer::start(Answering::Keys(vec![one()])).await;
    let (keys, clock) = keys_of(&issuer);
    assert!(keys.find("one").await.is_some());
    issuer.answers(Answering::Keys(vec![one(), two()]));
    assert!(keys.find("two").await.is_none(), "it was asked just now");
    clock.advance(60);
    assert!(keys.find("two").await.is_some() && keys.find("one").await.is_some());
    assert_eq!(issuer.asked(), 2);

    issuer.answers(Answering::Keys(vec![two()]));
    clock.advance(60 * 60);
    assert!(keys.find("one").await.is_some(), "nobody waits for the newer set");
    let deadline = Instant::now() + Duration::from_secs(10);
    while keys.find("one").await.is_some() {
        assert!(Instant::now() < deadline, "the old key has left the set");
        tokio::task::yield_now().await;
    }
    assert!(keys.find("two").await.is_some());
    assert_eq!(issuer.asked(), 3);
}

#[tokio::test]
async fn what_is_known_survives_an_outage() {
    let issuer = Issuer::start(Answering::Keys(vec![one()])).await;
    let (keys, clock) = keys_of(&issuer);
    assert!(keys.find("one").await.is_some());
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
        assert!(keys.find("two").await.is_none());
        assert!(keys.find("one").await.is_some());
        assert_eq!(issuer.asked(), asked);
    }
    assert_eq!(elsewhere.asked(), 0, "nobody is followed elsewhere");
    issuer.answers(Answering::Keys(vec![two()]));
    clock.advance(60);
    assert!(keys.find("two").await.is_some(), "it is asked again once it works again");
}

#[tokio::test]
async fn without_any_keys_nobody_is_believed() {
    for trouble in [Answering::Broken, Answering::Huge, Answering::Nonsense("")] {
        let issuer = Issuer::start(trouble).await;
        let (keys, _) = keys_of(&issuer);
        assert!(keys.find("one").await.is_none() && !keys.has_any());
    }
    let closed = {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/", free.local_addr().unwrap())
    };
    let keys = KeySet::new(KeysAt::Set(closed.parse().unwrap()), Clock::System);
    assert!(keys.find("one").await.is_none() && !keys.has_any());
}

#[tokio::test]
async fn whoever_hangs_holds_up_nobody_whose_key_is_known() {
    let issuer = Issuer::start(Answering::Keys(vec![one()])).await;
    let (keys, clock) = keys_of(&issuer);
    assert!(keys.find("one").await.is_some());
    issuer.answers(Answering::Never);
    clock.advance(2 * 60 * 60);
    let waiting = tokio::spawn({
        let keys = Arc::clone(&keys);
        async move { keys.find("two").await.is_none() }
    });
    let deadline = Instant::now() + Duration::from_secs(10);
    while issuer.asked() < 2 {
        assert!(Instant::now() < deadline);
        tokio::task::yield_now().await;
    }
    for _ in 0..100 {
        let known = tokio::time::timeout(Duration::from_millis(500), keys.find("one")).await;
        assert!(known.is_ok_and(|key| key.is_some()), "a key that is known is there at once");
    }
    assert!(!waiting.is_finished(), "all of that went on while the provider hung");
    let ended = tokio::time::timeout(Duration::from_secs(15), waiting).await;
    assert!(ended.is_ok_and(|it| it.unwrap()), "and the question ends by itself");
}

#[tokio::test]
async fn a_key_for_another_use_signs_nothing() {
    let other = |name: &str, value: &str| {
        let mut jwk = one().jwk();
        jwk[name] = value.into();
        telescope::sso::Key::of_jwk(&serde_json::from_value(jwk).unwrap())
    };
    assert!(other("use", "sig").is_some());
    assert!(other("use", "enc").is_none());
    assert!(other("alg", "RSA-OAEP").is_none());
    assert!(!other("alg", "PS256").unwrap().1.signs(jsonwebtoken::Algorithm::RS256));
}

#[tokio::test]
async fn each_key_in_a_file_of_its_own_is_fetched_once() {
    let key = SigningKey::es256("6f2c-11");
    let issuer = Issuer::start(Answering::Keys(vec![key.clone()])).await;
    let clock = Clock::manual(Clock::System.now());
    let below = format!("{}/", issuer.name()).parse().unwrap();
    let keys = KeySet::new(KeysAt::Each(below), clock.clone());
    assert!(keys.find("6f2c-11").await.is_some());
    clock.advance(24 * 60 * 60);
    assert!(keys.find("6f2c-11").await.is_some());
    assert_eq!(issuer.asked(), 1);
    for invented in ["../../secret", "//evil.example/x", "a/b", "?x", "x y", "http:x"] {
        clock.advance(60);
        assert!(keys.find(invented).await.is_none());
    }
    assert_eq!(issuer.asked(), 1, "a name that is none makes no address");
    for number in 0..100 {
        assert!(keys.find(&format!("invented-{number}")).await.is_none());
    }
    assert!(issuer.asked() <= 2);
}
