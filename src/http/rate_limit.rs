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
    /// Counts an attempt from an address; false if there were too many.
    pub fn check_address(&self, address: IpAddr, now: Millis, limit: u32) -> bool {
        self.count(network(address), now, limit)
    }

    /// Counts an attempt of a person; false if there were too many.
    pub fn check_person(&self, person: &Email, now: Millis, limit: u32) -> bool {
        self.count(Source::Person(person.clone()), now, limit)
    }

    fn count(&self, mut source: Source, now: Millis, limit: u32) -> bool {
        let mut counted = self.0.lock();
        let is_over = |begun: Millis| !(0..WINDOW).contains(&now.0.saturating_sub(begun.0));
        if !counted.sources.contains_key(&source) && counted.sources.len() >= SOURCES {
            if counted.swept.is_none_or(is_over) {
                counted.sources.retain(|_, (begun, _)| !is_over(*begun));
                counted.swept = Some(now);
            }
            if counted.sources.len() >= SOURCES {
                source = Source::Others;
            }
        }
        let (begun, attempts) = counted.sources.entry(source).or_insert((now, 0));
        if is_over(*begun) {
            (*begun, *attempts) = (now, 0);
        }
        *attempts = attempts.saturating_add(1);
        *attempts <= limit
    }
}

/// An IPv4 address, or the /64 of an IPv6 address, within which a client can choose addresses freely.
fn network(address: IpAddr) -> Source {
    Source::Network(match address.to_canonical() {
        IpAddr::V6(six) => {
            let [a, b, c, d, ..] = six.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        four => four,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_counted_per_address_and_ipv6_network() {
        let counted = RateLimiter::default();
        let count =
            |address: &str, now: i64| counted.count(network(address.parse().unwrap()), Millis(now), 2);
        assert!(count("192.0.2.1", 0) && count("192.0.2.1", 59_999) && !count("192.0.2.1", 59_999));
        assert!(count("192.0.2.2", 59_999), "other addresses are counted separately");
        assert!(!count("::ffff:192.0.2.1", 59_999), "the same address in another notation");
        assert!(count("192.0.2.1", 60_000), "the minute is over");
        assert!(count("192.0.2.2", 10), "a clock that was set back locks no one out");
        assert!(count("2001:db8::1", 0) && count("2001:db8::2:3", 0) && !count("2001:db8::4", 0));
        assert!(count("2001:db8:0:1::1", 0));
    }

    #[test]
    fn memory_is_bounded() {
        let counted = RateLimiter::default();
        let from = |number: u32| network(IpAddr::from(number.to_be_bytes()));
        for number in 1..=30_000 {
            counted.count(from(number), Millis(0), 2);
        }
        assert!(counted.0.lock().sources.len() <= SOURCES + 1);
        assert!(!counted.count(from(40_000), Millis(0), 2), "later sources share one counter");
        assert!(counted.count(from(1), Millis(0), 2), "and don't affect earlier sources");
        assert!(counted.count(from(40_000), Millis(60_000), 2), "the window of the shared counter is over");
    }
}
