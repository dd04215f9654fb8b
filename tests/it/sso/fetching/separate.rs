//! Providers that have a file for each key.

use std::sync::Arc;
use std::time::Instant;

use telescope::clock::Clock;
use telescope::config::{KeysAt, Outbound};
use telescope::sso::{Http, KeySet};

use super::super::issuer::{Answering, Issuer, SigningKey};
use super::knows;
use crate::support::waiting::DEADLINE;

fn each_of(issuer: &Issuer) -> (Arc<KeySet>, Clock) {
    let clock = Clock::manual(Clock::System.now());
    let below = format!("{}/", issuer.name()).parse().unwrap();
    (KeySet::new(KeysAt::Each(below), Http::new(false, &Outbound::default()), clock.clone()), clock)
}

#[tokio::test]
async fn keys_in_separate_files_are_fetched_once() {
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
    assert_eq!(issuer.asked(), 1, "an invalid key id is not requested");
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
