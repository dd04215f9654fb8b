//! A test phone and its account.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{
    Bot, Code, Deliveries, EmailCode, FIRST_USER, LoginEmail, Message, NewRecovery, Picture, Sms, SmsCode,
};
use crate::crypto::random_id;
use crate::crypto::srp::Password;

/// A test phone: its text messages and its Telegram account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Phone {
    pub user_id: i64,
    /// Proves to the server that a client has met this user.
    pub access_hash: i64,
    pub first_name: String,
    pub last_name: String,
    #[serde(default)]
    pub picture: Option<Picture>,
    pub account: Account,
    /// When the account was frozen, in seconds since 1970.
    #[serde(default)]
    pub frozen_since: i64,
    /// The only data centre that serves the account, 1 to 5; `None`: all of them.
    #[serde(default)]
    pub dc: Option<i32>,
    pub password: Option<Password>,
    /// Where codes for recovering the password go to.
    #[serde(default)]
    pub recovery_email: Option<String>,
    /// The code that was sent there last.
    #[serde(default)]
    pub recovery_code: Option<EmailCode>,
    /// A new address for that, which was not confirmed yet.
    #[serde(default)]
    pub new_recovery: Option<NewRecovery>,
    /// When the password is removed, because a person without it asked for that; in seconds since 1970.
    #[serde(default)]
    pub password_reset: Option<i64>,
    /// This is not a phone but a bot.
    #[serde(default)]
    pub bot: Option<Bot>,
    /// What its codes by SMS consist of.
    #[serde(default)]
    pub sms_code: SmsCode,
    /// How its codes are delivered.
    #[serde(default)]
    pub deliveries: Deliveries,
    /// What e-mail has to do with signing in.
    #[serde(default)]
    pub login_email: LoginEmail,
    /// A client has to buy Telegram Premium before it gets a code.
    #[serde(default)]
    pub premium_required: bool,
    /// The mobile networks of codes that clients reported as missing.
    #[serde(default)]
    pub missing_codes: Vec<String>,
    /// After so many days without use a session ends.
    #[serde(default = "default_ttl")]
    pub authorization_ttl_days: i32,
    /// The code that was sent last and not used yet.
    pub code: Option<Code>,
    /// SMS, calls and e-mails, newest last.
    pub sms: VecDeque<Sms>,
    /// Messages from Telegram, newest last.
    pub messages: VecDeque<Message>,
    /// The account's state: one more with each message.
    pub pts: i32,
    pub last_message: i32,
    /// How much it has received in all.
    #[serde(default)]
    pub received: u64,
}

/// Whether a number has an account, and in which state it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Account {
    Registered,
    /// There is none: signing in asks for a name first.
    Unregistered,
    Banned,
    /// It was deleted: signing in asks for a name first, as if there had never been one.
    Deactivated,
    /// It can be read, and nothing in it can be changed.
    Frozen,
}

impl Account {
    /// Whether one can sign in to it.
    pub(crate) fn is_usable(self) -> bool {
        matches!(self, Self::Registered | Self::Frozen)
    }

    /// Whether signing in creates a new account.
    pub(crate) fn is_missing(self) -> bool {
        matches!(self, Self::Unregistered | Self::Deactivated)
    }
}

const fn default_ttl() -> i32 {
    180
}

/// Names of made-up people, for new phones.
const FIRST_NAMES: [&str; 16] = [
    "Ada", "Bruno", "Clara", "Dmitri", "Elif", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Katya", "Liam",
    "Mira", "Nadia", "Oskar", "Priya",
];
const LAST_NAMES: [&str; 13] = [
    "Almond", "Birch", "Cedar", "Dahlia", "Elm", "Fern", "Ginkgo", "Hazel", "Iris", "Juniper", "Linden",
    "Maple", "Willow",
];

impl Phone {
    pub(super) fn new(user_id: i64) -> Self {
        let index = usize::try_from(user_id - FIRST_USER).unwrap_or_default();
        let name = |names: &[&str]| names.get(index % names.len()).copied().unwrap_or("Test").to_owned();
        Self {
            user_id,
            access_hash: random_id(),
            first_name: name(&FIRST_NAMES),
            last_name: name(&LAST_NAMES),
            picture: None,
            account: Account::Registered,
            frozen_since: 0,
            dc: None,
            password: None,
            recovery_email: None,
            recovery_code: None,
            new_recovery: None,
            password_reset: None,
            bot: None,
            sms_code: SmsCode::Digits,
            deliveries: Deliveries::default(),
            login_email: LoginEmail::default(),
            premium_required: false,
            missing_codes: Vec::new(),
            authorization_ttl_days: default_ttl(),
            code: None,
            sms: VecDeque::new(),
            messages: VecDeque::new(),
            pts: 1,
            last_message: 0,
            received: 0,
        }
    }
}
