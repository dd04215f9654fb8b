//! The data behind the server: keys, phones, sessions, messages, passwords.
//!
//! [`Backend`] is a plain value. It does no I/O and is told the time; it serialises to the state file as it is. What
//! connected clients have to be told about a change is left in [`Backend::events`] for the server to deliver.

mod apps;
mod bots;
mod codes;
mod counters;
mod deliveries;
mod devices;
mod emails;
mod inbox;
mod keys;
mod login_tokens;
mod new_devices;
mod new_recovery;
mod phone;
mod phone_number;
mod picture;
mod recovery;
mod stages;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub(crate) use apps::simulated_app;
pub use apps::{App, Place};
pub use bots::{Bot, InvalidBot};
pub use codes::Code;
pub use counters::{Count, Counters};
pub(crate) use deliveries::CALLER;
pub use deliveries::{Deliveries, Delivery, SmsCode};
pub use devices::Device;
pub use emails::{EmailCode, LoginEmail};
pub(crate) use emails::{is_address, pattern as email_pattern};
pub use inbox::{Message, Sms, Via};
pub use keys::{AuthState, KeyKind, KeyRecord};
pub use login_tokens::{AcceptedLogin, LoginToken, LoginTokens};
pub(crate) use login_tokens::{MAX_TOKEN_LIFETIME, token_in_link};
pub use new_devices::NewDevice;
pub use new_recovery::NewRecovery;
pub(crate) use new_recovery::RESET_AFTER;
pub use phone::{Account, Phone};
pub use phone_number::{InvalidPhoneNumber, PhoneNumber};
pub use picture::Picture;
pub(crate) use picture::generated as generated_picture;
pub use stages::Stage;

use crate::crypto::KeyId;
use crate::crypto::srp::Password;

/// The limit keeps a test that runs wild from filling the memory.
const MAX_PHONES: usize = 20_000;
/// The first user's id; the next ones count up.
const FIRST_USER: i64 = 7_000_000_001;

/// Everything the server stores.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Backend {
    /// Auth keys by their id.
    pub keys: BTreeMap<KeyId, KeyRecord>,
    pub phones: BTreeMap<PhoneNumber, Phone>,
    /// Signed-in apps, by what `account.getAuthorizations` calls their hash.
    pub devices: BTreeMap<i64, Device>,
    /// What QR codes for signing in contain.
    #[serde(default)]
    pub login_tokens: LoginTokens,
    /// How often each method was called.
    pub counters: Counters,
    next_user: i64,
    /// What happened since the server last delivered.
    #[serde(skip)]
    pub events: Vec<Event>,
    /// Counts the changes that have to be saved before clients hear of them.
    #[serde(skip)]
    pub changes: u64,
}

/// Something that connected clients have to be told.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A new message in the chat with Telegram.
    Message(PhoneNumber, Message),
    /// The account of this number has a new name, since this time.
    NameChanged(PhoneNumber, i64),
    /// The account of this number has another picture or none, since this time.
    PictureChanged(PhoneNumber, i64),
    /// A new session of this number that its owner has to confirm, by its hash, since this time.
    SessionUnconfirmed(PhoneNumber, i64, i64),
    /// That session was confirmed, at this time.
    SessionConfirmed(PhoneNumber, i64, i64),
    /// This key is no longer signed in.
    SessionEnded(KeyId),
    /// Keys were dropped; clients that are connected with one have to be told.
    KeysDropped,
    /// The connections that use this key have to be closed.
    Disconnect(KeyId),
    /// The configuration of this number's account has changed, since this time.
    ConfigChanged(PhoneNumber, i64),
    /// A login token of this key was accepted, at this time.
    LoginTokenAccepted(KeyId, i64),
    /// A code was sent to this number, for which a client of this key has waited, at this time.
    CodeSent(KeyId, PhoneNumber, i64),
}

impl Default for Backend {
    fn default() -> Self {
        Self {
            keys: BTreeMap::new(),
            phones: BTreeMap::new(),
            devices: BTreeMap::new(),
            login_tokens: LoginTokens::default(),
            counters: Counters::default(),
            next_user: FIRST_USER,
            events: Vec::new(),
            changes: 0,
        }
    }
}

impl Backend {
    /// The phone of this number, added if there is none. `None` when there are too many.
    pub fn phone(&mut self, number: &PhoneNumber) -> Option<&mut Phone> {
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

    pub(crate) fn user(&self, id: i64) -> Option<(&PhoneNumber, &Phone)> {
        self.phones.iter().find(|(_, phone)| phone.user_id == id)
    }

    pub(crate) fn set_password(&mut self, number: &PhoneNumber, password: Option<Password>) {
        if let Some(phone) = self.phone(number) {
            phone.recovery_code = None;
            phone.password_reset = None;
            if password.is_none() {
                phone.recovery_email = None;
            }
            phone.password = password;
            self.changes += 1;
        }
    }

    pub(crate) fn set_first_name(&mut self, number: &PhoneNumber, name: &str, now: i64) {
        if let Some(phone) = self.phone(number) {
            name.clone_into(&mut phone.first_name);
            self.changes += 1;
            self.events.push(Event::NameChanged(number.clone(), now));
        }
    }

    pub(crate) fn set_dc(&mut self, number: &PhoneNumber, dc: Option<i32>) {
        if let Some(phone) = self.phone(number) {
            phone.dc = dc;
            self.changes += 1;
        }
    }

    /// Losing the account ends its sessions.
    pub(crate) fn set_account(&mut self, number: &PhoneNumber, account: Account, now: i64) {
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
            Account::Unregistered => self.end_all_sessions(number, "SESSION_REVOKED"),
            Account::Banned => self.disconnect(number, "USER_DEACTIVATED_BAN"),
            Account::Deactivated => self.disconnect(number, "USER_DEACTIVATED"),
        }
        if (before == Account::Frozen) != (account == Account::Frozen) {
            self.events.push(Event::ConfigChanged(number.clone(), now));
        }
    }
}
