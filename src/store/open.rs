//! Opening: connect, make what is missing, bring the tables up to date.

use std::sync::Arc;

use sqlx::migrate::MigrateError;
use tokio::sync::{Mutex, watch};

use super::conn::Tx;
use super::{Conn, Db, Pools, StoreError, lease, postgres, sqlite};
use crate::config::Dsn;

impl Db {
    /// Connects, makes a missing file or database, and migrates. Errors are sentences for the operator.
    pub async fn open(dsn: &Dsn) -> Result<Self, StoreError> {
        let db = Self::connect(dsn).await?;
        db.migrate().await?;
        Ok(db)
    }

    /// Connects, and makes a missing file or database; what is in it stays as it is. A server begins so, because
    /// another one may be active and must not have its tables changed.
    pub async fn connect(dsn: &Dsn) -> Result<Self, StoreError> {
        let pools = match dsn {
            Dsn::Sqlite(file) => sqlite::open(file).await?,
            Dsn::Postgres(url) => postgres::open(url).await?,
        };
        Ok(Self {
            pools,
            turn: Arc::new(Mutex::new(())),
            away: Arc::new(watch::Sender::new(false)),
            heads: Arc::default(),
            lease: Arc::new(lease::Held::default()),
        })
    }

    /// Whether the tables were made already, by this or any earlier Telescope.
    pub async fn has_tables(&self) -> Result<bool, StoreError> {
        match &self.pools {
            Pools::Sqlite { read, .. } => sqlite::has_tables(read).await,
            Pools::Postgres { read, .. } => postgres::has_tables(read).await,
        }
    }

    /// Brings the tables up to date. All steps are one change: programs that start at once do not get into each
    /// other's way, and nobody sees half of it.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        self.change(async |conn: &mut Conn<'_>| {
            // Not `run`: the compiler can't see that its future may move between threads.
            let done = match &mut conn.tx {
                Tx::Sqlite(tx) => sqlite::MIGRATIONS.run_direct(None, &mut **tx, false).await,
                Tx::Postgres(tx) => postgres::MIGRATIONS.run_direct(None, &mut **tx, false).await,
            };
            done.map_err(explain)?;
            self.lease.touch(conn).await
        })
        .await
    }
}

/// A failed migration, in words.
fn explain(error: MigrateError) -> StoreError {
    StoreError::Open(match error {
        MigrateError::VersionMissing(version) => format!(
            "The database was used by a newer Telescope (its step {version} is not known here). Start that one."
        ),
        MigrateError::VersionMismatch(version) | MigrateError::Dirty(version) => format!(
            "The database's tables were made in another way than this Telescope makes them (step {version})."
        ),
        other => format!("The database's tables could not be brought up to date: {other}."),
    })
}
