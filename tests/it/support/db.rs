//! A fresh database of either kind for each test.

use std::sync::atomic::{AtomicU32, Ordering};

use telescope::config::Dsn;
use telescope::store::Db;

use super::{postgres, sqlite};

/// An open database of one test. A SQLite file is deleted when it is dropped.
pub struct TestDb {
    pub db: Db,
    /// Its address, to open it again.
    pub dsn: Dsn,
    folder: Option<tempfile::TempDir>,
}

impl TestDb {
    /// Creates a SQLite file.
    pub async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dsn = Dsn::Sqlite(folder.path().join("inner/telescope.db"));
        Self { db: Db::open(&dsn).await.unwrap(), dsn, folder: Some(folder) }
    }

    /// Creates a database on the tests' Postgres.
    pub async fn postgres() -> Self {
        let dsn = Dsn::parse(&postgres::cluster().dsn("postgres", &new_name())).unwrap();
        Self { db: Db::open(&dsn).await.unwrap(), dsn, folder: None }
    }

    /// The address of another database of the same kind, which does not exist yet.
    pub fn empty(&self) -> Dsn {
        match &self.dsn {
            Dsn::Sqlite(file) => Dsn::Sqlite(file.with_file_name("fresh.db")),
            Dsn::Postgres(_) => Dsn::parse(&postgres::cluster().dsn("postgres", &new_name())).unwrap(),
        }
    }

    /// SQLite's file.
    pub fn file(&self) -> Option<std::path::PathBuf> {
        Some(self.folder.as_ref()?.path().join("inner/telescope.db"))
    }

    /// Runs SQL directly on the database, without the store.
    pub async fn tamper(&self, sql: &str) {
        match &self.dsn {
            Dsn::Sqlite(file) => sqlite::tamper(file, sql).await,
            Dsn::Postgres(url) => {
                let pool = sqlx::PgPool::connect(url.expose()).await.unwrap();
                sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&pool).await.unwrap();
                pool.close().await;
            }
        }
    }
}

/// A unique database name, with a quote in it, since names may contain one.
fn new_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("story\"{}", NEXT.fetch_add(1, Ordering::Relaxed))
}
