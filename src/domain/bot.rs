//! Bots: accounts without a phone number, which log in with a token. The number before the colon of the token is the
//! bot's user id at Telegram, so a bot is known before it has logged in.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Secret;
use super::typed::is_invisible;

/// The user id of a bot at Telegram.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BotId(i64);

/// The most digits of an id. Telegram's have up to ten today, and fit into 52 bits.
const MAX_ID_DIGITS: usize = 15;
/// The characters after the colon. Telegram's tokens have 35 today, and it promises no number.
const SECRET_LENGTH: std::ops::RangeInclusive<usize> = 20..=100;

/// What is wrong with a bot, or with what was asked of one. The sentences are in `words::bots`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error, strum::EnumIter, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BotError {
    #[error("no token")]
    TokenMissing,
    #[error("not a token")]
    TokenForm,
    #[error("the token of another bot")]
    OtherBot,
    #[error("there is already an account of this bot")]
    Taken,
    #[error("the account of this bot is being removed")]
    BeingRemoved,
    #[error("no token is stored")]
    NotStored,
    #[error("Telegram rejected the stored token")]
    Rejected,
    #[error("bots have no phone number")]
    HasNoNumber,
}

impl BotId {
    /// Parses digits alone.
    pub fn parse(digits: &str) -> Option<Self> {
        let is_id = (1..=MAX_ID_DIGITS).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        digits.parse().ok().filter(|_| is_id).map(Self)
    }

    pub const fn number(self) -> i64 {
        self.0
    }
}

impl fmt::Display for BotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for BotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bot {}", self.0)
    }
}

/// A bot's token. It is all that a login needs, so it is a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BotToken {
    bot: BotId,
    text: Secret,
}

impl BotToken {
    /// Parses what a person pasted. Invisible characters and white space around it are ignored.
    pub fn parse(typed: &Secret) -> Result<Self, BotError> {
        let text: String = typed.expose().chars().filter(|c| !is_invisible(*c)).collect();
        // Zeroed when it goes out of scope, like the text that was typed.
        let text = Secret::new(text);
        let trimmed = text.expose().trim();
        if trimmed.is_empty() {
            return Err(BotError::TokenMissing);
        }
        let (id, secret) = trimmed.split_once(':').ok_or(BotError::TokenForm)?;
        let bot = BotId::parse(id).ok_or(BotError::TokenForm)?;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if !SECRET_LENGTH.contains(&secret.len()) || !secret.bytes().all(is_plain) {
            return Err(BotError::TokenForm);
        }
        Ok(Self { bot, text: Secret::new(trimmed) })
    }

    /// Whose token it is.
    pub const fn bot(&self) -> BotId {
        self.bot
    }

    pub const fn secret(&self) -> &Secret {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(typed: &str) -> Result<BotToken, BotError> {
        BotToken::parse(&Secret::new(typed))
    }

    #[test]
    fn a_token_names_its_bot_and_does_not_print() {
        let text = "7000000042:AAE-made_up_token_of_a_bot_01234567";
        for typed in [text.to_owned(), format!(" \u{200b}{text}\r\n")] {
            let token = parse(&typed).unwrap();
            assert_eq!(token.bot().number(), 7_000_000_042);
            assert_eq!(token.secret().expose(), text);
            assert!(!format!("{token:?}").contains("AAE"));
        }
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let secret = "AAE-made_up_token_of_a_bot_01234567";
        for typed in ["", " ", "\u{200b}"] {
            assert_eq!(parse(typed), Err(BotError::TokenMissing), "{typed:?}");
        }
        for typed in [
            "@helper_bot".to_owned(),
            "7000000042".to_owned(),
            secret.to_owned(),
            format!("7000000042{secret}"),
            format!(":{secret}"),
            format!("0:{secret}"),
            format!("042:{secret}"),
            format!("-42:{secret}"),
            format!("+42:{secret}"),
            format!("1234567890123456:{secret}"),
            "7000000042:short".to_owned(),
            format!("7000000042:{}", secret.repeat(3)),
            format!("7000000042:{secret}!"),
            format!("7000000042:{secret}ä"),
            format!("7000000042: {secret}"),
            format!("7000000042:{secret} 7000000042:{secret}"),
        ] {
            assert_eq!(parse(&typed), Err(BotError::TokenForm), "{typed}");
        }
    }
}
