//! A person's confirmation that they are still the one who signed in, for groups that require it before secrets are shown.

use super::Millis;

/// Seconds that a confirmation is valid.
pub const CONFIRMATION_LIFE: i64 = 5 * 60;
/// Seconds by which this server's clock may have been set back since.
const CLOCK_STEP: i64 = 60;

/// When a person last proved their identity in their web session, after the sign-in. Another session of the same person
/// has its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confirmation {
    at: Millis,
}

impl Confirmation {
    pub const fn at(at: Millis) -> Self {
        Self { at }
    }

    pub const fn moment(self) -> Millis {
        self.at
    }

    /// When it ends.
    pub fn until(self) -> Millis {
        self.at.plus_seconds(CONFIRMATION_LIFE)
    }

    /// One from the future is none: it would last longer than it may.
    pub fn is_valid(self, now: Millis) -> bool {
        self.at <= now.plus_seconds(CLOCK_STEP) && now < self.until()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_lasts_five_minutes() {
        let confirmation = Confirmation::at(Millis(1_000_000));
        for (seconds, is_valid) in
            [(-3600, false), (-61, false), (-60, true), (0, true), (299, true), (300, false), (3600, false)]
        {
            assert_eq!(confirmation.is_valid(Millis(1_000_000).plus_seconds(seconds)), is_valid, "{seconds}");
        }
        assert!(!Confirmation::at(Millis(i64::MAX)).is_valid(Millis(1_000_000)));
        assert!(!Confirmation::at(Millis(i64::MIN)).is_valid(Millis(1_000_000)));
    }
}
