//! Times as people write them: a day, a minute or a second, in UTC. Each is a period and not a point in time, so that
//! "until the 21st" includes all of that day.

use time::{Date, Month, Time};

use super::Millis;

/// A day, a minute or a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// Its first moment.
    pub start: Millis,
    /// The first moment after it.
    pub end: Millis,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    /// Not the form of a date or time.
    #[error("Enter a date such as 2026-11-21, or a date and time such as 2026-11-21 14:30 (UTC).")]
    Form,
    /// This date or time doesn't exist.
    #[error("This date or time doesn't exist.")]
    OutOfRange,
}

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const DAY: i64 = 24 * 60 * MINUTE;

impl Period {
    /// Parses `2026-11-21`, `2026-11-21 14:30` or `2026-11-21 14:30:05`, with an optional `T` as the separator and an
    /// optional `Z` or `UTC` at the end.
    pub fn parse(text: &str) -> Result<Self, PeriodError> {
        let text = text.trim();
        let text = text.strip_suffix("UTC").or_else(|| text.strip_suffix('Z')).unwrap_or(text).trim_end();
        let (date, time) = match text.split_once(['T', ' ']) {
            Some((date, time)) => (date, Some(time.trim_start())),
            None => (text, None),
        };
        let [year, month, day] = numbers(date, '-', [4, 2, 2]).ok_or(PeriodError::Form)?;
        let month = u8::try_from(month).ok().and_then(|month| Month::try_from(month).ok());
        let month = month.ok_or(PeriodError::OutOfRange)?;
        let day = u8::try_from(day).map_err(|_| PeriodError::OutOfRange)?;
        let date =
            Date::from_calendar_date(i32::from(year), month, day).map_err(|_| PeriodError::OutOfRange)?;
        let (time, length) = match time {
            None => ([0; 3], DAY),
            Some(time) => match (numbers(time, ':', [2, 2]), numbers(time, ':', [2, 2, 2])) {
                (Some([hour, minute]), _) => ([hour, minute, 0], MINUTE),
                (_, Some(time)) => (time, SECOND),
                (None, None) => return Err(PeriodError::Form),
            },
        };
        let [hour, minute, second] = time.map(|part| u8::try_from(part).unwrap_or(u8::MAX));
        let time = Time::from_hms(hour, minute, second).map_err(|_| PeriodError::OutOfRange)?;
        let start = date.with_time(time).assume_utc().unix_timestamp() * SECOND;
        Ok(Self { start: Millis(start), end: Millis(start + length) })
    }
}

/// Numbers with these counts of digits, separated by `between`.
fn numbers<const N: usize>(text: &str, between: char, digits: [usize; N]) -> Option<[u16; N]> {
    let mut pieces = text.split(between);
    let mut found = [0; N];
    for (place, length) in found.iter_mut().zip(digits) {
        let piece = pieces.next()?;
        if piece.len() != length || !piece.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *place = piece.parse().ok()?;
    }
    pieces.next().is_none().then_some(found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_day_a_minute_and_a_second() {
        for (text, start, length) in [
            ("2026-11-21", 1_795_219_200_000, DAY),
            (" 2026-11-21 14:30 ", 1_795_271_400_000, MINUTE),
            ("2026-11-21T14:30Z", 1_795_271_400_000, MINUTE),
            ("2026-11-21 14:30:05 UTC", 1_795_271_405_000, SECOND),
            ("1969-12-31 23:59:59", -SECOND, SECOND),
            ("2024-02-29", 1_709_164_800_000, DAY),
        ] {
            let period = Period { start: Millis(start), end: Millis(start + length) };
            assert_eq!(Period::parse(text), Ok(period), "{text}");
        }
    }

    #[test]
    fn invalid_times_are_refused() {
        for text in [
            "",
            "yesterday",
            "21.11.2026",
            "2026-11",
            "2026-11-21 2pm",
            "2026-1-2",
            "2026-11-21 14",
            "+026-11-21",
            "2026-11-21 14:30:05.5",
            "２０２６-11-21",
            "2026-11-21-01",
            "2026-11-21 14:30 +0100",
        ] {
            assert_eq!(Period::parse(text), Err(PeriodError::Form), "{text}");
        }
        for text in
            ["2026-02-29", "2026-13-01", "2026-00-10", "2026-11-31", "2026-11-21 24:00", "2026-11-21 12:60"]
        {
            assert_eq!(Period::parse(text), Err(PeriodError::OutOfRange), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_refused_or_a_period(text in "\\PC*", near in "[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]?[0-9:]{0,8}Z?") {
            for text in [text, near] {
                if let Ok(period) = Period::parse(&text) {
                    prop_assert!(period.start < period.end);
                }
            }
        }
    }
}
