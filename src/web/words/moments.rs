//! Times as people read them, in UTC.

use time::OffsetDateTime;
use time::macros::format_description;

use crate::domain::Millis;

pub fn moment(at: Millis) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
    OffsetDateTime::from_unix_timestamp(at.0.div_euclid(1000))
        .ok()
        .and_then(|time| time.format(format).ok())
        .unwrap_or_default()
}

/// A time as part of a file's name.
pub fn stamp(at: Millis) -> String {
    at.rfc3339().chars().filter(char::is_ascii_alphanumeric).take("20261121T143000".len()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_utc() {
        assert_eq!(moment(Millis(0)), "1970-01-01 00:00:00 UTC");
        assert_eq!(moment(Millis(1_795_236_314_999)), "2026-11-21 04:45:14 UTC");
        assert_eq!(Millis(1_795_236_314_009).rfc3339(), "2026-11-21T04:45:14.009Z");
        assert_eq!(stamp(Millis(1_795_236_314_009)), "20261121T044514");
    }
}
