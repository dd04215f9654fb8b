//! Floods: messages for one number as fast as its clients read them.
//!
//! A session keeps a bounded number of updates and replaces more of them by one summary. A flood therefore waits until
//! there is room; the slowest connected client sets the pace. While no client is connected, the flood waits.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::{Instant, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::Server;
use super::state::State;
use crate::backend::PhoneNumber;

/// Messages that are posted at once, and updates that may be queued before the next ones.
const BATCH: u64 = 50;
/// How often a flood looks for room when no client took anything.
const CHECK_INTERVAL: Duration = Duration::from_millis(500);

/// When a flood ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FloodLimit {
    /// After this many messages.
    Count(u64),
    /// After this time.
    Duration(Duration),
}

/// The floods that run, at most one for each number. They end when this is dropped.
#[derive(Debug, Default)]
pub(crate) struct Floods(Mutex<HashMap<PhoneNumber, DropGuard>>);

impl Floods {
    /// Starts a flood; one that runs for the number ends.
    pub(crate) fn start(&self, server: &Arc<Server>, number: &PhoneNumber, limit: FloodLimit) {
        let cancel = CancellationToken::new();
        let flood = run(Arc::downgrade(server), number.clone(), limit);
        tokio::spawn(cancel.clone().run_until_cancelled_owned(flood));
        self.0.lock().insert(number.clone(), cancel.drop_guard());
    }
}

async fn run(server: Weak<Server>, number: PhoneNumber, limit: FloodLimit) {
    let started = Instant::now();
    let mut posted = 0;
    loop {
        let left = match limit {
            FloodLimit::Count(count) => count - posted,
            FloodLimit::Duration(duration) if started.elapsed() < duration => BATCH,
            FloodLimit::Duration(_) => 0,
        };
        let Some(server) = server.upgrade().filter(|_| left > 0) else {
            return;
        };
        let mut sent = std::pin::pin!(server.sent.notified());
        sent.as_mut().enable();
        if server.lock().has_room(&number) {
            let next = posted + left.min(BATCH);
            server.post_numbered(&number, posted + 1..=next).await;
            posted = next;
        } else {
            // The next round finds out whether something was sent or only time has passed.
            let _ = timeout(CHECK_INTERVAL, sent).await;
        }
    }
}

impl Server {
    /// Posts messages with a number each, so that a client that misses one can tell.
    async fn post_numbered(&self, number: &PhoneNumber, indices: RangeInclusive<u64>) {
        self.update(|backend, now| {
            for index in indices {
                backend.post(number, &format!("Message {index} of a flood"), now);
            }
        })
        .await;
    }
}

impl State {
    /// Whether any client listens for the number, and none that does has a long queue.
    fn has_room(&mut self, number: &PhoneNumber) -> bool {
        let mut listening = 0;
        for queued in self.queued_updates(number) {
            if queued > BATCH {
                return false;
            }
            listening += 1;
        }
        listening > 0
    }
}
