//! The lease that decides which server is active. Two active servers would run the same accounts' clients twice and
//! overwrite each other's changes; so only one of them holds the lease, and every change checks that it still does.
//!
//! The table has one row. Its epoch grows each time the lease is taken or given back, so a server that finds another
//! epoch than its own knows that another server took over, however late it checks. The holder renews the row; if the row
//! stops changing, the holder is considered dead. Each server measures that time with its own clock: `expires` only
//! makes renewals distinct and informs people; clocks of two machines are never compared.

use std::sync::atomic::{AtomicI64, Ordering};

use tokio::sync::watch;

use super::conn::{execute, first};
use super::{Conn, Db, StoreError};
use crate::domain::Millis;

/// How long a row may stay unchanged before another server may take it: 15 seconds.
pub const LIFE_SECONDS: i64 = 15;

/// The row at one moment.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Lease {
    /// The server that holds it; empty if none does.
    pub holder: String,
    /// Grows each time the lease is taken or given back.
    pub epoch: i64,
    /// When it expires unless renewed, by the holder's clock.
    pub expires: Millis,
}

pub async fn get(conn: &mut Conn<'_>) -> Result<Lease, StoreError> {
    let row = first!(conn, Lease, "select holder, epoch, expires from lease where id = 1")?;
    row.ok_or_else(|| StoreError::Corrupt("the lease row is missing".into()))
}

/// Takes the lease if the row has not changed since `seen`. Returns the new epoch.
async fn take(
    conn: &mut Conn<'_>,
    seen: &Lease,
    holder: &str,
    now: Millis,
) -> Result<Option<i64>, StoreError> {
    let taken = first!(
        conn,
        (i64,),
        "update lease set holder = $1, epoch = epoch + 1, expires = $2
         where id = 1 and holder = $3 and epoch = $4 and expires = $5 returning epoch",
        holder,
        now.plus_seconds(LIFE_SECONDS),
        seen.holder.as_str(),
        seen.epoch,
        seen.expires
    )?;
    Ok(taken.map(|(epoch,)| epoch))
}

/// Changes the row, even if the clock was set back.
async fn renew(conn: &mut Conn<'_>, now: Millis) -> Result<(), StoreError> {
    execute!(
        conn,
        "update lease set expires = case when expires < $1 then $1 else expires + 1 end where id = 1",
        now.plus_seconds(LIFE_SECONDS)
    )?;
    Ok(())
}

/// This server's lease.
#[derive(Debug)]
pub(super) struct Held {
    /// The epoch that every change must find; [`NONE`] for tests and commands, which hold no lease.
    epoch: AtomicI64,
    /// Whether the lease was held and lost. This is final.
    lost: watch::Sender<bool>,
}

/// The epoch without a lease; the first holder has 1.
const NONE: i64 = 0;

impl Default for Held {
    fn default() -> Self {
        Self { epoch: AtomicI64::new(NONE), lost: watch::Sender::new(false) }
    }
}

impl Held {
    /// Refuses changes after the lease was lost or given back.
    pub(super) fn refuse_if_lost(&self) -> Result<(), StoreError> {
        if *self.lost.borrow() { Err(StoreError::LeaseLost) } else { Ok(()) }
    }

    /// Renews the lease at the end of a long change: a candidate may have waited for the write lock the whole time.
    pub(super) async fn touch(&self, conn: &mut Conn<'_>) -> Result<(), StoreError> {
        if self.epoch.load(Ordering::SeqCst) != NONE {
            renew(conn, Millis(0)).await?;
        }
        Ok(())
    }

    /// Refuses a change if another server took the lease. Changes are serialized and taking the lease is one, so the result
    /// stays valid until the end of the transaction.
    pub(super) async fn check(&self, conn: &mut Conn<'_>) -> Result<(), StoreError> {
        let ours = self.epoch.load(Ordering::SeqCst);
        if ours == NONE || get(conn).await?.epoch == ours {
            return Ok(());
        }
        self.lost.send_replace(true);
        Err(StoreError::LeaseLost)
    }
}

impl Db {
    /// Takes the lease if the row still equals `seen`; false if it changed meanwhile. From then on every change checks
    /// that it is still held.
    pub async fn take_lease(&self, seen: &Lease, holder: &str, now: Millis) -> Result<bool, StoreError> {
        let epoch = self.maintain(async |conn: &mut Conn<'_>| take(conn, seen, holder, now).await).await?;
        if let Some(epoch) = epoch {
            self.lease.epoch.store(epoch, Ordering::SeqCst);
        }
        Ok(epoch.is_some())
    }

    /// Shows other servers that the holder is alive.
    pub async fn renew_lease(&self, now: Millis) -> Result<(), StoreError> {
        self.maintain(async |conn: &mut Conn<'_>| renew(conn, now).await).await
    }

    /// Lets other servers take the lease at once. This is the last change: all later ones are refused.
    pub async fn give_lease_back(&self) -> Result<(), StoreError> {
        let given = self
            .maintain(async |conn: &mut Conn<'_>| {
                execute!(conn, "update lease set holder = '', epoch = epoch + 1 where id = 1").map(drop)
            })
            .await;
        self.lease.lost.send_replace(true);
        given
    }

    /// Whether another server took over the lease: to be checked before writing files outside the database. Queries the
    /// database; if that does not answer, the lease counts as held.
    pub async fn is_taken_over(&self) -> bool {
        let checked = async {
            self.lease.refuse_if_lost()?;
            self.lease.check(&mut self.read().await?).await
        };
        matches!(checked.await, Err(StoreError::LeaseLost))
    }

    /// Resolves once the lease was lost or given back.
    pub async fn lease_lost(&self) {
        let _ = self.lease.lost.subscribe().wait_for(|lost| *lost).await;
    }
}
