//! A change and its audit entry, in one transaction.
//!
//! [`Db::write`] requires the proof that [`Tx::record`] returns, so a change without an audit entry does not compile:
//!
//! ```
//! # use telescope::{crypto::Keys, domain::{Account, audit::AuditEntry}, store::{self, Db, StoreError}};
//! async fn add(db: &Db, keys: &Keys, account: &Account, entry: &AuditEntry) -> Result<(), StoreError> {
//!     db.write(keys, async |tx| {
//!         store::accounts::insert(tx, account).await?;
//!         Ok(tx.record(entry).await?.with(()))
//!     })
//!     .await
//! }
//! ```
//!
//! ```compile_fail
//! # use telescope::{crypto::Keys, domain::{Account, audit::AuditEntry}, store::{self, Db, StoreError}};
//! async fn add(db: &Db, keys: &Keys, account: &Account, entry: &AuditEntry) -> Result<(), StoreError> {
//!     db.write(keys, async |tx| {
//!         store::accounts::insert(tx, account).await?;
//!         Ok(())
//!     })
//!     .await
//! }
//! ```
//!
//! The proof can't be forged:
//!
//! ```compile_fail
//! # use telescope::store::tx::Written;
//! let written: Written<()> = Written(telescope::store::tx::Effect::Recorded(()));
//! ```

use std::ops::{Deref, DerefMut};

use super::{Conn, Db, StoreError, audit};
use crate::crypto::Keys;
use crate::domain::audit::AuditEntry;

/// A transaction that makes a change and records it. It derefs to the connection that store functions take.
#[derive(Debug)]
pub struct Tx<'a> {
    conn: Conn<'static>,
    keys: &'a Keys,
}

/// The proof that an entry was written.
#[derive(Debug)]
#[must_use]
pub struct Recorded(i64);

/// The result of a change.
#[derive(Debug)]
#[must_use]
pub struct Written<T>(Effect<T>);

#[derive(Debug)]
enum Effect<T> {
    Recorded(T),
    Unchanged(T),
}

impl Tx<'_> {
    /// Writes an entry. Call it last.
    pub async fn record(&mut self, entry: &AuditEntry) -> Result<Recorded, StoreError> {
        audit::append(&mut self.conn, self.keys, entry).await.map(Recorded)
    }
}

impl Recorded {
    /// The number of the entry.
    pub fn seq(&self) -> i64 {
        self.0
    }

    /// The change is committed, and this is its result.
    pub fn with<T>(self, value: T) -> Written<T> {
        Written(Effect::Recorded(value))
    }
}

impl<T> Written<T> {
    /// There was nothing to change. The transaction is rolled back.
    pub fn unchanged(value: T) -> Self {
        Self(Effect::Unchanged(value))
    }

    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Written<U> {
        Written(match self.0 {
            Effect::Recorded(value) => Effect::Recorded(change(value)),
            Effect::Unchanged(value) => Effect::Unchanged(change(value)),
        })
    }

    /// The result of a change that may have recorded something.
    pub fn of(recorded: Option<Recorded>, value: T) -> Self {
        match recorded {
            Some(recorded) => recorded.with(value),
            None => Self::unchanged(value),
        }
    }
}

impl Deref for Tx<'_> {
    type Target = Conn<'static>;

    fn deref(&self) -> &Self::Target {
        &self.conn
    }
}

impl DerefMut for Tx<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.conn
    }
}

impl Db {
    /// Runs `work` in its own transaction, which is committed with an audit entry or not at all.
    pub async fn write<T, E, W>(&self, keys: &Keys, work: W) -> Result<T, E>
    where
        W: AsyncFnOnce(&mut Tx<'_>) -> Result<Written<T>, E>,
        E: From<StoreError>,
    {
        let (_lock, conn) = self.begin_change().await?;
        let mut tx = Tx { conn, keys };
        match work(&mut tx).await {
            Ok(Written(Effect::Recorded(value))) => {
                self.commit(tx.conn).await?;
                Ok(value)
            }
            Ok(Written(Effect::Unchanged(value))) => {
                tx.conn.rollback().await;
                Ok(value)
            }
            Err(error) => {
                tx.conn.rollback().await;
                Err(error)
            }
        }
    }

    /// Runs `work` as [`write`](Self::write) would, and rolls it back.
    pub async fn dry_run<T, E, W>(&self, keys: &Keys, work: W) -> Result<T, E>
    where
        W: AsyncFnOnce(&mut Tx<'_>) -> Result<T, E>,
        E: From<StoreError>,
    {
        let (_lock, conn) = self.begin_change().await?;
        let mut tx = Tx { conn, keys };
        let done = work(&mut tx).await;
        tx.conn.rollback().await;
        done
    }
}
