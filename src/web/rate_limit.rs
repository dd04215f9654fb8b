//! How often somebody may try to sign in: counted for a minute, in memory, by network address, and by person where each
//! request proves who sends it.
//!
//! Nothing is kept over a restart: what could be guessed here are the provider's secrets, and the provider counts for
//! itself. This keeps one client from making the provider, the database and the processor work for nothing.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};

use axum::http::StatusCode;
use parking_lot::Mutex;

use crate::domain::{Email, Millis, RequestInfo};
use crate::web::error::AppError;
use crate::web::state::State;

/// Milliseconds of a window.
const WINDOW: i64 = 60 * 1000;
/// Places that are counted; all others share one.
const PLACES: usize = 10_000;

/// Whom attempts are counted for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Place {
    Network(IpAddr),
    Person(Email),
    /// All others.
    Others,
}

/// The attempts of the last minute.
#[derive(Debug, Default)]
pub struct RateLimiter(Mutex<Counted>);

#[derive(Debug, Default)]
struct Counted {
    /// When a place's window began, and how often it tried since.
    places: HashMap<Place, (Millis, u32)>,
    /// When places whose window is over were last looked for: that takes a while, and who comes must not cause it.
    swept: Option<Millis>,
}

impl RateLimiter {
    /// Counts an attempt; false if there were too many.
    fn count(&self, mut place: Place, now: Millis, limit: u32) -> bool {
        let mut counted = self.0.lock();
        let is_over = |begun: Millis| !(0..WINDOW).contains(&now.0.saturating_sub(begun.0));
        if !counted.places.contains_key(&place) && counted.places.len() >= PLACES {
            if counted.swept.is_none_or(is_over) {
                counted.places.retain(|_, (begun, _)| !is_over(*begun));
                counted.swept = Some(now);
            }
            if counted.places.len() >= PLACES {
                place = Place::Others;
            }
        }
        let (begun, attempts) = counted.places.entry(place).or_insert((now, 0));
        if is_over(*begun) {
            (*begun, *attempts) = (now, 0);
        }
        *attempts = attempts.saturating_add(1);
        *attempts <= limit
    }
}

/// What one client has: an address, or a network of IPv6, in which it may choose its address.
fn network(address: IpAddr) -> Place {
    Place::Network(match address.to_canonical() {
        IpAddr::V6(six) => {
            let [a, b, c, d, ..] = six.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        four => four,
    })
}

/// Counts an attempt to sign in, and refuses it if there were too many from its address.
pub fn check_rate(app: &State, origin: &RequestInfo) -> Result<(), AppError> {
    let Some(address) = origin.address else { return Ok(()) };
    let limit = app.config.sign_ins_per_minute;
    if app.sign_in_limit.count(network(address), app.clock.now(), limit) {
        return Ok(());
    }
    tracing::warn!(%address, "too many attempts to sign in from there");
    let words = format!(
        "From your network address more than {limit} sign-ins were tried within a minute. Wait a minute, then try again."
    );
    Err(AppError::Bad(StatusCode::TOO_MANY_REQUESTS, words))
}

/// Counts a session that begins because a request proves this person, and refuses it if there were too many: whoever
/// sends the proof without the session's cookie would fill the trail.
pub fn check_rate_of(app: &State, person: &Email) -> Result<(), AppError> {
    let limit = app.config.sign_ins_per_minute;
    if app.sign_in_limit.count(Place::Person(person.clone()), app.clock.now(), limit) {
        return Ok(());
    }
    tracing::warn!(%person, "too many sessions were begun");
    let words = format!(
        "You began more than {limit} sessions within a minute: your browser does not keep the cookie. Let it, then try \
         again in a minute."
    );
    Err(AppError::Bad(StatusCode::TOO_MANY_REQUESTS, words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_its_minute_and_a_network_of_ipv6_is_one() {
        let counted = RateLimiter::default();
        let count =
            |address: &str, now: i64| counted.count(network(address.parse().unwrap()), Millis(now), 2);
        assert!(count("192.0.2.1", 0) && count("192.0.2.1", 59_999) && !count("192.0.2.1", 59_999));
        assert!(count("192.0.2.2", 59_999), "others have their own");
        assert!(!count("::ffff:192.0.2.1", 59_999), "however it is written");
        assert!(count("192.0.2.1", 60_000), "the minute is over");
        assert!(count("192.0.2.2", 10), "a clock that was set back locks nobody out");
        assert!(count("2001:db8::1", 0) && count("2001:db8::2:3", 0) && !count("2001:db8::4", 0));
        assert!(count("2001:db8:0:1::1", 0));
    }

    #[test]
    fn memory_is_bounded_whoever_comes() {
        let counted = RateLimiter::default();
        let from = |number: u32| network(IpAddr::from(number.to_be_bytes()));
        for number in 1..=30_000 {
            counted.count(from(number), Millis(0), 2);
        }
        assert!(counted.0.lock().places.len() <= PLACES + 1);
        assert!(!counted.count(from(40_000), Millis(0), 2), "those who come last share one place");
        assert!(counted.count(from(1), Millis(0), 2), "and take nothing from those who were there");
        assert!(counted.count(from(40_000), Millis(60_000), 2), "for a minute");
    }
}
