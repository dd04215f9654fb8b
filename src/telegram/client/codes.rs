//! The login codes that Telegram sent to an account: kept as they arrive, and read from the chat once in a client's life,
//! because those that arrived before it started are announced by no update.

use std::time::Duration;

use tdlib_rs::{enums, functions, types};

use crate::domain::{Millis, Secret, login_code};
use crate::telegram::client::calls::{CallError, call};
use crate::telegram::client::run::Client;
use crate::telegram::client::{ClientTask, Done};
use crate::telegram::handle::{AnswerError, LoginCode, LoginCodes, Reply};

/// Codes that are kept.
const KEPT: usize = 10;
/// People whose questions about codes wait for the same answer.
const ASKING: usize = 64;
/// Telegram's own user, who sends login codes, and the chat with them.
const TELEGRAM: i64 = 777_000;
/// Messages that are requested at a time, and how often. Telegram may answer with fewer.
const PAGE: i32 = 20;
const PAGES: u32 = 5;
/// How long reading the chat may take. What arrives meanwhile is known without it.
const READ_TIME: Duration = Duration::from_secs(10);

/// Whether the chat with Telegram has been read, and what its messages are.
pub(super) type ReadChat = Result<Vec<types::Message>, CallError>;

impl ClientTask {
    /// Answers with the codes that the account has. The first question in a client's life reads the chat.
    pub(super) fn login_codes(&mut self, client: &mut Client, reply: Reply<LoginCodes>) {
        let stage = &self.snapshot.stage;
        let refusal = match () {
            () if stage.is_starting() => Some(AnswerError::Away),
            () if *stage != crate::domain::Stage::Ready => Some(AnswerError::NotNow),
            () if client.asking.len() >= ASKING => Some(AnswerError::Busy),
            () => None,
        };
        if let Some(refusal) = refusal {
            let _ = reply.send(Err(refusal));
            return;
        }
        client.asking.push(reply);
        if client.asking.len() > 1 {
            return;
        }
        let (id, was_read) = (client.id, client.chat_read);
        client.calls.push(Box::pin(async move {
            let read = if was_read { None } else { Some(read_chat(id).await) };
            Done::Codes(read, telegram_time(id).await)
        }));
    }

    /// The chat was read, or did not have to be; `now` is Telegram's time.
    pub(super) fn on_codes(&mut self, client: &mut Client, read: Option<ReadChat>, now: Option<Millis>) {
        match read {
            Some(Ok(messages)) => {
                client.chat_read = true;
                for message in messages {
                    self.on_message(message);
                }
            }
            // Telegram won't be more willing the next time.
            Some(Err(error)) => client.chat_read = !error.is_away(),
            None => {}
        }
        let codes = LoginCodes {
            newest_first: self.codes.iter().cloned().collect(),
            now: now.unwrap_or_else(|| self.context.settings.clock.now()),
            complete: client.chat_read,
        };
        for reply in client.asking.drain(..) {
            let _ = reply.send(Ok(codes.clone()));
        }
    }

    /// Keeps the login code of a message, if it is from Telegram and has one. False if Telegram says something else with it.
    pub(super) fn on_message(&mut self, message: types::Message) -> bool {
        if !is_from_telegram(message.chat_id, &message.sender_id) {
            return true;
        }
        let enums::MessageContent::MessageText(content) = message.content else {
            return false;
        };
        let Some(code) = login_code::find(&content.text.text) else { return false };
        if self.codes.iter().any(|known| known.id == message.id) {
            return true;
        }
        let sent = Millis(i64::from(message.date) * 1000);
        self.codes.push_front(LoginCode { id: message.id, sent, code: Secret::new(code) });
        // Telegram numbers messages in the order of their arrival.
        self.codes.make_contiguous().sort_by_key(|code| std::cmp::Reverse(code.id));
        self.codes.truncate(KEPT);
        self.snapshot.code_came = self.codes.front().map(|newest| newest.sent);
        self.unpublished = true;
        true
    }
}

/// Whether a message is from Telegram's own account, in the chat with it. Anyone can write what looks like a login code,
/// or call themselves Telegram.
const fn is_from_telegram(chat: i64, sender: &enums::MessageSender) -> bool {
    match sender {
        enums::MessageSender::User(user) => chat == TELEGRAM && user.user_id == TELEGRAM,
        enums::MessageSender::Chat(_) => false,
    }
}

/// The newest messages of the chat with Telegram, as far back as a code in them can still work.
async fn read_chat(id: i32) -> ReadChat {
    let late = || CallError { code: 500, message: "the chat with Telegram was not read in time".into() };
    tokio::time::timeout(READ_TIME, pages(id)).await.unwrap_or_else(|_| Err(late()))
}

async fn pages(id: i32) -> ReadChat {
    call(functions::create_private_chat(TELEGRAM, true, id)).await?;
    let now = telegram_time(id).await;
    let mut messages: Vec<types::Message> = Vec::new();
    for _ in 0..PAGES {
        let from = messages.last().map_or(0, |oldest| oldest.id);
        let enums::Messages::Messages(page) =
            call(functions::get_chat_history(TELEGRAM, from, 0, PAGE, false, id)).await?;
        let known = messages.len();
        messages.extend(page.messages.into_iter().flatten().filter(|message| from == 0 || message.id < from));
        let Some(oldest) = messages.get(known..).and_then(|new| new.last()) else { break };
        let sent = Millis(i64::from(oldest.date) * 1000);
        if now.is_some_and(|now| login_code::is_stale(sent, now)) {
            break;
        }
    }
    Ok(messages)
}

/// The time at Telegram as TDLib knows it: a message's age is told by one clock, not by the difference of two.
async fn telegram_time(id: i32) -> Option<Millis> {
    match call(functions::get_option("unix_time".into(), id)).await {
        Ok(enums::OptionValue::Integer(time)) => Some(Millis(time.value.saturating_mul(1000))),
        Ok(enums::OptionValue::Boolean(_) | enums::OptionValue::Empty | enums::OptionValue::String(_))
        | Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_others_are_not_searched_for_codes() {
        let user = |user_id| enums::MessageSender::User(types::MessageSenderUser { user_id });
        let chat = |chat_id| enums::MessageSender::Chat(types::MessageSenderChat { chat_id });
        assert!(is_from_telegram(TELEGRAM, &user(TELEGRAM)));
        for (place, sender) in [
            (4242, user(4242)),
            (4242, user(TELEGRAM)),
            (TELEGRAM, user(4242)),
            (-100_777_000, user(TELEGRAM)),
            (TELEGRAM, chat(TELEGRAM)),
            (4242, chat(TELEGRAM)),
        ] {
            assert!(!is_from_telegram(place, &sender), "{place} {sender:?}");
        }
    }
}
