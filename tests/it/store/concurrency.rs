//! Concurrent changes neither fail nor overlap, readers see a snapshot, and interrupted changes leave nothing behind.

use std::time::Duration;

use telescope::store::{Conn, StoreError, meta};
use tokio::sync::oneshot;

use crate::support::db::TestDb;

super::on_both!(
    two_hundred_changes_that_read_first_all_succeed,
    a_failed_change_leaves_nothing,
    a_cancelled_change_is_rolled_back_and_releases_the_lock,
    a_reader_sees_a_snapshot_and_can_not_write,
    a_second_process_waits_for_the_write_lock,
);

async fn count(conn: &mut Conn<'_>) -> Result<u32, StoreError> {
    Ok(meta::get(conn, "count").await?.map_or(0, |text| text.parse().unwrap()))
}

async fn add_one(conn: &mut Conn<'_>) -> Result<u32, StoreError> {
    let next = count(conn).await? + 1;
    tokio::task::yield_now().await;
    meta::set(conn, "count", &next.to_string()).await?;
    Ok(next)
}

async fn now(test: &TestDb) -> u32 {
    count(&mut test.db.read().await.unwrap()).await.unwrap()
}

/// Half of them by a second connection pool, as when a command runs beside the server.
async fn two_hundred_changes_that_read_first_all_succeed(test: TestDb) {
    let other = telescope::store::Db::open(&test.dsn).await.unwrap();
    let changes: Vec<_> = (0..200)
        .map(|at| {
            let db = if at % 2 == 0 { &test.db } else { &other }.clone();
            tokio::spawn(async move { db.maintain(async |conn: &mut Conn<'_>| add_one(conn).await).await })
        })
        .collect();
    let mut seen = Vec::new();
    for change in changes {
        seen.push(change.await.unwrap().unwrap());
    }
    seen.sort_unstable();
    assert_eq!(seen, (1..=200).collect::<Vec<_>>(), "no two changes read the same number");
    assert_eq!(now(&test).await, 200);
}

async fn a_failed_change_leaves_nothing(test: TestDb) {
    let failed: Result<(), anyhow_like::Error> = test
        .db
        .maintain(async |conn: &mut Conn<'_>| {
            add_one(conn).await?;
            Err(anyhow_like::Error("no".into()))
        })
        .await;
    assert_eq!(failed.unwrap_err().0, "no");
    assert_eq!(now(&test).await, 0);
}

/// An error type of a caller's own.
mod anyhow_like {
    #[derive(Debug)]
    pub struct Error(pub String);

    impl From<telescope::store::StoreError> for Error {
        fn from(error: telescope::store::StoreError) -> Self {
            Self(error.to_string())
        }
    }
}

async fn a_cancelled_change_is_rolled_back_and_releases_the_lock(test: TestDb) {
    let (wrote, has_written) = oneshot::channel();
    let db = test.db.clone();
    let given_up = tokio::spawn(async move {
        db.maintain(async |conn: &mut Conn<'_>| {
            add_one(conn).await?;
            let _ = wrote.send(());
            std::future::pending::<Result<(), StoreError>>().await
        })
        .await
    });
    has_written.await.unwrap();
    given_up.abort();
    assert!(given_up.await.unwrap_err().is_cancelled());
    let next = test.db.maintain(async |conn: &mut Conn<'_>| add_one(conn).await).await;
    assert_eq!(next.unwrap(), 1);
}

async fn a_reader_sees_a_snapshot_and_can_not_write(test: TestDb) {
    let mut reader = test.db.read().await.unwrap();
    assert_eq!(count(&mut reader).await.unwrap(), 0);
    test.db.maintain(async |conn: &mut Conn<'_>| add_one(conn).await).await.unwrap();
    assert_eq!(count(&mut reader).await.unwrap(), 0, "the same moment as before");
    assert!(meta::set(&mut reader, "count", "7").await.is_err(), "a reader writes");
    drop(reader);
    assert_eq!(now(&test).await, 1);
}

async fn a_second_process_waits_for_the_write_lock(test: TestDb) {
    let other = telescope::store::Db::open(&test.dsn).await.unwrap();
    let (wrote, has_written) = oneshot::channel();
    let (go_on, may_go_on) = oneshot::channel::<()>();
    let db = test.db.clone();
    let first = tokio::spawn(async move {
        db.maintain(async |conn: &mut Conn<'_>| {
            let _ = wrote.send(());
            let _ = may_go_on.await;
            add_one(conn).await
        })
        .await
    });
    has_written.await.unwrap();
    let second =
        tokio::spawn(async move { other.maintain(async |conn: &mut Conn<'_>| add_one(conn).await).await });
    let mut second = std::pin::pin!(second);
    assert!(tokio::time::timeout(Duration::from_millis(100), &mut second).await.is_err(), "it did not wait");
    go_on.send(()).unwrap();
    assert_eq!(first.await.unwrap().unwrap(), 1);
    assert_eq!(second.await.unwrap().unwrap(), 2);
}
