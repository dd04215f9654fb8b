//! Messages that pages and the command line share.

use time::OffsetDateTime;
use time::macros::format_description;

use crate::domain::Millis;
use crate::domain::direction::isolated;

mod bots;
mod device_login;
pub mod devices;
pub mod errors;
pub mod faults;
pub mod invite_list;
pub mod invites;
pub mod job_lines;
pub mod proxies;
pub mod refusals;
pub mod two_step;

pub use errors::sentence;

/// What a person wrote, in quotation marks, as part of a sentence.
pub fn quoted(text: &str) -> String {
    format!("“{}”", isolated(text))
}

/// "a", "a and b", "a, b and c".
fn listed(names: &[&str]) -> String {
    match names {
        [] => "details".into(),
        [one] => (*one).into(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A time as text, in UTC.
pub fn utc(at: Millis) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
    OffsetDateTime::from_unix_timestamp(at.0.div_euclid(1000))
        .ok()
        .and_then(|time| time.format(format).ok())
        .unwrap_or_default()
}
