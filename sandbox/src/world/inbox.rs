//! What a phone receives: text messages, and messages from Telegram itself.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{Event, Number, World};

/// Messages that are kept per phone and kind.
const KEPT: usize = 500;

/// A text message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextMessage {
    /// When, in seconds since 1970.
    pub date: i64,
    /// What it says.
    pub text: String,
}

/// A message from Telegram's service user, 777000.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its number in this account, from 1.
    pub id: i32,
    /// When, in seconds since 1970.
    pub date: i64,
    /// What it says.
    pub text: String,
    /// The account's state after it came.
    pub pts: i32,
}

impl World {
    /// Puts a message into the chat with Telegram. Everybody who is signed in hears of it.
    pub fn post(&mut self, number: &Number, text: &str, now: i64) -> Option<Message> {
        let phone = self.phone(number)?;
        phone.pts = phone.pts.saturating_add(1);
        phone.last_message = phone.last_message.saturating_add(1);
        let message = Message { id: phone.last_message, date: now, text: text.to_owned(), pts: phone.pts };
        keep(&mut phone.messages, message.clone());
        self.changes += 1;
        self.events.push(Event::Message(number.clone(), message.clone()));
        Some(message)
    }

    /// Puts a text message onto the phone.
    pub fn receive_text(&mut self, number: &Number, text: &str, now: i64) {
        let text = TextMessage { date: now, text: text.to_owned() };
        if let Some(phone) = self.phone(number) {
            keep(&mut phone.sms, text);
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
        let mut world = World::default();
        let ada = Number::parse("9996621234").unwrap();
        for _ in 0..KEPT + 2 {
            world.post(&ada, "hello", 1);
        }
        let phone = &world.phones[&ada];
        assert_eq!(phone.messages.len(), KEPT);
        let last = phone.messages.back().unwrap();
        assert_eq!(usize::try_from(last.id).unwrap(), KEPT + 2);
        assert_eq!((last.pts, phone.pts), (last.id + 1, last.id + 1));
        assert_eq!(world.events.len(), KEPT + 2);
    }
}
