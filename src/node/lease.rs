//! Being the active server: waiting until no other one is, showing that this one lives, and giving the lease back.
//!
//! Who finds the lease free, or held by a process of this machine that is gone, takes it at once; so a restart is
//! quick also after `kill -9`. Otherwise it may be held by a server elsewhere, or by one that stands still. Then
//! this one waits, and takes over only when the row has not changed for the
//! lease's life, by its own clock.
//!
//! A holder that can't renew, because the database is away for everybody, goes on: its pages run from memory and
//! its accounts stay connected. Only a row that names another epoch ends it.

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

/// How often a holder renews: two renewals may fail before another may take over.
const RENEW: Duration = Duration::from_secs(5);
/// How soon a renewal that failed is tried again.
const AGAIN: Duration = Duration::from_secs(1);
/// How often a waiting server looks.
const LOOK: Duration = Duration::from_millis(500);
/// How often it says again in its log that it waits.
const REMIND: Duration = Duration::from_secs(60);

/// What is said by a server that was taken over from.
pub const TAKEN_OVER: &str = "another Telescope has taken over this database, because this one did not renew its \
    lease in time. Its accounts are closed here, and it has written nothing since";

/// The lease, held and renewed.
#[derive(Debug)]
pub struct Held {
    db: Db,
    keeper: JoinHandle<()>,
}

impl Held {
    /// Resolves if the task that renews the lease fails; not if it ends because the lease is lost.
    pub async fn keeper_failed(&mut self) {
        if (&mut self.keeper).await.is_ok() {
            std::future::pending::<()>().await;
        }
    }

    /// The last thing that a server writes. An error if another server has taken the lease.
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

/// Takes the lease if no other process has it, for a command that does not wait for it.
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
                tracing::warn!(%error, "the lease could not be renewed; tried again until it can be");
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
    /// How it will sign as a holder.
    name: String,
    staleness: StalenessWatch,
    /// The holder that the log has named last, and when.
    logged: Option<(String, Instant)>,
}

impl Candidate {
    /// Makes the tables if there are none: then no server was ever active on this database, and there is no row yet
    /// that could say so.
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

    /// Waits until the lease can be taken, and takes it. While the database is unavailable no holder can renew, so what
    /// was seen before does not count any more.
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
    /// Notes how the row is now; whether it has been so for the lease's life. The time between two looks counts
    /// for a few looks at most: where this process stood still, the holder may have, too.
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

    /// How many looks it takes until patience is over, each so long after the one before.
    fn looks(pause: Duration) -> u32 {
        let (mut staleness, mut now) = (StalenessWatch::default(), Instant::now());
        (1..)
            .find(|_| {
                now += pause;
                staleness.is_over(&row(1), now)
            })
            .unwrap()
    }

    #[test]
    fn patience_is_over_when_nothing_changed_for_the_life_of_a_lease() {
        assert_eq!(looks(Duration::from_millis(500)), 31);
        assert_eq!(looks(Duration::from_secs(1)), 16);
        assert_eq!(looks(Duration::from_secs(3600)), 9, "a long pause is no long watch");
    }

    #[test]
    fn each_change_begins_the_watch_anew() {
        let (mut staleness, mut now) = (StalenessWatch::default(), Instant::now());
        for second in 0..100 {
            now += Duration::from_secs(1);
            assert!(!staleness.is_over(&row(second / 14), now), "{second}");
        }
    }
}
