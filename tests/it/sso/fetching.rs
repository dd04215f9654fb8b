//! Where keys come from: a real address that rotates, breaks, hangs, floods and lies.

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

/// Whether there is a key of that name, whatever it signs.
async fn knows(keys: &Arc<KeySet>, kid: &str) -> bool {
    !matches!(keys.find(Some(kid), Algorithm::RS256).await, Err(NoKey::Unknown | NoKey::Never))
}

/// Keys at an issuer, and the time that the test moves.
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
async fn a_thousand_invented_keys_are_one_question() {
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
    assert_eq!(issuer.asked(), 2, "after a minute it may be asked again");
}

#[tokio::test]
async fn new_keys_are_found_and_old_ones_end_with_their_set() {
    let issuer = Issuer::start(Answering::Keys(vec![one()])).await;
    let (keys, clock) = keys_of(&issuer);
    assert!(knows(&keys, "one").await);
    issuer.answers(Answering::Keys(vec![one(), two()]));
    assert!(!knows(&keys, "two").await, "it was asked just now");
    clock.advance(60);
    assert!(knows(&keys, "two").await && knows(&keys, "one").await);
    assert_eq!(issuer.asked(), 2);

    issuer.answers(Answering::Keys(vec![two()]));
    clock.advance(60 * 60);
    assert!(knows(&keys, "one").await, "nobody waits for the newer set");
    let deadline = Instant::now() + DEADLINE;
    while knows(&keys, "one").await {
        assert!(Instant::now() < deadline, "the old key has left the set");
        tokio::task::yield_now().await;
    }
    assert!(knows(&keys, "two").await);
    assert_eq!(issuer.asked(), 3);
}

#[tokio::test]
async fn what_is_known_survives_an_outage() {
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
    assert_eq!(elsewhere.asked(), 0, "nobody is followed elsewhere");
    issuer.answers(Answering::Keys(vec![two()]));
    clock.advance(60);
    assert!(knows(&keys, "two").await, "it is asked again once it works again");
}

#[tokio::test]
async fn without_any_keys_nobody_is_believed() {
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
async fn whoever_hangs_holds_up_nobody_whose_key_is_known() {
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
        assert!(known.is_ok_and(|is_known| is_known), "a key that is known is there at once");
    }
    assert!(!waiting.is_finished(), "all of that went on while the provider hung");
    let ended = tokio::time::timeout(DEADLINE, waiting).await;
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
    assert!(!other("alg", "PS256").unwrap().signs(jsonwebtoken::Algorithm::RS256));
}

fn each_of(issuer: &Issuer) -> (Arc<KeySet>, Clock) {
    let clock = Clock::manual(Clock::System.now());
    let below = format!("{}/", issuer.name()).parse().unwrap();
    (KeySet::new(KeysAt::Each(below), Http::new(false, &Outbound::default()), clock.clone()), clock)
}

#[tokio::test]
async fn each_key_in_a_file_of_its_own_is_fetched_once() {
    let key = SigningKey::es256("6f2c-11");
    let issuer = Issuer::start(Answering::Keys(vec![key.clone()])).await;
    let (keys, clock) = each_of(&issuer);
    for _ in 0..100 {
        assert!(knows(&keys, "6f2c-11").await);
        clock.advance(30);
    }
    assert_eq!(issuer.asked(), 1);
    for invented in
        ["../../secret", "//evil.example/x", "a/b", "?x", "x y", "http:x", "invented-1", &"a".repeat(65)]
    {
        clock.advance(60);
        assert!(!knows(&keys, invented).await);
    }
    assert_eq!(issuer.asked(), 1, "a name that is none makes no address");
}

/// Whoever reaches the server can invent ids that look like real ones.
#[tokio::test]
async fn invented_ids_do_not_keep_real_keys_from_being_fetched() {
    let real = SigningKey::es256("6f2c-11");
    let issuer = Issuer::start(Answering::Missing(vec![real.clone()])).await;
    let (keys, clock) = each_of(&issuer);
    let flood = |from: u32| {
        let keys = Arc::clone(&keys);
        async move {
            let fakes = (from..from + 500).map(|number| {
                let keys = Arc::clone(&keys);
                tokio::spawn(async move { !knows(&keys, &format!("{number:08x}-4b1d")).await })
            });
            for fake in fakes.collect::<Vec<_>>() {
                assert!(fake.await.unwrap());
            }
        }
    };
    flood(0).await;
    let (found, ()) = tokio::join!(knows(&keys, "6f2c-11"), flood(500));
    assert!(found, "the real one is found among a thousand");
    let asked = issuer.asked();
    flood(0).await;
    assert_eq!(issuer.asked(), asked, "the same id is not asked for again within a minute");
    issuer.answers(Answering::Missing(vec![real, SigningKey::es256("6f2c-12")]));
    flood(1000).await;
    assert!(knows(&keys, "6f2c-12").await && knows(&keys, "6f2c-11").await);
    clock.advance(61);
    flood(0).await;
    assert!(issuer.asked() > asked, "after a minute it may be there");
}

#[tokio::test]
async fn a_key_in_a_file_of_its_own_ends_when_the_provider_has_it_no_longer() {
    let issuer = Issuer::start(Answering::Missing(vec![SigningKey::es256("6f2c-11")])).await;
    let (keys, clock) = each_of(&issuer);
    assert!(knows(&keys, "6f2c-11").await);
    issuer.answers(Answering::Broken);
    clock.advance(60 * 60);
    let deadline = Instant::now() + DEADLINE;
    while issuer.asked() < 2 {
        assert!(knows(&keys, "6f2c-11").await && Instant::now() < deadline, "an outage ends nothing");
        tokio::task::yield_now().await;
    }
    issuer.answers(Answering::Missing(Vec::new()));
    while knows(&keys, "6f2c-11").await {
        assert!(Instant::now() < deadline, "the provider has taken it away");
        clock.advance(1);
        tokio::task::yield_now().await;
    }
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
async fn the_first_keys_are_asked_for_again_within_seconds() {
    let issuer = Issuer::start(Answering::Broken).await;
    let clock = Clock::manual(Clock::System.now());
    let keys = keys_at(&issuer.certs(), clock.clone());
    for (wait, asked) in [(1, 2), (2, 3), (4, 4), (8, 5), (10, 6)] {
        assert!(!knows(&keys, "one").await);
        clock.advance(wait - 1);
        assert!(!knows(&keys, "one").await && issuer.asked() == asked - 1, "{wait} {}", issuer.asked());
        clock.advance(1);
        assert!(!knows(&keys, "one").await && issuer.asked() == asked, "{wait} {}", issuer.asked());
    }
    issuer.answers(Answering::Keys(vec![one()]));
    clock.advance(10);
    assert!(knows(&keys, "one").await);
    clock.advance(59);
    assert!(!knows(&keys, "invented").await && issuer.asked() == 7, "from now on once a minute");
}

#[tokio::test]
async fn the_first_who_comes_need_not_wait() {
    let issuer = Issuer::start(Answering::InTurn(2, vec![one()])).await;
    let keys = keys_at(&issuer.certs(), Clock::System);
    let begun = Instant::now();
    keys.prepare();
    while !keys.has_any() {
        assert!(begun.elapsed() < DEADLINE, "the third question was answered");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(begun.elapsed() >= Duration::from_secs(3), "it was left alone for one second, and for two");
    assert_eq!(issuer.asked(), 3);
    assert!(knows(&keys, "one").await && issuer.asked() == 3);
}

#[tokio::test]
async fn while_nothing_is_known_one_question_is_under_way_and_no_more() {
    let issuer = Issuer::start(Answering::Never).await;
    let keys = keys_at(&issuer.certs(), Clock::System);
    keys.prepare();
    let waiting: Vec<_> = (0..100)
        .map(|number| {
            let keys = Arc::clone(&keys);
            tokio::spawn(async move { knows(&keys, &format!("invented-{number}")).await })
        })
        .collect();
    let begun = Instant::now();
    while issuer.asked() == 0 {
        assert!(begun.elapsed() < DEADLINE);
        tokio::task::yield_now().await;
    }
    for one in waiting {
        assert!(!one.await.unwrap());
    }
    // They all ended with that one question, or with the next one, a second later.
    assert!(issuer.asked() <= 2, "{}", issuer.asked());
}

#[tokio::test]
async fn a_name_that_two_keys_have_names_none() {
    let (first, second) = (SigningKey::rs256("one", 0), SigningKey::rs256("one", 1));
    let curve = SigningKey::es256("one");
    let issuer = Issuer::start(Answering::Keys(vec![first.clone(), curve.clone(), first.clone()])).await;
    let (keys, clock) = keys_of(&issuer);
    assert!(keys.find(Some("one"), Algorithm::RS256).await.is_ok(), "the same one twice is one");
    assert!(keys.find(Some("one"), Algorithm::ES256).await.is_ok(), "and that of another kind another");
    assert_eq!(keys.find(Some("one"), Algorithm::PS256).await.err(), Some(NoKey::Kind), "it says RS256");
    assert_eq!(keys.find(Some("one"), Algorithm::EdDSA).await.err(), Some(NoKey::Kind));
    assert!(keys.find(None, Algorithm::RS256).await.is_ok(), "without a name, the only one that fits");
    issuer.answers(Answering::Keys(vec![first, second]));
    clock.advance(61);
    assert!(!knows(&keys, "two").await);
    for kid in [Some("one"), None] {
        assert_eq!(keys.find(kid, Algorithm::RS256).await.err(), Some(NoKey::Several));
    }
}
