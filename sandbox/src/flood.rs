//! An account whose updates never end: messages as fast as its clients take them.
//!
//! A session keeps a bounded number of updates; more would be summed up in one. So a flood looks at what is waiting
//! and goes on when there is room, and the slowest connected client sets the pace. Nobody connected means that
//! nobody takes anything: the flood waits.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use crate::server::{Server, State};
use crate::world::Number;

/// Messages that are posted at once, and updates that may be waiting before that.
const BATCH: u64 = 50;
/// A flood looks again after this time even if nobody took anything.
const LOOK: Duration = Duration::from_millis(500);

/// When a flood is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FloodEnd {
    /// After so many messages.
    Count(u64),
    /// After this time.
    Time(Duration),
}

/// The floods that run, at most one for each number. Dropping one stops it.
#[derive(Debug, Default)]
pub(crate) struct Floods(Mutex<HashMap<Number, JoinSet<()>>>);

impl Floods {
    /// Starts a flood; one that runs for the number ends.
    pub(crate) fn start(&self, server: &Arc<Server>, number: &Number, end: FloodEnd) {
        let mut floods = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        floods.retain(|_, flood| flood.try_join_next().is_none());
        let mut flood = JoinSet::new();
        flood.spawn(run(Arc::downgrade(server), number.clone(), end));
        floods.insert(number.clone(), flood);
    }
}

async fn run(server: Weak<Server>, number: Number, end: FloodEnd) {
    let begun = Instant::now();
    let mut posted = 0;
    loop {
        let left = match end {
            FloodEnd::Count(count) => count - posted,
            FloodEnd::Time(length) if begun.elapsed() < length => BATCH,
            FloodEnd::Time(_) => 0,
        };
        let Some(server) = server.upgrade().filter(|_| left > 0) else {
            return;
        };
        let mut taken = std::pin::pin!(server.taken.notified());
        taken.as_mut().enable();
        if server.lock().has_room(&number) {
            let next = posted + left.min(BATCH);
            server.post_numbered(&number, posted + 1..=next).await;
            posted = next;
        } else {
            // Whether something was taken or only time has passed, the next look tells.
            let _ = timeout(LOOK, taken).await;
        }
    }
}

impl Server {
    /// Posts messages that are counted, so that whoever misses one can tell.
    async fn post_numbered(&self, number: &Number, which: std::ops::RangeInclusive<u64>) {
        self.act(|world, now| {
            for index in which {
                world.post(number, &format!("Message {index} of a flood"), now);
            }
        })
        .await;
    }
}

impl State {
    /// Whether somebody listens to the number, and nobody who does has much to take.
    fn has_room(&mut self, number: &Number) -> bool {
        let mut listening = 0;
        for waiting in self.updates_waiting(number) {
            if waiting > BATCH {
                return false;
            }
            listening += 1;
        }
        listening > 0
    }
}
