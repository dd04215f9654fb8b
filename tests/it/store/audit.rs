//! The audit log: entries are written with their changes, found again, and tampering is detected.

mod verifying;

use telescope::crypto::{Keys, MasterKey};
use telescope::domain::access::Principal;
use telescope::domain::audit::{AuditEntry, AuditEvent, Outcome};
use telescope::domain::{AccountId, DesiredState, Millis, Phone};
use telescope::store::audit::{self, ChainHead, Filter, Verified};
use telescope::store::{Conn, StoreError};

use crate::support::db::TestDb;

super::on_both!(
    entries_are_found_by_filter_and_page,
    an_intent_is_open_until_its_outcome,
    unsuccessful_attempts_are_counted_by_actor_and_kind,
    an_entry_and_its_change_are_committed_together,
    concurrent_entries_form_one_chain,
);

fn keys(name: &str) -> Keys {
    Keys::new(&master(name), None)
}

fn master(name: &str) -> MasterKey {
    MasterKey::parse(&format!("{name:_<12} and 20 more letters")).unwrap()
}

const ADA: Principal = Principal::System("ada");

fn added(at: i64) -> AuditEntry {
    AuditEntry::done(
        Millis(at),
        &ADA,
        AuditEvent::AccountAdded { phone: Phone::test(2, 1).into(), owner: None },
    )
}

async fn unsuccessful_attempts_are_counted_by_actor_and_kind(test: TestDb) {
    let bob = Principal::System("bob");
    let tried = async |actor: &Principal, at: i64, event: AuditEvent, outcome: Option<Outcome>| {
        let intent = AuditEntry::intent(Millis(at), actor, event);
        let seq = append(&test, &intent).await;
        if let Some(outcome) = outcome {
            append(&test, &intent.outcome(seq, Millis(at), outcome)).await;
        }
    };
    let input = || AuditEvent::InputSubmitted { input: telescope::domain::Input::Code };
    tried(&ADA, 10, input(), Some(Outcome::Failed)).await;
    tried(&ADA, 20, input(), Some(Outcome::Done)).await;
    // Only what was refused counts, and what may still be.
    tried(&ADA, 30, input(), Some(Outcome::Unknown)).await;
    tried(&ADA, 30, input(), Some(Outcome::NotSent)).await;
    tried(&ADA, 40, input(), None).await;
    tried(&ADA, 40, AuditEvent::CodeRequested, Some(Outcome::Failed)).await;
    tried(&bob, 40, input(), Some(Outcome::Failed)).await;
    let conn = &mut test.db.read().await.unwrap();
    for (actor, since, count) in [
        ("system:ada", 0, 2),
        ("system:ada", 11, 1),
        ("system:ada", 41, 0),
        ("system:bob", 0, 1),
        ("ada", 0, 0),
    ] {
        let counted =
            audit::count_unsuccessful(conn, actor, "login.input.provided", Millis(since)).await.unwrap();
        assert_eq!(counted, count, "{actor} {since}");
    }
}

async fn append(test: &TestDb, entry: &AuditEntry) -> i64 {
    append_with(test, &keys("one"), entry).await
}

async fn append_with(test: &TestDb, keys: &Keys, entry: &AuditEntry) -> i64 {
    test.db.maintain(async |conn: &mut Conn<'_>| audit::append(conn, keys, entry).await).await.unwrap()
}

async fn head(test: &TestDb) -> ChainHead {
    audit::head(&mut test.db.read().await.unwrap()).await.unwrap()
}

async fn verify(test: &TestDb, known: Option<&ChainHead>) -> Verified {
    audit::verify(&mut test.db.read().await.unwrap(), &keys("one"), known).await.unwrap()
}

async fn seqs(test: &TestDb, filter: Filter, limit: u32) -> Vec<i64> {
    let page = audit::page(&mut test.db.read().await.unwrap(), &filter, limit).await.unwrap();
    page.iter().map(|entry| entry.seq).collect()
}

/// Six entries: three kinds, two actors, one account.
async fn six(test: &TestDb) -> AccountId {
    let account = AccountId::generate();
    let bob = Principal::System("bob");
    let wanted = AuditEvent::DesiredStateSet { wanted: DesiredState::Disconnected };
    append(test, &AuditEntry::done(Millis(10), &ADA, AuditEvent::WebSignIn)).await;
    append(test, &added(20).about(account)).await;
    append(test, &AuditEntry::done(Millis(30), &bob, wanted).about(account).because("she left")).await;
    append(test, &AuditEntry::intent(Millis(40), &bob, AuditEvent::CodeRequested).about(account)).await;
    append(test, &added(50)).await;
    append(test, &AuditEntry::done(Millis(60), &ADA, AuditEvent::WebSignOut)).await;
    account
}

async fn entries_are_found_by_filter_and_page(test: TestDb) {
    assert!(seqs(&test, Filter::default(), 10).await.is_empty());
    let account = six(&test).await;
    let some = |text: &str| Some(text.to_owned());
    for (filter, expected) in [
        (Filter::default(), vec![6, 5, 4, 3, 2, 1]),
        (Filter { account: Some(account), ..Filter::default() }, vec![4, 3, 2]),
        (Filter { account: Some(AccountId::generate()), ..Filter::default() }, vec![]),
        (Filter { code: some("account.added"), ..Filter::default() }, vec![5, 2]),
        (Filter { actor: some("system:bob"), ..Filter::default() }, vec![4, 3]),
        (Filter { actor: some("system:b%"), ..Filter::default() }, vec![]),
        (Filter { outcome: Some(Outcome::Intent), ..Filter::default() }, vec![4]),
        (Filter { from: Some(Millis(20)), until: Some(Millis(40)), ..Filter::default() }, vec![3, 2]),
        (Filter { before: Some(3), ..Filter::default() }, vec![2, 1]),
        (Filter { account: Some(account), code: some("account.added"), ..Filter::default() }, vec![2]),
    ] {
        assert_eq!(seqs(&test, filter.clone(), 10).await, expected, "{filter:?}");
    }
    assert_eq!(seqs(&test, Filter::default(), 2).await, [6, 5]);
    assert_eq!(seqs(&test, Filter { before: Some(5), ..Filter::default() }, 2).await, [4, 3]);

    let mut conn = test.db.read().await.unwrap();
    let third = audit::get(&mut conn, 3).await.unwrap().unwrap();
    assert_eq!((third.at, third.code.as_str(), third.outcome), (Millis(30), "account.wanted", Outcome::Done));
    assert_eq!((third.actor.as_str(), third.account), ("system:bob", Some(account)));
    assert_eq!(third.reason.as_deref(), Some("she left"));
    assert_eq!(third.details.as_deref(), Some(r#"{"wanted":"disconnected"}"#));
    assert_eq!(audit::get(&mut conn, 7).await.unwrap(), None);
}

async fn an_intent_is_open_until_its_outcome(test: TestDb) {
    let intent = AuditEntry::intent(Millis(1), &ADA, AuditEvent::CodeRequested).about(AccountId::generate());
    let (first, second) = (append(&test, &intent).await, append(&test, &intent).await);
    let open = async || -> Vec<i64> {
        let open = audit::open_intents(&mut test.db.read().await.unwrap()).await.unwrap();
        open.iter().map(|entry| entry.seq).collect()
    };
    assert_eq!(open().await, [first, second]);
    append(&test, &intent.outcome(first, Millis(2), Outcome::Failed)).await;
    assert_eq!(open().await, [second]);
    append(&test, &intent.outcome(second, Millis(2), Outcome::Unknown)).await;
    assert!(open().await.is_empty());
}

async fn an_entry_and_its_change_are_committed_together(test: TestDb) {
    let failed = test
        .db
        .maintain(async |conn: &mut Conn<'_>| -> Result<(), StoreError> {
            audit::append(conn, &keys("one"), &added(1)).await?;
            Err(StoreError::Missing)
        })
        .await;
    assert!(failed.is_err());
    assert_eq!(head(&test).await.seq, 0);
    assert_eq!(append(&test, &added(2)).await, 1, "no number is skipped");

    test.tamper("alter table audit_log rename to audit_hidden").await;
    let unwritable = test
        .db
        .maintain(async |conn: &mut Conn<'_>| -> Result<(), StoreError> {
            telescope::store::meta::set(conn, "done", "yes").await?;
            audit::append(conn, &keys("one"), &added(3)).await.map(drop)
        })
        .await;
    assert!(unwritable.is_err());
    let done = telescope::store::meta::get(&mut test.db.read().await.unwrap(), "done").await.unwrap();
    assert_eq!(done, None, "nothing is changed if it can't be recorded");
}

async fn concurrent_entries_form_one_chain(test: TestDb) {
    let writers: Vec<_> = (0..40)
        .map(|at| {
            let db = test.db.clone();
            tokio::spawn(async move {
                let (keys, entry) = (keys("one"), added(at));
                db.maintain(async |conn: &mut Conn<'_>| audit::append(conn, &keys, &entry).await).await
            })
        })
        .collect();
    let mut numbers = Vec::new();
    for writer in writers {
        numbers.push(writer.await.unwrap().unwrap());
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=40).collect::<Vec<_>>());
    assert_eq!(verify(&test, None).await.faults, []);
}
