//! The lease of the active server: waiting for it, renewing it and giving it back.
//!
//! A process that finds the lease free, or held by a dead process of the same machine, takes it at once; so a restart is
//! quick, even after `kill -9`. Otherwise a server on another machine, or one that hangs, may hold it. Then this process
//! waits, and takes over only when the row has not changed for the lease's life, measured by its own clock.
//!
//! A holder that can't renew because the database is unavailable continues: its pages are served from memory and its
//! accounts stay connected. It stops only when the row has another epoch.

use std::time::Duration;

use anyhow::Context as _;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior};

use crate::clock::Clock;
use crate::process::Identity;
use crate::store::lease::{self, LIFE_SECONDS, Lease};
use crate::store::{Db, StoreError};

/// How often a holder renews: two renewals may fail before another server can take over.
const RENEW: Duration = Duration::from_secs(5);
/// The pause before a failed renewal is retried.
const AGAIN: Duration = Duration::from_secs(1);
/// How often a candidate reads the row.
const LOOK: Duration = Duration::from_millis(500);
/// How often a candidate logs that it still waits.
const REMIND: Duration = Duration::from_secs(60);

/// The error of a server whose lease was taken over.
pub const TAKEN_OVER: &str = "another Telescope has taken over this database, because this one did not renew its \
    lease in time. Its accounts are closed here, and it has written nothing since";

/// The lease, held and renewed.
#[derive(Debug)]
pub struct Held {
    db: Db,
    keeper: JoinHandle<()>,
}

impl Held {
    /// Resolves if the task that renews the lease panics, but not if it ends because the lease is lost.
    pub async fn keeper_failed(&mut self) {
        if (&mut self.keeper).await.is_ok() {
            std::future::pending::<()>().await;
        }
    }

    /// Gives the lease back, as the server's last write. An error if another server has taken the lease.
    pub async fn give_back(self) -> anyhow::Result<()> {
        self.keeper.abort();
        match self.db.give_lease_back().await {
            Ok(()) => Ok(()),
            Err(StoreError::LeaseLost) => anyhow::bail!(TAKEN_OVER),
            Err(error) => {
                tracing::warn!(%error, "the lease could not be given back; the next start may have to wait for it");
                Ok(())
            }
        }
    }
}

/// Takes the lease if no other process has it, for a command, which does not wait.
pub async fn obtain_at_once(db: &Db, clock: &Clock) -> anyhow::Result<Option<Held>> {
    Ok(Candidate::new(db, clock).await?.try_take().await?)
}

/// Renews until the lease is lost.
async fn keep(db: Db, clock: Clock) {
    let mut ticks = tokio::time::interval(RENEW);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let mut failed = false;
        while let Err(error) = db.renew_lease(clock.now()).await {
            if matches!(error, StoreError::LeaseLost) {
                return;
            }
            if !std::mem::replace(&mut failed, true) {
                tracing::warn!(%error, "the lease could not be renewed; retrying");
            }
            tokio::time::sleep(AGAIN).await;
        }
    }
}

/// A process that wants the lease.
#[derive(Debug)]
pub struct Candidate {
    db: Db,
    clock: Clock,
    own: Identity,
    /// Its name as a holder.
    name: String,
    staleness: StalenessWatch,
    /// The last logged holder, and when it was logged.
    logged: Option<(String, Instant)>,
}

impl Candidate {
    /// Creates the tables if there are none: then no server was ever active on this database, and there is no lease row
    /// yet.
    pub async fn new(db: &Db, clock: &Clock) -> anyhow::Result<Self> {
        if !db.has_tables().await? {
            db.migrate().await?;
        }
        let own = Identity::own();
        let since = i128::from(clock.now().0) * 1_000_000;
        let since = OffsetDateTime::from_unix_timestamp_nanos(since).ok();
        let since = since.and_then(|since| since.replace_nanosecond(0).ok()?.format(&Rfc3339).ok());
        let name = format!("telescope {own} since={}", since.unwrap_or_default());
        let staleness = StalenessWatch::default();
        Ok(Self { db: db.clone(), clock: clock.clone(), own, name, staleness, logged: None })
    }

    /// Waits until the lease can be taken, and takes it. While the database is unavailable no holder can renew, so the
    /// watch starts again afterwards.
    pub async fn wait(&mut self) -> anyhow::Result<Held> {
        loop {
            tokio::time::sleep(LOOK).await;
            match self.try_take().await {
                Ok(Some(held)) => return Ok(held),
                Ok(None) => {}
                Err(error) if error.is_away() => {
                    tracing::warn!(%error, "the lease can't be read");
                    self.staleness = StalenessWatch::default();
                }
                Err(error) => return Err(error).context("the lease can't be taken"),
            }
        }
    }

    /// Takes the lease if that is possible now.
    pub async fn try_take(&mut self) -> Result<Option<Held>, StoreError> {
        let row = lease::get(&mut self.db.read().await?).await?;
        let waited = self.staleness.is_over(&row, Instant::now());
        let gone = Identity::parse(&row.holder).is_some_and(|holder| holder.is_gone(&self.own));
        if !(row.holder.is_empty() || gone || waited) {
            self.log_once(&row);
            return Ok(None);
        }
        if !self.db.take_lease(&row, &self.name, self.clock.now()).await? {
            return Ok(None);
        }
        if !row.holder.is_empty() {
            tracing::warn!(from = row.holder, gone, "took the lease of a server that does not renew it");
        }
        let keeper = tokio::spawn(keep(self.db.clone(), self.clock.clone()));
        Ok(Some(Held { db: self.db.clone(), keeper }))
    }

    fn log_once(&mut self, row: &Lease) {
        let now = Instant::now();
        let logged = self.logged.as_ref();
        if logged.is_some_and(|(whom, at)| *whom == row.holder && now.duration_since(*at) < REMIND) {
            return;
        }
        let (process, host) =
            Identity::parse(&row.holder).map_or_else(Default::default, |holder| (holder.pid, holder.host));
        let since = row.holder.rsplit_once("since=").map_or("", |(_, since)| since);
        tracing::warn!(
            process,
            host,
            since,
            "another Telescope is active on this database; this one waits until it stops"
        );
        self.logged = Some((row.holder.clone(), now));
    }
}

/// How long a row has been watched without a change.
#[derive(Debug, Default)]
struct StalenessWatch {
    seen: Option<(Lease, Instant)>,
    unchanged: Duration,
}

impl StalenessWatch {
    /// Records the present row; returns whether it has been unchanged for the lease's life. A long time between two reads
    /// counts only as a few intervals: if this process was suspended, the holder may have been, too.
    fn is_over(&mut self, row: &Lease, now: Instant) -> bool {
        self.unchanged = match &self.seen {
            Some((before, at)) if before == row => self.unchanged + now.duration_since(*at).min(LOOK * 4),
            _ => Duration::ZERO,
        };
        self.seen = Some((row.clone(), now));
        self.unchanged >= Duration::from_secs(LIFE_SECONDS.unsigned_abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Millis;

    fn row(expires: i64) -> Lease {
        Lease { holder: "other".into(), epoch: 1, expires: Millis(expires) }
    }

    /// How many reads it takes until the lease counts as stale, with this pause between them.
    fn reads(pause: Duration) -> u32 {
        let (mut staleness, mut now) = (StalenessWatch::default(), Instant::now());
        (1..)
            .find(|_| {
                now += pause;
                staleness.is_over(&row(1), now)
            })
            .unwrap()
    }

    #[test]
    fn a_lease_is_stale_when_unchanged_for_its_life() {
        assert_eq!(reads(Duration::from_millis(500)), 31);
        assert_eq!(reads(Duration::from_secs(1)), 16);
        assert_eq!(reads(Duration::from_secs(3600)), 9, "a long pause counts as a few intervals");
    }

    #[test]
    fn each_change_restarts_the_watch() {
        let (mut staleness, mut now) = (StalenessWatch::default(), Instant::now());
        for second in 0..100 {
            now += Duration::from_secs(1);
            assert!(!staleness.is_over(&row(second / 14), now), "{second}");
        }
    }
}
