//! A rate limit of attempts per minute for each network address and each person. It is kept in memory and reset by a
//! restart: it protects the server and the identity provider from load by a single client, and is not meant to protect
//! against guessing secrets.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};

use parking_lot::Mutex;

use crate::domain::{Email, Millis};

/// The length of a window in milliseconds.
const WINDOW: i64 = 60 * 1000;
/// How many sources are counted separately; all others share one counter.
const SOURCES: usize = 10_000;

/// The source of attempts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Source {
    Network(IpAddr),
    Strangers(IpAddr),
    Person(Email),
    /// All sources beyond [`SOURCES`].
    Others,
}

/// The attempts of the last minute.
#[derive(Debug, Default)]
pub struct RateLimiter(Mutex<Counted>);

#[derive(Debug, Default)]
struct Counted {
    /// When each source's window began, and its attempts since.
    sources: HashMap<Source, (Millis, u32)>,
    /// When expired sources were last removed. That is slow, so a client must not be able to trigger it at will.
    swept: Option<Millis>,
}

impl RateLimiter {
    /// Whether fewer attempts than that failed from an address.
    pub fn has_room(&self, address: IpAddr, now: Millis, limit: u32) -> bool {
        let counted = self.0.lock();
        let of = counted.sources.get(&Source::Network(network(address)));
        of.is_none_or(|(begun, attempts)| is_over(*begun, now) || *attempts < limit)
    }

    /// Counts an attempt that failed.
    pub fn count_failure(&self, address: IpAddr, now: Millis) {
        self.count(Source::Network(network(address)), now, 0);
    }

    /// Counts a request that belongs to no attempt; false if there were too many. They are counted apart, since anyone can
    /// send them in the name of an address that many share.
    pub fn check_stranger(&self, address: IpAddr, now: Millis, limit: u32) -> bool {
        self.count(Source::Strangers(network(address)), now, limit)
    }

    /// Counts an attempt of a person; false if there were too many.
    pub fn check_person(&self, person: &Email, now: Millis, limit: u32) -> bool {
        self.count(Source::Person(person.clone()), now, limit)
    }

    fn count(&self, mut source: Source, now: Millis, limit: u32) -> bool {
        let mut counted = self.0.lock();
        if !counted.sources.contains_key(&source) && counted.sources.len() >= SOURCES {
            if counted.swept.is_none_or(|begun| is_over(begun, now)) {
                counted.sources.retain(|_, (begun, _)| !is_over(*begun, now));
                counted.swept = Some(now);
            }
            if counted.sources.len() >= SOURCES {
                source = Source::Others;
            }
        }
        let (begun, attempts) = counted.sources.entry(source).or_insert((now, 0));
        if is_over(*begun, now) {
            (*begun, *attempts) = (now, 0);
        }
        *attempts = attempts.saturating_add(1);
        *attempts <= limit
    }
}

/// An IPv4 address, or the /64 of an IPv6 address, within which a client can choose addresses freely.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => {
            let [a, b, c, d, ..] = six.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        four => four,
    }
}

/// Whether a window that began then has ended; a clock that was set back ends it too.
fn is_over(begun: Millis, now: Millis) -> bool {
    !(0..WINDOW).contains(&now.0.saturating_sub(begun.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_counted_per_address_and_ipv6_network() {
        let counted = RateLimiter::default();
        let count = |address: &str, now: i64| {
            counted.count(Source::Network(network(address.parse().unwrap())), Millis(now), 2)
        };
        assert!(count("192.0.2.1", 0) && count("192.0.2.1", 59_999) && !count("192.0.2.1", 59_999));
        assert!(count("192.0.2.2", 59_999), "other addresses are counted separately");
        assert!(!count("::ffff:192.0.2.1", 59_999), "the same address in another notation");
        assert!(count("192.0.2.1", 60_000), "the minute is over");
        assert!(count("192.0.2.2", 10), "a clock that was set back locks no one out");
        assert!(count("2001:db8::1", 0) && count("2001:db8::2:3", 0) && !count("2001:db8::4", 0));
        assert!(count("2001:db8:0:1::1", 0));
    }

    #[test]
    fn strangers_use_up_nothing_of_those_who_fail_and_those_who_fail_nothing_of_others() {
        let (counted, here, now) = (RateLimiter::default(), IpAddr::from([192, 0, 2, 1]), Millis(0));
        for number in 0..110 {
            assert_eq!(counted.check_stranger(here, now, 100), number < 100);
        }
        assert!(counted.has_room(here, now, 1), "no attempt has failed");
        counted.count_failure(here, now);
        assert!(!counted.has_room(here, now, 1) && counted.has_room(here, now, 2));
        assert!(counted.has_room(IpAddr::from([192, 0, 2, 2]), now, 1));
        assert!(counted.has_room(here, Millis(60_000), 1), "the minute is over");
    }

    #[test]
    fn memory_is_bounded() {
        let counted = RateLimiter::default();
        let from = |number: u32| Source::Network(network(IpAddr::from(number.to_be_bytes())));
        for number in 1..=30_000 {
            counted.count(from(number), Millis(0), 2);
        }
        assert!(counted.0.lock().sources.len() <= SOURCES + 1);
        assert!(!counted.count(from(40_000), Millis(0), 2), "later sources share one counter");
        assert!(counted.count(from(1), Millis(0), 2), "and don't affect earlier sources");
        assert!(counted.count(from(40_000), Millis(60_000), 2), "the window of the shared counter is over");
    }
}
