//! What a phone receives: SMS, calls, e-mails, and messages from Telegram itself.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{Backend, Event, PhoneNumber};

/// Messages that are kept per phone and kind.
const KEPT: usize = 500;

/// An SMS, or something else that does not come through Telegram.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sms {
    /// In seconds since 1970.
    pub date: i64,
    pub text: String,
    #[serde(default)]
    pub via: Via,
    /// The code in it.
    #[serde(default)]
    pub code: Option<String>,
    /// Counts what the phone received, from 1.
    #[serde(default)]
    pub order: u64,
}

/// How something came that did not come through Telegram.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    #[default]
    Sms,
    Call,
    MissedCall,
    Fragment,
    Email,
}

/// A message from Telegram's service user, 777000.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Counts from 1 in each account.
    pub id: i32,
    /// In seconds since 1970.
    pub date: i64,
    pub text: String,
    /// The account's `pts` after this message.
    pub pts: i32,
    /// The login code in it.
    #[serde(default)]
    pub code: Option<String>,
    /// Counts what the phone received, from 1.
    #[serde(default)]
    pub order: u64,
}

impl Backend {
    /// Adds a message to the chat with Telegram. All sessions of the number get an update.
    pub fn post(&mut self, number: &PhoneNumber, text: &str, now: i64) -> Option<Message> {
        self.add_message(number, text, None, now)
    }

    /// The same with a login code.
    pub(super) fn post_code(&mut self, number: &PhoneNumber, text: &str, code: &str, now: i64) {
        self.add_message(number, text, Some(code.to_owned()), now);
    }

    fn add_message(
        &mut self,
        number: &PhoneNumber,
        text: &str,
        code: Option<String>,
        now: i64,
    ) -> Option<Message> {
        let phone = self.phone(number)?;
        phone.pts = phone.pts.saturating_add(1);
        phone.last_message = phone.last_message.saturating_add(1);
        phone.received += 1;
        let message = Message {
            id: phone.last_message,
            date: now,
            text: text.to_owned(),
            pts: phone.pts,
            code,
            order: phone.received,
        };
        keep(&mut phone.messages, message.clone());
        self.changes += 1;
        self.events.push(Event::Message(number.clone(), message.clone()));
        Some(message)
    }

    /// Something arrives that does not come through Telegram.
    pub(super) fn receive(
        &mut self,
        number: &PhoneNumber,
        via: Via,
        text: &str,
        code: Option<String>,
        now: i64,
    ) {
        if let Some(phone) = self.phone(number) {
            phone.received += 1;
            let sms = Sms { date: now, text: text.to_owned(), via, code, order: phone.received };
            keep(&mut phone.sms, sms);
            self.changes += 1;
        }
    }
}

fn keep<T>(list: &mut VecDeque<T>, item: T) {
    if list.len() >= KEPT {
        list.pop_front();
    }
    list.push_back(item);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_numbered_and_bounded() {
        let mut backend = Backend::default();
        let ada: PhoneNumber = "9996621234".parse().unwrap();
        for _ in 0..KEPT + 2 {
            backend.post(&ada, "hello", 1);
        }
        let phone = &backend.phones[&ada];
        assert_eq!(phone.messages.len(), KEPT);
        let last = phone.messages.back().unwrap();
        assert_eq!(usize::try_from(last.id).unwrap(), KEPT + 2);
        assert_eq!((last.pts, phone.pts), (last.id + 1, last.id + 1));
        assert_eq!(backend.events.len(), KEPT + 2);
    }
}
