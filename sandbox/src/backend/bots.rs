//! Bots: accounts that sign in with a token.
//!
//! A bot has no phone, but is stored as one, under a number that no phone can have: zeros and its user id.

use serde::{Deserialize, Serialize};

use super::{Backend, PhoneNumber};
use crate::crypto::random;

/// Country codes do not begin with a zero.
const PREFIX: &str = "000";
/// The most digits of a user id for which a number is left.
const MAX_ID_DIGITS: usize = 12;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bot {
    pub username: String,
    /// The user id, a colon, and a secret.
    pub token: String,
}

/// A bot that can't be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBot {
    #[error(
        "a token consists of 1 to 12 digits that do not begin with 0, a colon, and 1 to 64 letters, digits, _ or -"
    )]
    Token,
    #[error("the user id of this token is taken")]
    Taken,
    #[error("a username has 5 to 32 letters, digits or underscores, and ends with bot")]
    Username,
    #[error("a name has 1 to 64 characters")]
    Name,
    #[error("there are too many accounts")]
    TooMany,
}

/// The user id in a token.
fn id_in(token: &str) -> Option<i64> {
    let (id, secret) = token.split_once(':')?;
    let is_id = (1..=MAX_ID_DIGITS).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_digit())
        && !id.starts_with('0');
    let is_secret = (1..=64).contains(&secret.len())
        && secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if is_id && is_secret { id.parse().ok() } else { None }
}

fn is_username(text: &str) -> bool {
    (5..=32).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && text.to_ascii_lowercase().ends_with("bot")
}

impl Backend {
    /// Adds a bot. Without a token it gets a new one. Returns the number that stands for it.
    pub(crate) fn add_bot(
        &mut self,
        name: &str,
        username: &str,
        token: Option<&str>,
    ) -> Result<PhoneNumber, InvalidBot> {
        if !is_username(username) {
            return Err(InvalidBot::Username);
        }
        if !(1..=64).contains(&name.trim().chars().count()) {
            return Err(InvalidBot::Name);
        }
        let user_id = match token {
            Some(token) => id_in(token).ok_or(InvalidBot::Token)?,
            None => self.next_user,
        };
        let number: PhoneNumber = format!("{PREFIX}{user_id:0>4}").parse().map_err(|_| InvalidBot::Token)?;
        if self.phones.contains_key(&number) || self.user(user_id).is_some() {
            return Err(InvalidBot::Taken);
        }
        let secret: String = random::<17>().iter().map(|byte| format!("{byte:02x}")).collect();
        let token = token.map_or_else(|| format!("{user_id}:{secret}"), str::to_owned);
        let phone = self.phone(&number).ok_or(InvalidBot::TooMany)?;
        phone.user_id = user_id;
        name.trim().clone_into(&mut phone.first_name);
        phone.last_name = String::new();
        phone.bot = Some(Bot { username: username.to_owned(), token });
        self.next_user = self.next_user.max(user_id + 1);
        self.changes += 1;
        Ok(number)
    }

    /// The number that stands for the bot with this token.
    pub(crate) fn bot_with_token(&self, token: &str) -> Option<&PhoneNumber> {
        let has_token = |bot: &Bot| bot.token == token;
        self.phones
            .iter()
            .find(|(_, phone)| phone.bot.as_ref().is_some_and(has_token))
            .map(|(number, _)| number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bot_has_a_token_and_a_number_that_no_phone_has() {
        let mut backend = Backend::default();
        let number = backend.add_bot("Helper", "helper_bot", Some("42:secret-1")).unwrap();
        assert_eq!(number.as_str(), "0000042");
        assert_eq!(backend.phones[&number].user_id, 42);
        assert_eq!(backend.bot_with_token("42:secret-1"), Some(&number));
        assert_eq!(backend.bot_with_token("42:secret-2"), None);
        let other = backend.add_bot("Other", "OtherBot", None).unwrap();
        let phone = backend.phones[&other].clone();
        let token = phone.bot.unwrap().token;
        assert_eq!(id_in(&token), Some(phone.user_id), "{token}");
        let user_id = backend.phone(&"9996621234".parse().unwrap()).unwrap().user_id;
        assert_ne!(user_id, phone.user_id);
        for (name, username, token, error) in [
            ("Helper", "helper_bot", "42:secret-1", InvalidBot::Taken),
            ("Helper", "helper_bot", "042:secret", InvalidBot::Token),
            ("Helper", "helper_bot", "42", InvalidBot::Token),
            ("Helper", "helper_bot", "43:", InvalidBot::Token),
            ("Helper", "helper_bot", "43:a b", InvalidBot::Token),
            ("Helper", "helper_bot", "1234567890123:a", InvalidBot::Token),
            ("Helper", "helper", "43:a", InvalidBot::Username),
            ("", "helper_bot", "43:a", InvalidBot::Name),
        ] {
            assert_eq!(backend.add_bot(name, username, Some(token)), Err(error), "{token}");
        }
    }
}
