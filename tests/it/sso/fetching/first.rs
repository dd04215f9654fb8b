//! The first request for keys.

use std::sync::Arc;
use std::time::{Duration, Instant};

use telescope::clock::Clock;

use super::super::issuer::{Answering, Issuer};
use super::{keys_at, knows, one};
use crate::support::waiting::DEADLINE;

#[tokio::test]
async fn fetching_the_first_keys_is_retried_within_seconds() {
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
    assert!(!knows(&keys, "invented").await && issuer.asked() == 7, "from now on at most once a minute");
}

#[tokio::test]
async fn keys_are_fetched_before_the_first_sign_in() {
    let issuer = Issuer::start(Answering::InTurn(2, vec![one()])).await;
    let keys = keys_at(&issuer.certs(), Clock::System);
    let begun = Instant::now();
    keys.prepare();
    while !keys.has_any() {
        assert!(begun.elapsed() < DEADLINE, "the third request was answered");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(begun.elapsed() >= Duration::from_secs(3), "retried after one second, then after two");
    assert_eq!(issuer.asked(), 3);
    assert!(knows(&keys, "one").await && issuer.asked() == 3);
}

#[tokio::test]
async fn concurrent_callers_share_the_first_request() {
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
    // They all ended with that request, or with the next one, a second later.
    assert!(issuer.asked() <= 2, "{}", issuer.asked());
}
