//! Times as people read them. A page has UTC; its script shows the reader's time zone instead, with UTC as the tooltip.

use std::fmt;

use askama::filters::Safe;

use crate::domain::Millis;
pub use crate::words::utc;

/// A time as an element of a page, which its script can read. Templates write it as it is.
pub type Moment = Safe<TimeElement>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeElement {
    at: Millis,
    is_relative: bool,
}

pub const fn moment(at: Millis) -> Moment {
    Safe(TimeElement { at, is_relative: false })
}

/// A time that readers compare with now: "5 minutes ago" where scripts run.
pub const fn ago(at: Millis) -> Moment {
    Safe(TimeElement { at, is_relative: true })
}

impl fmt::Display for TimeElement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.is_relative { " data-ago" } else { "" };
        write!(f, "<time datetime=\"{}\"{mark}>{}</time>", self.at.rfc3339(), utc(self.at))
    }
}

/// A sentence with times in it. What people entered must not be in it, since nothing is escaped.
pub type Sentence = Safe<String>;

/// A time as part of a file's name.
pub fn stamp(at: Millis) -> String {
    at.rfc3339().chars().filter(char::is_ascii_alphanumeric).take("20261121T143000".len()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_utc() {
        assert_eq!(utc(Millis(0)), "1970-01-01 00:00:00 UTC");
        assert_eq!(utc(Millis(1_795_236_314_999)), "2026-11-21 04:45:14 UTC");
        assert_eq!(Millis(1_795_236_314_009).rfc3339(), "2026-11-21T04:45:14.009Z");
        assert_eq!(stamp(Millis(1_795_236_314_009)), "20261121T044514");
    }

    #[test]
    fn pages_have_times_for_people_and_for_scripts() {
        let at = Millis(1_795_236_314_009);
        let text = "2026-11-21 04:45:14 UTC";
        let element = |mark| format!("<time datetime=\"2026-11-21T04:45:14.009Z\"{mark}>{text}</time>");
        assert_eq!(moment(at).to_string(), element(""));
        assert_eq!(ago(at).to_string(), element(" data-ago"));
    }
}
