//! Tests of the store; each runs on SQLite and on a real Postgres.

mod access_seals;
mod access_version;
mod accounts;
mod audit;
mod audit_entries;
mod audit_role;
mod audit_search;
mod concurrency;
mod devices;
mod invite_lines;
mod invites;
mod job_lines;
mod jobs;
mod lease;
mod opening;
mod people;
mod pictures;
mod pooled;
mod proxies;
mod reveals;
mod rules;
mod secrets;
mod seen;
mod sessions;

/// Creates two tests for each function that takes a `TestDb`.
macro_rules! on_both {
    ($($story:ident),+ $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $story() {
                    super::$story(crate::support::db::TestDb::sqlite().await).await;
                }
            )+
        }
        mod on_postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $story() {
                    super::$story(crate::support::db::TestDb::postgres().await).await;
                }
            )+
        }
    };
}
use on_both;
