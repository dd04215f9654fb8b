//! Everything this Telegram knows: keys, phones, who is signed in where, messages, passwords.
//!
//! The world is a plain value. It does no I/O and is told the time; it serialises to the state file as it is.
//! What connected clients have to hear of a change is left in [`World::events`] for the server to deliver.

mod codes;
mod counters;
mod devices;
mod inbox;
mod keys;
mod number;

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

pub use codes::{Code, SentBy};
pub use counters::{Count, Counters};
pub use devices::{App, Device};
pub use inbox::{Message, TextMessage};
pub use keys::{KeyKind, KeyRecord, Standing};
pub use number::Number;

use crate::crypto::{KeyId, random_id};
use crate::srp::Password;

/// Phones that can be made; enough for any test, and no flood can fill the memory.
const MAX_PHONES: usize = 20_000;
/// The first user's id; the others count upwards.
const FIRST_USER: i64 = 7_000_000_001;

/// The state of the server.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct World {
    /// Every auth key by its name.
    pub keys: BTreeMap<KeyId, KeyRecord>,
    /// Every pretend phone.
    pub phones: BTreeMap<Number, Phone>,
    /// Every signed-in app, by the number that `account.getAuthorizations` calls its hash.
    pub devices: BTreeMap<i64, Device>,
    /// How often each method was called.
    pub counters: Counters,
    next_user: i64,
    /// What happened since the server last looked.
    #[serde(skip)]
    pub events: Vec<Event>,
    /// Changes that a client may not hear of before they are on the disk.
    #[serde(skip)]
    pub changes: u64,
}

/// Something that connected clients have to hear of.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A message came into the chat with Telegram.
    Message(Number, Message),
    /// The person of this number has another name, since this time.
    Renamed(Number, i64),
    /// This key is not signed in any more.
    Ended(KeyId),
    /// Keys are not known any more; whoever is connected with one has to be told.
    KeysGone,
    /// Whoever is connected with this key is to be cut off.
    PushedOff(KeyId),
    /// This account's configuration is another one, since this time.
    Config(Number, i64),
}

/// A pretend phone: a person with a number, its text messages and its Telegram account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Phone {
    /// The account's id.
    pub user_id: i64,
    /// The number that proves to Telegram that a client has met this user.
    pub access_hash: i64,
    /// The person's name.
    pub first_name: String,
    /// The person's family name.
    pub last_name: String,
    /// Whether there is an account.
    pub account: Account,
    /// When the account was frozen, in seconds since 1970.
    #[serde(default)]
    pub frozen_since: i64,
    /// The only data centre that serves the account, 1 to 5; `None`: all of them.
    #[serde(default)]
    pub dc: Option<i32>,
    /// The two-step password.
    pub password: Option<Password>,
    /// The code that was sent last and not used yet.
    pub code: Option<Code>,
    /// Text messages, newest last.
    pub sms: VecDeque<TextMessage>,
    /// Messages from Telegram, newest last.
    pub messages: VecDeque<Message>,
    /// The account's state: one more with each message.
    pub pts: i32,
    /// The last message's id.
    pub last_message: i32,
}

/// Whether a number has an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Account {
    /// It has one.
    Registered,
    /// It has none: signing in asks for a name first.
    Unregistered,
    /// It is banned.
    Banned,
    /// It was deleted: signing in asks for a name first, as if there had never been one.
    Deactivated,
    /// It can be read, and nothing in it can be changed.
    Frozen,
}

impl Account {
    /// Whether signing in makes a new account.
    pub fn is_missing(self) -> bool {
        matches!(self, Self::Unregistered | Self::Deactivated)
    }
}

impl Default for World {
    fn default() -> Self {
        Self {
            keys: BTreeMap::new(),
            phones: BTreeMap::new(),
            devices: BTreeMap::new(),
            counters: Counters::default(),
            next_user: FIRST_USER,
            events: Vec::new(),
            changes: 0,
        }
    }
}

impl World {
    /// The phone of this number; it is made if there is none. `None` when there are far too many.
    pub fn phone(&mut self, number: &Number) -> Option<&mut Phone> {
        if !self.phones.contains_key(number) {
            if self.phones.len() >= MAX_PHONES {
                return None;
            }
            let user_id = self.next_user;
            self.next_user += 1;
            self.changes += 1;
            self.phones.insert(number.clone(), Phone::new(user_id));
        }
        self.phones.get_mut(number)
    }

    /// The number and phone of a user.
    pub fn user(&self, id: i64) -> Option<(&Number, &Phone)> {
        self.phones.iter().find(|(_, phone)| phone.user_id == id)
    }

    /// Sets or removes the two-step password.
    pub fn set_password(&mut self, number: &Number, password: Option<Password>) {
        if let Some(phone) = self.phone(number) {
            phone.password = password;
            self.changes += 1;
        }
    }

    /// Gives the phone's person another first name. Everybody who is signed in hears of it.
    pub fn set_first_name(&mut self, number: &Number, name: &str, now: i64) {
        if let Some(phone) = self.phone(number) {
            name.clone_into(&mut phone.first_name);
            self.changes += 1;
            self.events.push(Event::Renamed(number.clone(), now));
        }
    }

    /// Puts an account at one data centre, or at all of them.
    pub fn set_dc(&mut self, number: &Number, dc: Option<i32>) {
        if let Some(phone) = self.phone(number) {
            phone.dc = dc;
            self.changes += 1;
        }
    }

    /// Says what became of a number's account. Losing it ends its sessions.
    pub fn set_account(&mut self, number: &Number, account: Account, now: i64) {
        let Some(phone) = self.phone(number) else {
            return;
        };
        let before = std::mem::replace(&mut phone.account, account);
        if account == Account::Frozen && before != Account::Frozen {
            phone.frozen_since = now;
        }
        self.changes += 1;
        match account {
            Account::Registered | Account::Frozen => {}
            Account::Unregistered => self.end_all(number, "SESSION_REVOKED"),
            Account::Banned => self.push_off(number, "USER_DEACTIVATED_BAN"),
            Account::Deactivated => self.push_off(number, "USER_DEACTIVATED"),
        }
        if (before == Account::Frozen) != (account == Account::Frozen) {
            self.events.push(Event::Config(number.clone(), now));
        }
    }
}

/// Names of people who do not exist, for numbers that nobody named.
const FIRST_NAMES: [&str; 16] = [
    "Ada", "Bruno", "Clara", "Dmitri", "Elif", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Katya", "Liam",
    "Mira", "Nadia", "Oskar", "Priya",
];
const LAST_NAMES: [&str; 13] = [
    "Almond", "Birch", "Cedar", "Dahlia", "Elm", "Fern", "Ginkgo", "Hazel", "Iris", "Juniper", "Linden",
    "Maple", "Willow",
];

impl Phone {
    fn new(user_id: i64) -> Self {
        let index = usize::try_from(user_id - FIRST_USER).unwrap_or_default();
        let name = |names: &[&str]| names.get(index % names.len()).copied().unwrap_or("Somebody").to_owned();
        Self {
            user_id,
            access_hash: random_id(),
            first_name: name(&FIRST_NAMES),
            last_name: name(&LAST_NAMES),
            account: Account::Registered,
            frozen_since: 0,
            dc: None,
            password: None,
            code: None,
            sms: VecDeque::new(),
            messages: VecDeque::new(),
            pts: 1,
            last_message: 0,
        }
    }
}
