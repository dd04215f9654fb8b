//! Opening: connect, make what is missing, bring the tables up to date.

use std::sync::Arc;

use sqlx::migrate::MigrateError;
use tokio::sync::{Mutex, watch};

use super::conn::{Driver, all};
use crate::config::Dsn;
use crate::store::error::is_pooled;
use crate::store::pool::{postgres, sqlite};
use crate::store::{Conn, Db, Pools, StoreError, lease};

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
            write_lock: Arc::new(Mutex::new(())),
            away: Arc::new(watch::Sender::new(false)),
            heads: Arc::default(),
            lease: Arc::new(lease::Held::default()),
            keys: Arc::default(),
            upgraded: Arc::default(),
        })
    }

    /// Whether the tables were made already, by this or any earlier Telescope.
    pub async fn has_tables(&self) -> Result<bool, StoreError> {
        match &self.pools {
            Pools::Sqlite { read, .. } => sqlite::has_tables(read).await,
            Pools::Postgres { read, .. } => postgres::has_tables(read).await,
        }
    }

    /// Whether the audit log could be changed through this connection. Postgres knows roles that can only add to it.
    pub async fn can_change_audit_log(&self) -> Result<bool, StoreError> {
        match &self.pools {
            Pools::Sqlite { .. } => Ok(true),
            Pools::Postgres { read, .. } => postgres::can_change_audit_log(read).await,
        }
    }

    /// Brings the tables up to date. All steps are one change: programs that start at once do not get into each
    /// other's way, and no one sees half of it. Where there is nothing to do nothing is tried: the role may be one that
    /// can't make tables.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let there = self.has_tables().await?;
        if let (false, Pools::Postgres { read, .. }) = (there, &self.pools) {
            postgres::ensure_may_make_tables(read).await?;
        }
        self.maintain(async |conn: &mut Conn<'_>| {
            if !(there && is_current(conn).await?) {
                // Not `run`: the compiler can't see that its future may move between threads.
                let done = match &mut conn.tx {
                    Driver::Sqlite(tx) => sqlite::MIGRATIONS.run_direct(None, &mut **tx, false).await,
                    Driver::Postgres(tx) => postgres::MIGRATIONS.run_direct(None, &mut **tx, false).await,
                };
                done.map_err(explain)?;
            }
            self.lease.touch(conn).await
        })
        .await
    }
}

/// Whether exactly the steps of this Telescope were taken.
async fn is_current(conn: &mut Conn<'_>) -> Result<bool, StoreError> {
    let steps = match &conn.tx {
        Driver::Sqlite(_) => &sqlite::MIGRATIONS,
        Driver::Postgres(_) => &postgres::MIGRATIONS,
    };
    let taken = all!(
        conn,
        (i64, Vec<u8>, bool),
        "select version, checksum, success from _sqlx_migrations order by version"
    )?;
    let ours = steps.iter().map(|step| (step.version, &*step.checksum, true));
    Ok(taken.iter().map(|(version, checksum, success)| (*version, checksum.as_slice(), *success)).eq(ours))
}

/// The database's word for what a role may not do.
const DENIED: &str = "42501";

/// Whether a migration failed because this role may not change tables.
fn is_denied(error: &MigrateError) -> bool {
    let (MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) = error else {
        return false;
    };
    error.as_database_error().and_then(|said| said.code()).as_deref() == Some(DENIED)
}

/// A failed migration, in words.
fn explain(error: MigrateError) -> StoreError {
    let error = match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) if is_pooled(&error) => {
            return StoreError::Pooled;
        }
        error => error,
    };
    if is_denied(&error) {
        return StoreError::Open(
            "The database's tables are not those of this Telescope, and the role in DB_DSN may not change them. Run \
             `telescope migrate` with the DB_DSN of their owner."
                .into(),
        );
    }
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
