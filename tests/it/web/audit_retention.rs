//! Details of old audit entries are removed, and the chain still verifies.

use std::sync::Arc;

use telescope::clock::Clock;
use telescope::crypto::{Keys, MasterKey};
use telescope::domain::access::Principal;
use telescope::domain::audit::{AuditEntry, AuditEvent, Outcome};
use telescope::domain::{DesiredState, Millis};
use telescope::ops::Context;
use telescope::ops::audit::{queue, rekey, retention};
use telescope::store::audit::{self, Entry, Filter};

use super::app::{ADMIN, TestApp};
use crate::support::waiting::{DEADLINE, until};

/// The first start with a new master key and the former one seals the chain of the former key.
#[tokio::test]
async fn a_new_key_seals_the_chain_of_the_former_key() {
    let former = "former______ and 20 more letters";
    let test = TestApp::with(&[("TWO_FACTOR_ENCRYPTION_KEY", former)]).await;
    test.signed_in(ADMIN).await;
    let new = MasterKey::parse("new_________ and 20 more letters").unwrap();
    let both = Keys::new(&new, Some(&MasterKey::parse(former).unwrap()));
    let context = Context { keys: Arc::new(both), ..test.app.context.clone() };
    for _ in 0..2 {
        rekey::entries_of_former_key(&context).await.unwrap();
    }
    assert_eq!(entries(&test, Some("audit.sealed")).await.len(), 1);
    let conn = &mut test.app.db.read().await.unwrap();
    let found = audit::verify(conn, &Keys::new(&new, None), None).await.unwrap();
    assert!(found.under_other_keys > 0 && found.faults.is_empty(), "{found:?}");
}

const DAY: i64 = 24 * 60 * 60;

async fn entries(test: &TestApp, code: Option<&str>) -> Vec<Entry> {
    queue::flush(&test.app).await.unwrap();
    let filter = Filter { code: code.map(str::to_owned), ..Filter::default() };
    audit::page(&mut test.app.db.read().await.unwrap(), &filter, 10_000).await.unwrap()
}

/// The number of entries with removed details; the chain has to verify.
async fn verified(test: &TestApp) -> u64 {
    let found = audit::verify(&mut test.app.db.read().await.unwrap(), &test.app.keys, None).await.unwrap();
    assert_eq!(found.faults, []);
    found.blanked
}

async fn with_days(days: &str) -> TestApp {
    TestApp::with_clock(&[("AUDIT_DETAILS_DAYS", days)], Clock::manual(Clock::System.now())).await
}

#[tokio::test]
async fn old_details_are_removed_and_the_chain_verifies() {
    let test = with_days("30").await;
    let account = test.account(7, None).await;
    let old = test.app.clock.now().plus_seconds(-31 * DAY);
    for at in 0..600 {
        let event = AuditEvent::DesiredStateSet { wanted: DesiredState::Connected };
        test.app.audit_queue.put(AuditEntry::done(Millis(old.0 + at), &Principal::Cli, event).about(account));
    }
    queue::flush(&test.app).await.unwrap();
    let root = test.signed_in(ADMIN).await;
    root.post(&format!("/accounts/{account}/disconnect"), &[]).await;
    assert_eq!(verified(&test).await, 0);
    let task = tokio::spawn(retention::run(Arc::clone(&test.app)));
    let said = until("the number is logged", DEADLINE, async || {
        entries(&test, Some("audit.blanked")).await.into_iter().find(|entry| entry.outcome == Outcome::Done)
    })
    .await;
    task.abort();
    assert_eq!(verified(&test).await, 600);
    let details = said.details.clone().unwrap();
    assert!(
        details.starts_with("{\"entries\":600,\"before\":\"20") && details.ends_with("T00:00:00.000Z\"}"),
        "{details}"
    );
    assert_eq!(said.actor, "system:retention");
    let intent = entries(&test, Some("audit.blanked")).await.pop().unwrap();
    assert_eq!(
        (intent.outcome, said.intent),
        (Outcome::Intent, Some(intent.seq)),
        "the intent was logged before"
    );
    let wanted = entries(&test, Some("account.wanted")).await;
    assert!(wanted[0].details.is_some(), "recent details stay");
    assert!(wanted[1..].iter().all(|entry| entry.is_blanked() && entry.actor == "command line"));
    let page = root.get("/audit?code=account.wanted").await;
    assert!(page.body.contains("Details removed."));
}

#[tokio::test]
async fn without_a_limit_details_are_kept() {
    let test = with_days("0").await;
    let account = test.account(7, None).await;
    let root = test.signed_in(ADMIN).await;
    root.post(&format!("/accounts/{account}/connect"), &[]).await;
    let ended = tokio::time::timeout(DEADLINE, retention::run(Arc::clone(&test.app)));
    ended.await.expect("nothing is ever done");
    assert_eq!(verified(&test).await, 0);
}

#[tokio::test]
async fn nothing_is_logged_if_nothing_is_removed() {
    let test = with_days("0").await;
    let root = test.signed_in(ADMIN).await;
    root.post("/sign-out", &[]).await;
    let before = entries(&test, None).await.len();
    let context = &test.app.context;
    assert_eq!(retention::blank(context, &Principal::Cli, Millis(0)).await.unwrap(), 0);
    assert_eq!(entries(&test, None).await.len(), before);
    test.app.clock.advance(1);
    let now = test.app.clock.now();
    assert_eq!(retention::blank(context, &Principal::Cli, now).await.unwrap(), 1);
    let intents = entries(&test, Some("audit.blanked")).await;
    assert_eq!((intents.len(), verified(&test).await), (2, 1), "the entries of the removal itself are kept");
}
