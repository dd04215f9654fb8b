//! How a session at Telegram ended. Each way has its words, because each asks for something else of people.

/// Why an account that was signed in here is not any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SessionEndReason {
    /// People logged it out here.
    LoggedOut,
    /// It was ended on another device of the account.
    Revoked,
    /// Telegram ended it, because it was not used for long.
    Expired,
    /// The account was deleted.
    Deactivated,
    /// Telegram banned the account.
    Banned,
    /// The same session was used from two places at once.
    KeyDuplicated,
    /// Its files are gone; at Telegram it may still be there.
    Lost,
    /// Telegram gave no reason that is known.
    Unknown,
}

impl SessionEndReason {
    /// Every one.
    pub const ALL: &'static [Self] = &[
        Self::LoggedOut,
        Self::Revoked,
        Self::Expired,
        Self::Deactivated,
        Self::Banned,
        Self::KeyDuplicated,
        Self::Lost,
        Self::Unknown,
    ];

    /// The name in the database and for tests.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LoggedOut => "logged-out",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Deactivated => "deactivated",
            Self::Banned => "banned",
            Self::KeyDuplicated => "key-duplicated",
            Self::Lost => "lost",
            Self::Unknown => "unknown",
        }
    }
}

impl std::fmt::Display for SessionEndReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for SessionEndReason {
    type Err = String;
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let ending = Self::ALL.iter().copied().find(|ending| ending.name() == name);
        ending.ok_or_else(|| format!("no such ending of a session: {name}"))
    }
}

crate::domain::ids::text_in_database!(SessionEndReason);
