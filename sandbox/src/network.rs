//! Faults of the network, on order: silence, broken connections, no connections at all, a wrong clock.
//!
//! All of it is forgotten when the server ends. A connection looks at its orders when its bell rings, so that an
//! idle one is reached as well.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::clock;
use crate::world::Number;

/// What is done to a connection once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breakage {
    /// It is closed.
    Drop,
    /// It gets a packet that means nothing.
    Garbage,
    /// It gets the beginning of a packet and is closed.
    Truncate,
    /// It is told that its key is not known, and closed.
    UnknownKey,
}

/// The faults that are in force.
#[derive(Debug, Default)]
pub(crate) struct Network {
    lines: Mutex<HashMap<u64, Line>>,
    silences: Mutex<Vec<Silence>>,
    /// Until when no connection is accepted.
    down: Mutex<Option<Instant>>,
    /// Connections that there ever were.
    joined: AtomicU64,
    /// Seconds by which the server's clock is fast.
    skew: AtomicI64,
}

/// An open connection.
#[derive(Debug)]
struct Line {
    bell: Arc<Notify>,
    ordered: Option<Breakage>,
}

/// Until when nothing is said, to one number or to everybody.
#[derive(Debug, Clone)]
pub(crate) struct Silence {
    pub(crate) number: Option<Number>,
    pub(crate) until: Instant,
}

/// The longest that a silence or an outage may be ordered for.
pub const LONGEST: Duration = Duration::from_secs(24 * 3600);
/// The furthest that the clock can be wrong, in seconds.
pub const MOST_SKEW: i64 = 366 * 24 * 3600;

fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Network {
    /// A connection begins.
    pub(crate) fn join(&self, id: u64, bell: &Arc<Notify>) {
        self.joined.fetch_add(1, Ordering::Relaxed);
        guard(&self.lines).insert(id, Line { bell: Arc::clone(bell), ordered: None });
    }

    /// How many connections there were since the server began.
    pub(crate) fn joined(&self) -> u64 {
        self.joined.load(Ordering::Relaxed)
    }

    /// A connection has ended.
    pub(crate) fn leave(&self, id: u64) {
        guard(&self.lines).remove(&id);
    }

    /// Breaks connections. Gives how many they are.
    pub(crate) fn break_lines(&self, breakage: Breakage, which: impl Fn(u64) -> bool) -> usize {
        let mut count = 0;
        for (_, line) in guard(&self.lines).iter_mut().filter(|(id, _)| which(**id)) {
            line.ordered = Some(breakage);
            line.bell.notify_one();
            count += 1;
        }
        count
    }

    /// What was ordered for a connection; it is for the connection to do it now.
    pub(crate) fn take_order(&self, id: u64) -> Option<Breakage> {
        guard(&self.lines).get_mut(&id)?.ordered.take()
    }

    /// Says nothing for so long, to one number or to everybody. No time at all ends what was ordered before.
    pub(crate) fn silence(&self, number: Option<Number>, length: Duration, now: Instant) {
        let mut silences = guard(&self.silences);
        silences.retain(|silence| silence.until > now && silence.number != number);
        if !length.is_zero() {
            silences.push(Silence { number, until: now + length.min(LONGEST) });
        }
        drop(silences);
        for line in guard(&self.lines).values() {
            line.bell.notify_one();
        }
    }

    /// The silences that last.
    pub(crate) fn silences(&self, now: Instant) -> Vec<Silence> {
        let mut silences = guard(&self.silences);
        silences.retain(|silence| silence.until > now);
        silences.clone()
    }

    /// Until when nothing may be said to a connection. The number is asked for only if it matters.
    pub(crate) fn silent_until(
        &self,
        now: Instant,
        number: impl FnOnce() -> Option<Number>,
    ) -> Option<Instant> {
        let silences = self.silences(now);
        if silences.is_empty() {
            return None;
        }
        let number = number();
        let applies = |silence: &&Silence| silence.number.is_none() || silence.number == number;
        silences.iter().filter(applies).map(|silence| silence.until).max()
    }

    /// Accepts no connection for so long, and closes those that are open.
    pub(crate) fn go_down(&self, length: Duration, now: Instant) {
        *guard(&self.down) = Some(now + length.min(LONGEST));
        self.break_lines(Breakage::Drop, |_| !length.is_zero());
    }

    /// How long no connection will be accepted.
    pub(crate) fn down_for(&self, now: Instant) -> Option<Duration> {
        let until = (*guard(&self.down))?;
        let left = until.saturating_duration_since(now);
        (!left.is_zero()).then_some(left)
    }

    /// Makes the clock fast by so many seconds; slow if they are negative.
    pub(crate) fn set_skew(&self, seconds: i64) {
        self.skew.store(seconds.clamp(-MOST_SKEW, MOST_SKEW), Ordering::Relaxed);
    }

    /// Seconds by which the clock is fast.
    pub(crate) fn skew(&self) -> i64 {
        self.skew.load(Ordering::Relaxed)
    }

    /// The time since 1970, as this server believes.
    pub(crate) fn now(&self) -> Duration {
        let skew = self.skew();
        let by = Duration::from_secs(skew.unsigned_abs());
        if skew < 0 { clock::now().saturating_sub(by) } else { clock::now().saturating_add(by) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Option<Number> {
        Number::parse(text)
    }

    #[test]
    fn a_silence_is_for_somebody_and_ends() {
        let (network, now, seconds) = (Network::default(), Instant::now(), Duration::from_secs);
        let (ada, bruno) = (number("9996621234"), number("9996631234"));
        assert_eq!(network.silent_until(now, || panic!("nobody has to be asked for")), None);
        network.silence(ada.clone(), seconds(5), now);
        assert_eq!(network.silent_until(now, || ada.clone()), Some(now + seconds(5)));
        assert_eq!(
            (network.silent_until(now, || bruno.clone()), network.silent_until(now, || None)),
            (None, None)
        );
        network.silence(None, seconds(9), now);
        assert_eq!(network.silent_until(now, || ada.clone()), Some(now + seconds(9)));
        assert!(network.silent_until(now, || bruno).is_some());
        network.silence(None, Duration::ZERO, now);
        assert!(network.silent_until(now, || None).is_none());
        let later = now + seconds(6);
        assert!(network.silent_until(later, || ada).is_none() && network.silences(later).is_empty());
    }

    #[test]
    fn an_outage_ends_by_itself_or_on_order() {
        let (network, now, three) = (Network::default(), Instant::now(), Duration::from_secs(3));
        network.join(1, &Arc::default());
        network.go_down(three, now);
        assert_eq!(network.take_order(1), Some(Breakage::Drop));
        assert_eq!(network.take_order(1), None, "once");
        assert_eq!((network.down_for(now), network.down_for(now + three)), (Some(three), None));
        network.go_down(Duration::ZERO, now);
        assert_eq!((network.down_for(now), network.take_order(1)), (None, None));
    }

    #[test]
    fn the_clock_can_be_wrong_both_ways_but_not_beyond_reason() {
        let network = Network::default();
        network.set_skew(1000);
        assert!(network.now() > clock::now() + Duration::from_secs(990));
        network.set_skew(-1000);
        assert!(network.now() < clock::now() - Duration::from_secs(990));
        network.set_skew(i64::MIN);
        assert_eq!(network.skew(), -MOST_SKEW);
    }
}
