//! Which server is the active one. Two at once would both run the same accounts' clients, and each would write
//! what the other does not know of; so one of them holds the lease, and every change of a server checks that it
//! still does.
//!
//! The table has one row. Its epoch grows with each taking and giving back, so a server that finds another epoch than its own
//! knows that another took over, however much later it looks. A holder renews the row; a row that does not change is
//! a holder that does not live. How long that takes is measured by each server's own clock: `expires` is there
//! to differ with each renewal and to be read by people, and no two machines' clocks are ever compared.

use std::sync::atomic::{AtomicI64, Ordering};

use tokio::sync::watch;

use super::conn::{execute, first};
use super::{Conn, Db, StoreError};
use crate::domain::Millis;

/// How long a row may stay unchanged before another server may take it: 15 seconds.
pub const LIFE_SECONDS: i64 = 15;

/// The row as it was seen at some moment.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Lease {
    /// Names the server that holds it; empty if none does.
    pub holder: String,
    /// Grows with each taking and giving back.
    pub epoch: i64,
    /// Until when it holds without being renewed, by the holder's clock.
    pub expires: Millis,
}

/// The row as it is.
pub async fn get(conn: &mut Conn<'_>) -> Result<Lease, StoreError> {
    let row = first!(conn, Lease, "select holder, epoch, expires from lease where id = 1")?;
    row.ok_or_else(|| StoreError::Corrupt("there is no row that says which server is active".into()))
}

/// Takes the lease, if the row still is as it was seen; the new epoch.
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

/// Makes the row differ from what it was, also if the clock was set back.
async fn renew(conn: &mut Conn<'_>, now: Millis) -> Result<(), StoreError> {
    execute!(
        conn,
        "update lease set expires = case when expires < $1 then $1 else expires + 1 end where id = 1",
        now.plus_seconds(LIFE_SECONDS)
    )?;
    Ok(())
}

/// What an open database knows of its own lease.
#[derive(Debug)]
pub(super) struct Held {
    /// The epoch that every change has to find; none for tests and commands, which hold no lease.
    epoch: AtomicI64,
    /// Whether the lease was held and is no more. It does not come back.
    lost: watch::Sender<bool>,
}

/// The epoch of those who hold no lease; the first taking makes 1.
const NONE: i64 = 0;

impl Default for Held {
    fn default() -> Self {
        Self { epoch: AtomicI64::new(NONE), lost: watch::Sender::new(false) }
    }
}

impl Held {
    /// Refuses what comes after the lease was lost or given back.
    pub(super) fn refuse_if_lost(&self) -> Result<(), StoreError> {
        if *self.lost.borrow() { Err(StoreError::LeaseLost) } else { Ok(()) }
    }

    /// Lets the row differ from what others saw, who may have waited in line all the time that a long change took.
    pub(super) async fn touch(&self, conn: &mut Conn<'_>) -> Result<(), StoreError> {
        if self.epoch.load(Ordering::SeqCst) != NONE {
            renew(conn, Millis(0)).await?;
        }
        Ok(())
    }

    /// Refuses a change if another server took the lease. Changes are alone in writing and a taking is a change,
    /// so what is found here stays true until the transaction's end.
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
    /// Takes the lease if the row still is `seen`; false if it changed meanwhile. From then on every change
    /// checks that it is still held.
    pub async fn take_lease(&self, seen: &Lease, holder: &str, now: Millis) -> Result<bool, StoreError> {
        let epoch = self.maintain(async |conn: &mut Conn<'_>| take(conn, seen, holder, now).await).await?;
        if let Some(epoch) = epoch {
            self.lease.epoch.store(epoch, Ordering::SeqCst);
        }
        Ok(epoch.is_some())
    }

    /// Shows the others that the holder lives.
    pub async fn renew_lease(&self, now: Millis) -> Result<(), StoreError> {
        self.maintain(async |conn: &mut Conn<'_>| renew(conn, now).await).await
    }

    /// Lets others take the lease at once. The last change: whatever comes after is refused.
    pub async fn give_lease_back(&self) -> Result<(), StoreError> {
        let given = self
            .maintain(async |conn: &mut Conn<'_>| {
                execute!(conn, "update lease set holder = '', epoch = epoch + 1 where id = 1").map(drop)
            })
            .await;
        self.lease.lost.send_replace(true);
        given
    }

    /// Whether another server has the lease that was held here, for what is kept beside the database. Asks the
    /// database; if that does not answer, the lease counts as held.
    pub async fn is_taken_over(&self) -> bool {
        let checked = async {
            self.lease.refuse_if_lost()?;
            self.lease.check(&mut self.read().await?).await
        };
        matches!(checked.await, Err(StoreError::LeaseLost))
    }

    /// Resolves once the lease was held and is no more.
    pub async fn lease_lost(&self) {
        let _ = self.lease.lost.subscribe().wait_for(|lost| *lost).await;
    }
}
