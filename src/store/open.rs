//! Opening: connect, make what is missing, bring the tables up to date.

use std::sync::Arc;

use sqlx::migrate::MigrateError;
use tokio::sync::{Mutex, watch};

use super::{Db, StoreError, postgres, sqlite};
use crate::config::Dsn;

impl Db {
    /// Connects, makes a missing file or database, and migrates. Errors are sentences for the operator.
    pub async fn open(dsn: &Dsn) -> Result<Self, StoreError> {
        let pools = match dsn {
            Dsn::Sqlite(file) => sqlite::open(file).await?,
            Dsn::Postgres(url) => postgres::open(url).await?,
        };
        Ok(Self {
            pools,
            turn: Arc::new(Mutex::new(())),
            away: Arc::new(watch::Sender::new(false)),
            heads: Arc::default(),
        })
    }
}

/// A failed migration, in words.
pub(super) fn explain(error: MigrateError) -> StoreError {
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
