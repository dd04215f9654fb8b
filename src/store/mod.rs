//! All SQL. Each noun has a file; each function takes a [`Conn`].
//!
//! Every statement is written once for both databases. The macros of [`conn`](self) run it on the one that is open, and
//! the tests cover both. So only SQL that both databases understand is allowed here, and times, ids and random values
//! come from the program.
//!
//! Reads and changes are separate: [`Db::read`] returns a read-only snapshot; [`Db::write`] runs a transaction that is
//! the only writer, on both databases, and must record an audit entry. So what a change has read stays valid until its
//! end, and it is committed as a whole or not at all. A server's changes also check that it still holds the [`lease`].

mod access_proof;
mod conn;
mod error;
mod open;
pub mod pool;
mod sealed_lines;

pub mod access_seals;
pub mod access_version;
pub mod account_devices;
pub mod account_pictures;
pub mod account_states;
pub mod accounts;
pub mod audit;
pub mod groups;
pub mod identities;
pub mod invite_lines;
pub mod invites;
pub mod job_lines;
pub mod jobs;
pub mod key_check;
pub mod lease;
pub mod login_attempts;
pub mod meta;
pub mod proxies;
pub mod reveal_requests;
pub mod roles;
pub mod rules;
pub mod secrets;
pub mod tx;
pub mod users;
pub mod web_sessions;

pub use conn::{Conn, Unreadable};
pub use error::{StoreError, unique};
pub use tx::{Recorded, Tx, Written};
pub use web_sessions::WebSessions;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use sqlx::{PgPool, SqlitePool};
use tokio::sync::{Mutex, MutexGuard, watch};

use crate::crypto::Keys;
use crate::domain::access::PolicyVersion;

/// How long a change waits for the write lock.
const WRITE_LOCK: Duration = Duration::from_secs(10);
/// How long to wait for a connection; short, so that pages soon show that the database is unavailable.
const ACQUIRE: Duration = Duration::from_secs(2);

/// The open database; cheap to clone.
#[derive(Clone, Debug)]
pub struct Db {
    pools: Pools,
    write_lock: Arc<Mutex<()>>,
    /// Whether the database is known to be unavailable: then nothing waits for it, and current waits fail.
    away: Arc<watch::Sender<bool>>,
    /// The last committed end of the audit log; none before this process committed one.
    heads: Arc<watch::Sender<Option<audit::ChainHead>>>,
    /// The lease that a server must hold to make changes.
    lease: Arc<lease::Held>,
    /// What proves the rows that give access; none if the database was opened without keys.
    keys: Arc<OnceLock<Arc<Keys>>>,
    /// Whether this start has found the database of a version before there were proofs.
    upgraded: Arc<AtomicBool>,
}

/// One connection that writes, several that read.
#[derive(Clone, Debug)]
pub(crate) enum Pools {
    Sqlite { write: SqlitePool, read: SqlitePool },
    Postgres { write: PgPool, read: PgPool },
}

impl Db {
    /// A read-only snapshot of the database.
    pub async fn read(&self) -> Result<Conn<'static>, StoreError> {
        let mut conn = self.unless_away(self.begin_read()).await?;
        conn.keys = self.keys.get().cloned();
        Ok(conn)
    }

    /// Proves what gives access with these keys from now on, and lets nothing count that they don't prove.
    pub fn use_keys(&self, keys: &Arc<Keys>) {
        let _ = self.keys.set(Arc::clone(keys));
    }

    /// Whether this start has found the database of a version before there were proofs.
    pub(crate) fn was_upgraded(&self) -> bool {
        self.upgraded.load(Ordering::Relaxed)
    }

    pub(crate) fn keys(&self) -> Option<&Arc<Keys>> {
        self.keys.get()
    }

    async fn begin_read(&self) -> Result<Conn<'static>, StoreError> {
        match &self.pools {
            Pools::Sqlite { read, .. } => pool::sqlite::begin_read(read).await,
            Pools::Postgres { read, .. } => pool::postgres::begin_read(read).await,
        }
    }

    /// Runs `work` in its own transaction, for changes without an audit entry: internal bookkeeping, whose callers are
    /// listed in a test. Everything else goes through [`Db::write`].
    ///
    /// It is committed if `work` succeeds, and rolled back otherwise, also if the future is dropped. Changes run one after
    /// the other; a change nested in a change waits for itself and fails with [`StoreError::Busy`]. If another server has
    /// taken over this server's lease, it fails with [`StoreError::LeaseLost`].
    pub async fn maintain<T, E, W>(&self, work: W) -> Result<T, E>
    where
        W: AsyncFnOnce(&mut Conn<'_>) -> Result<T, E>,
        E: From<StoreError>,
    {
        let (_lock, mut conn) = self.begin_change().await?;
        match work(&mut conn).await {
            Ok(done) => {
                self.commit(conn).await?;
                Ok(done)
            }
            Err(error) => {
                conn.rollback().await;
                Err(error)
            }
        }
    }

    /// Waits for earlier changes, and checks that the lease is still held.
    async fn begin_change(&self) -> Result<(MutexGuard<'_, ()>, Conn<'static>), StoreError> {
        self.lease.refuse_if_lost()?;
        let begin = async {
            let write_lock = tokio::time::timeout(WRITE_LOCK, self.write_lock.lock())
                .await
                .map_err(|_| StoreError::Busy)?;
            let conn = match &self.pools {
                Pools::Sqlite { write, .. } => pool::sqlite::begin_change(write).await?,
                Pools::Postgres { write, .. } => pool::postgres::begin_change(write).await?,
            };
            Ok((write_lock, conn))
        };
        let (write_lock, mut conn) = self.unless_away(begin).await?;
        if let Err(error) = self.lease.check(&mut conn).await {
            conn.rollback().await;
            return Err(error);
        }
        conn.keys = self.keys.get().cloned();
        access_version::begin(&mut conn).await?;
        Ok((write_lock, conn))
    }

    async fn commit(&self, mut conn: Conn<'_>) -> Result<(), StoreError> {
        access_version::seal(&mut conn).await?;
        if let Some(head) = conn.commit().await? {
            self.heads.send_replace(Some(head));
        }
        Ok(())
    }

    /// Watches the end of the audit log, as committed.
    pub fn audit_heads(&self) -> watch::Receiver<Option<audit::ChainHead>> {
        self.heads.subscribe()
    }

    /// Checks that the database answers, and returns the policy version, see [`rules`]. Also queries the database while it
    /// is known to be unavailable.
    pub async fn ping(&self) -> Result<PolicyVersion, StoreError> {
        rules::version(&mut self.begin_read().await?).await
    }

    /// Sets whether the database is unavailable. Until it is back, new transactions and those waiting to begin fail at
    /// once, so that a page does not wait for a hanging database, first for the lock and then for a connection. Returns
    /// whether the value changed.
    pub fn set_away(&self, away: bool) -> bool {
        self.away.send_replace(away) != away
    }

    pub fn is_away(&self) -> bool {
        *self.away.borrow()
    }

    async fn unless_away<T>(
        &self,
        begin: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let mut away = self.away.subscribe();
        let is_away = async {
            let _ = away.wait_for(|away| *away).await;
        };
        tokio::select! {
            biased;
            () = is_away => Err(StoreError::Away(sqlx::Error::PoolTimedOut)),
            begun = begin => begun,
        }
    }

    /// Closes every connection, waiting for those in use.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { write, read } => {
                read.close().await;
                write.close().await;
            }
            Pools::Postgres { write, read } => {
                read.close().await;
                write.close().await;
            }
        }
    }
}
