//! The lease: one server at a time, and a server that lost it can't write any more.

use std::time::Duration;

use telescope::domain::Millis;
use telescope::store::lease::{self, Lease};
use telescope::store::{Conn, Db, StoreError, meta};
use tokio::sync::oneshot;

use crate::support::db::TestDb;
use crate::support::waiting::until;

super::on_both!(
    the_lease_is_taken_only_if_the_row_is_unchanged,
    every_renewal_changes_the_row_even_if_the_clock_goes_back,
    a_server_that_lost_the_lease_can_not_write,
    taking_the_lease_waits_for_a_running_change,
    a_lease_that_was_given_back_is_free,
    one_of_many_concurrent_candidates_gets_the_lease,
    migrating_renews_the_lease,
    tables_are_there_only_after_migrating,
    without_a_lease_changes_are_possible,
);

async fn seen(db: &Db) -> Lease {
    lease::get(&mut db.read().await.unwrap()).await.unwrap()
}

async fn write(db: &Db, value: &str) -> Result<(), StoreError> {
    db.maintain(async |conn: &mut Conn<'_>| meta::set(conn, "written", value).await).await
}

async fn written(db: &Db) -> Option<String> {
    meta::get(&mut db.read().await.unwrap(), "written").await.unwrap()
}

async fn another(test: &TestDb) -> Db {
    Db::open(&test.dsn).await.unwrap()
}

/// Takes the lease from its holder.
async fn take(db: &Db, holder: &str) {
    let row = seen(db).await;
    assert!(db.take_lease(&row, holder, Millis(0)).await.unwrap());
}

async fn the_lease_is_taken_only_if_the_row_is_unchanged(test: TestDb) {
    let (first, second) = (&test.db, another(&test).await);
    let free = seen(first).await;
    assert_eq!((free.holder.as_str(), free.epoch), ("", 0));
    assert!(first.take_lease(&free, "first", Millis(1000)).await.unwrap());
    assert!(!second.take_lease(&free, "second", Millis(1000)).await.unwrap(), "it changed meanwhile");
    let held = seen(&second).await;
    assert_eq!(held, Lease { holder: "first".into(), epoch: 1, expires: Millis(16_000) });

    first.renew_lease(Millis(2000)).await.unwrap();
    assert!(!second.take_lease(&held, "second", Millis(2000)).await.unwrap(), "it was renewed meanwhile");
    let renewed = seen(&second).await;
    assert!(second.take_lease(&renewed, "second", Millis(0)).await.unwrap());
    assert_eq!(seen(first).await, Lease { holder: "second".into(), epoch: 2, expires: Millis(15_000) });
}

async fn every_renewal_changes_the_row_even_if_the_clock_goes_back(test: TestDb) {
    take(&test.db, "first").await;
    let mut before = seen(&test.db).await.expires;
    for now in [50_000, 50_000, 10, 10] {
        test.db.renew_lease(Millis(now)).await.unwrap();
        let after = seen(&test.db).await.expires;
        assert!(after > before, "{after:?} after {before:?}");
        before = after;
    }
}

async fn a_server_that_lost_the_lease_can_not_write(test: TestDb) {
    let (first, second) = (&test.db, another(&test).await);
    take(first, "first").await;
    write(first, "by the first").await.unwrap();
    take(&second, "second").await;
    assert!(tokio::time::timeout(Duration::ZERO, first.lease_lost()).await.is_err(), "it can't know yet");
    assert!(first.is_taken_over().await, "unless it checks");
    assert!(!second.is_taken_over().await && !another(&test).await.is_taken_over().await);
    for _ in 0..2 {
        assert!(matches!(write(first, "too late").await, Err(StoreError::LeaseLost)));
    }
    first.lease_lost().await;
    assert!(matches!(first.renew_lease(Millis(0)).await, Err(StoreError::LeaseLost)));
    assert!(matches!(first.give_lease_back().await, Err(StoreError::LeaseLost)));
    assert_eq!(written(first).await.as_deref(), Some("by the first"), "it still reads");
    assert_eq!(seen(first).await.holder, "second");
    write(&second, "by the second").await.unwrap();
}

/// A change that has begun ends before the lease can be taken, so its check stays valid until the commit.
async fn taking_the_lease_waits_for_a_running_change(test: TestDb) {
    let (first, second) = (test.db.clone(), another(&test).await);
    take(&first, "first").await;
    let row = seen(&second).await;
    let (begun, has_begun) = oneshot::channel();
    let (go_on, may_go_on) = oneshot::channel::<()>();
    let writer = first.clone();
    let change = tokio::spawn(async move {
        let work = async |conn: &mut Conn<'_>| {
            let _ = begun.send(());
            let _ = may_go_on.await;
            meta::set(conn, "written", "in time").await
        };
        writer.maintain(work).await
    });
    has_begun.await.unwrap();
    let taker = second.clone();
    let mut taking = tokio::spawn(async move { taker.take_lease(&row, "second", Millis(0)).await });
    assert!(tokio::time::timeout(Duration::from_millis(200), &mut taking).await.is_err(), "it did not wait");
    go_on.send(()).unwrap();
    change.await.unwrap().unwrap();
    assert!(taking.await.unwrap().unwrap());
    assert_eq!(written(&second).await.as_deref(), Some("in time"));
    assert!(matches!(write(&first, "too late").await, Err(StoreError::LeaseLost)));
}

async fn a_lease_that_was_given_back_is_free(test: TestDb) {
    let (first, second) = (&test.db, another(&test).await);
    take(first, "first").await;
    let held = seen(first).await;
    first.give_lease_back().await.unwrap();
    assert!(matches!(write(first, "too late").await, Err(StoreError::LeaseLost)));
    assert_eq!(seen(&second).await.holder, "");
    assert!(!second.take_lease(&held, "second", Millis(0)).await.unwrap(), "the row has changed");
    take(&second, "second").await;
}

async fn one_of_many_concurrent_candidates_gets_the_lease(test: TestDb) {
    let row = seen(&test.db).await;
    let mut takings = Vec::new();
    for at in 0..8 {
        let (db, row) = (another(&test).await, row.clone());
        takings.push(tokio::spawn(async move {
            db.take_lease(&row, &format!("server {at}"), Millis(0)).await.unwrap()
        }));
    }
    let mut got = 0;
    for taking in takings {
        got += usize::from(taking.await.unwrap());
    }
    assert_eq!((got, seen(&test.db).await.epoch), (1, 1));
}

async fn migrating_renews_the_lease(test: TestDb) {
    let (first, second) = (&test.db, another(&test).await);
    take(first, "first").await;
    let before = seen(first).await;
    first.migrate().await.unwrap();
    assert_ne!(seen(first).await, before, "waiting candidates see that the holder is alive");
    take(&second, "second").await;
    assert!(matches!(first.migrate().await, Err(StoreError::LeaseLost)));
}

async fn tables_are_there_only_after_migrating(test: TestDb) {
    let dsn = test.empty();
    let db = Db::connect(&dsn).await.unwrap();
    assert!(!db.has_tables().await.unwrap());
    db.migrate().await.unwrap();
    assert!(db.has_tables().await.unwrap());
    take(&db, "first").await;
}

async fn without_a_lease_changes_are_possible(test: TestDb) {
    let server = another(&test).await;
    take(&server, "server").await;
    write(&test.db, "by a command").await.unwrap();
    write(&server, "by the server").await.unwrap();
    assert_eq!(written(&test.db).await.as_deref(), Some("by the server"));
}

/// A server is suspended in the middle of a change: Postgres ends the transaction after a while, the successor takes over
/// and writes, and the first server's change is refused when it continues.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_suspended_change_does_not_block_the_successor() {
    let test = TestDb::postgres().await;
    let (first, second) = (test.db.clone(), another(&test).await);
    take(&first, "first").await;
    let row = seen(&second).await;
    let (begun, has_begun) = oneshot::channel();
    let (go_on, may_go_on) = oneshot::channel::<()>();
    let still = first.clone();
    let change = tokio::spawn(async move {
        let work = async |conn: &mut Conn<'_>| {
            let _ = begun.send(());
            let _ = may_go_on.await;
            meta::set(conn, "written", "too late").await
        };
        still.maintain(work).await
    });
    has_begun.await.unwrap();
    let taken = until("the successor takes over", Duration::from_secs(120), async || {
        second.take_lease(&row, "second", Millis(0)).await.ok()
    });
    assert!(taken.await);
    write(&second, "by the second").await.unwrap();
    go_on.send(()).unwrap();
    assert!(change.await.unwrap().is_err());
    assert!(matches!(write(&first, "too late").await, Err(StoreError::LeaseLost)));
    assert_eq!(written(&second).await.as_deref(), Some("by the second"));
}
