//! What identifies an account at Telegram: the phone number of a person's account, or the user id of a bot.

use std::borrow::Cow;
use std::fmt;

use super::phone::PhoneError;
use super::{BotId, Phone};

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Identifier {
    Phone(Phone),
    Bot(BotId),
}

/// How an account logs in, and what it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountKind {
    /// A person's: it has a phone number, login codes and perhaps a two-step password.
    User,
    /// It has a token and nothing else.
    Bot,
}

/// What precedes a bot's id where it is stored.
const BOT: &str = "bot:";

impl Identifier {
    pub const fn kind(&self) -> AccountKind {
        match self {
            Self::Phone(_) => AccountKind::User,
            Self::Bot(_) => AccountKind::Bot,
        }
    }

    pub const fn is_bot(&self) -> bool {
        match self {
            Self::Phone(_) => false,
            Self::Bot(_) => true,
        }
    }

    pub const fn phone(&self) -> Option<&Phone> {
        match self {
            Self::Phone(phone) => Some(phone),
            Self::Bot(_) => None,
        }
    }

    /// The digits of the number or the id alone.
    pub fn digits(&self) -> Cow<'_, str> {
        match self {
            Self::Phone(phone) => phone.digits().into(),
            Self::Bot(id) => id.to_string().into(),
        }
    }

    /// For people to read and to compare: `+49 151 2345678` or `Bot 123456`.
    pub fn grouped(&self) -> String {
        match self {
            Self::Phone(phone) => phone.grouped(),
            Self::Bot(_) => self.to_string(),
        }
    }

    /// For people to paste elsewhere: `+491512345678` or `123456`.
    pub fn copied(&self) -> String {
        match self {
            Self::Phone(phone) => phone.to_string(),
            Self::Bot(id) => id.to_string(),
        }
    }

    /// As it is stored: the digits of a number, or `bot:123456`.
    pub fn stored(&self) -> Cow<'_, str> {
        match self {
            Self::Phone(phone) => phone.digits().into(),
            Self::Bot(id) => format!("{BOT}{id}").into(),
        }
    }

    /// Parses a number as [`Phone::parse`] does, or `Bot 123456` or `bot:123456`.
    pub fn parse(typed: &str) -> Result<Self, PhoneError> {
        let plain = typed.trim();
        let is_bot = plain.get(..3).is_some_and(|word| word.eq_ignore_ascii_case("bot"));
        let id = plain.get(3..).filter(|_| is_bot).map(|id| id.trim_start_matches([':', ' ']));
        match id.and_then(BotId::parse) {
            Some(id) => Ok(Self::Bot(id)),
            None => Phone::parse(typed).map(Self::Phone),
        }
    }

    fn from_stored(text: &str) -> Option<Self> {
        match text.strip_prefix(BOT) {
            Some(id) => BotId::parse(id).map(Self::Bot),
            None => Phone::from_digits(text.to_owned()).map(Self::Phone),
        }
    }
}

impl From<Phone> for Identifier {
    fn from(phone: Phone) -> Self {
        Self::Phone(phone)
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Phone(phone) => phone.fmt(f),
            Self::Bot(id) => write!(f, "Bot {id}"),
        }
    }
}

impl fmt::Debug for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for Identifier {
    type Err = PhoneError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

super::ids::text_in_database!(Identifier, |identifier| identifier.stored().into_owned(), |text| {
    Identifier::from_stored(&text).ok_or_else(|| PhoneError::Length.into())
},);

#[cfg(test)]
mod tests {
    use super::*;

    fn bot(id: &str) -> Identifier {
        Identifier::Bot(BotId::parse(id).unwrap())
    }

    #[test]
    fn each_form_is_read_again() {
        for (identifier, stored, shown) in [
            (Phone::test(2, 7).into(), "9996620007", "+9996620007"),
            (bot("42"), "bot:42", "Bot 42"),
            (bot("7000000042"), "bot:7000000042", "Bot 7000000042"),
        ] {
            assert_eq!((identifier.stored().as_ref(), identifier.to_string().as_str()), (stored, shown));
            assert_eq!(Identifier::from_stored(stored).as_ref(), Some(&identifier));
            assert_eq!(shown.parse().as_ref(), Ok(&identifier));
            assert_eq!(Identifier::parse(stored).as_ref(), Ok(&identifier));
        }
        assert_eq!(Identifier::parse(" BOT 42 "), Ok(bot("42")));
    }

    #[test]
    fn a_bot_is_not_the_number_with_its_digits() {
        let phone: Identifier = Phone::parse("+7000000042").unwrap().into();
        assert_ne!(phone, bot("7000000042"));
        assert_eq!(phone.digits(), bot("7000000042").digits());
        assert!(phone < bot("1"), "numbers come before bots");
        assert!(bot("9") < bot("10"), "ids are sorted as numbers");
    }

    #[test]
    fn what_was_not_stored_by_telescope_is_not_read() {
        for text in ["", "bot:", "bot:0", "bot:042", "bot:+42", "Bot 42", "bot:42 ", "+9996620007", "1234"] {
            assert_eq!(Identifier::from_stored(text), None, "{text:?}");
        }
        for text in ["bot", "bot:", "bot 0", "robot 42", "ä", "bot 42 43"] {
            assert!(Identifier::parse(text).is_err(), "{text:?}");
        }
    }
}
