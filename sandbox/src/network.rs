//! The simulated network: its open connections, its clock, and the faults that tests inject into them.
//!
//! Faults end with the server's process. A connection is notified of a fault, so that an idle one is reached as well.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::backend::PhoneNumber;
use crate::clock;

/// What happens to a connection, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionFault {
    /// It is closed.
    Drop,
    /// It gets a packet of random bytes.
    Garbage,
    /// It gets the start of a packet and is closed.
    Truncate,
    /// It gets the transport error for an unknown key and is closed.
    UnknownKey,
}

#[derive(Debug, Default)]
pub(crate) struct Network {
    connections: Mutex<HashMap<u64, OpenConnection>>,
    silences: Mutex<Vec<Silence>>,
    /// Until when no connection is accepted.
    down_until: Mutex<Option<Instant>>,
    /// How many connections there were since the start.
    total: AtomicU64,
    /// Seconds by which the server's clock is fast.
    skew: AtomicI64,
}

#[derive(Debug)]
struct OpenConnection {
    notify: Arc<Notify>,
    fault: Option<ConnectionFault>,
}

/// Output is held back until a time: for one number, or for all.
#[derive(Debug, Clone)]
pub(crate) struct Silence {
    pub(crate) number: Option<PhoneNumber>,
    pub(crate) until: Instant,
}

/// The longest silence or outage.
pub(crate) const MAX_FAULT_DURATION: Duration = Duration::from_secs(24 * 3600);
/// The largest error of the clock, in seconds.
pub(crate) const MAX_CLOCK_SKEW: i64 = 366 * 24 * 3600;

impl Network {
    pub(crate) fn register(&self, id: u64, notify: &Arc<Notify>) {
        self.total.fetch_add(1, Ordering::Relaxed);
        self.connections.lock().insert(id, OpenConnection { notify: Arc::clone(notify), fault: None });
    }

    /// How many connections there were since the server started.
    pub(crate) fn total_connections(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    pub(crate) fn unregister(&self, id: u64) {
        self.connections.lock().remove(&id);
    }

    /// Breaks connections. Returns their count.
    pub(crate) fn break_connections(&self, fault: ConnectionFault, which: impl Fn(u64) -> bool) -> usize {
        let mut count = 0;
        for (_, connection) in self.connections.lock().iter_mut().filter(|(id, _)| which(**id)) {
            connection.fault = Some(fault);
            connection.notify.notify_one();
            count += 1;
        }
        count
    }

    /// The fault that was injected into a connection; the connection has to apply it.
    pub(crate) fn take_fault(&self, id: u64) -> Option<ConnectionFault> {
        self.connections.lock().get_mut(&id)?.fault.take()
    }

    /// Holds back output for this time, to one number or to all. A duration of zero ends the silence.
    pub(crate) fn silence(&self, number: Option<PhoneNumber>, duration: Duration, now: Instant) {
        let mut silences = self.silences.lock();
        silences.retain(|silence| silence.until > now && silence.number != number);
        if !duration.is_zero() {
            silences.push(Silence { number, until: now + duration.min(MAX_FAULT_DURATION) });
        }
        drop(silences);
        for connection in self.connections.lock().values() {
            connection.notify.notify_one();
        }
    }

    /// The silences that have not ended.
    pub(crate) fn silences(&self, now: Instant) -> Vec<Silence> {
        let mut silences = self.silences.lock();
        silences.retain(|silence| silence.until > now);
        silences.clone()
    }

    /// Until when output to a connection is held back. Its number is only looked up if there is a silence.
    pub(crate) fn silent_until(
        &self,
        now: Instant,
        number: impl FnOnce() -> Option<PhoneNumber>,
    ) -> Option<Instant> {
        let silences = self.silences(now);
        if silences.is_empty() {
            return None;
        }
        let number = number();
        let applies = |silence: &&Silence| silence.number.is_none() || silence.number == number;
        silences.iter().filter(applies).map(|silence| silence.until).max()
    }

    /// Accepts no connections for this time, and closes those that are open.
    pub(crate) fn go_down(&self, duration: Duration, now: Instant) {
        *self.down_until.lock() = Some(now + duration.min(MAX_FAULT_DURATION));
        self.break_connections(ConnectionFault::Drop, |_| !duration.is_zero());
    }

    /// How long connections are still refused.
    pub(crate) fn down_for(&self, now: Instant) -> Option<Duration> {
        let until = (*self.down_until.lock())?;
        let left = until.saturating_duration_since(now);
        (!left.is_zero()).then_some(left)
    }

    /// Sets the clock fast by this many seconds; slow if they are negative.
    pub(crate) fn set_skew(&self, seconds: i64) {
        self.skew.store(seconds.clamp(-MAX_CLOCK_SKEW, MAX_CLOCK_SKEW), Ordering::Relaxed);
    }

    pub(crate) fn skew(&self) -> i64 {
        self.skew.load(Ordering::Relaxed)
    }

    /// The time since 1970 by the server's clock.
    pub(crate) fn now(&self) -> Duration {
        let skew = self.skew();
        let by = Duration::from_secs(skew.unsigned_abs());
        if skew < 0 { clock::now().saturating_sub(by) } else { clock::now().saturating_add(by) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Option<PhoneNumber> {
        text.parse().ok()
    }

    #[test]
    fn a_silence_is_for_one_number_or_all_and_ends() {
        let (network, now, seconds) = (Network::default(), Instant::now(), Duration::from_secs);
        let (ada, bruno) = (number("9996621234"), number("9996631234"));
        assert_eq!(network.silent_until(now, || panic!("no silence, so the number is not needed")), None);
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
    fn an_outage_ends_after_its_time_or_early() {
        let (network, now, three) = (Network::default(), Instant::now(), Duration::from_secs(3));
        network.register(1, &Arc::default());
        network.go_down(three, now);
        assert_eq!(network.take_fault(1), Some(ConnectionFault::Drop));
        assert_eq!(network.take_fault(1), None, "once");
        assert_eq!((network.down_for(now), network.down_for(now + three)), (Some(three), None));
        network.go_down(Duration::ZERO, now);
        assert_eq!((network.down_for(now), network.take_fault(1)), (None, None));
    }

    #[test]
    fn the_clock_can_be_fast_or_slow_within_limits() {
        let network = Network::default();
        network.set_skew(1000);
        assert!(network.now() > clock::now() + Duration::from_secs(990));
        network.set_skew(-1000);
        assert!(network.now() < clock::now() - Duration::from_secs(990));
        network.set_skew(i64::MIN);
        assert_eq!(network.skew(), -MAX_CLOCK_SKEW);
    }
}
