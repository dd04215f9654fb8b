//! A client's session: what it sent, what it was sent, and what it has not acknowledged.
//!
//! A session outlives its TCP connection. What a client did not acknowledge is kept, and sent again when the same session
//! appears on another connection. Memory is bounded: sessions that are unused for long, or too many, are forgotten, and
//! their clients are told that the session is new.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use grammers_tl_types::{Serializable, enums, types};
use tokio::sync::Notify;

use crate::crypto::KeyId;
use crate::mtproto::envelope::Message;

/// Ids of received messages that are remembered, to recognise repeated ones.
const MAX_RECEIVED: usize = 2000;
/// Updates that are queued for a client; more of them are replaced by one summary.
const MAX_UPDATES: usize = 200;
/// Messages that wait for their acknowledgement, and their bytes. Beyond that, the oldest are forgotten.
const MAX_SENT: usize = 1200;
const MAX_SENT_BYTES: usize = 4 * 1024 * 1024;
/// Telegram's clients refuse ids older than 300 seconds.
const ID_LIFETIME: i64 = 200;

/// A key and the client's id of the session.
pub type SessionKey = (KeyId, i64);

/// A message to send.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    body: Vec<u8>,
    /// The client has to acknowledge it.
    content: bool,
    /// The request that it answers.
    answers: Option<i64>,
}

impl Outgoing {
    /// A message about the session, which needs no acknowledgement.
    pub(crate) fn service(body: Vec<u8>) -> Self {
        Self { body, content: false, answers: None }
    }

    /// A message that the client has to acknowledge.
    pub(crate) fn content(body: Vec<u8>) -> Self {
        Self { body, content: true, answers: None }
    }

    /// The answer to a request.
    pub(crate) fn answer(body: Vec<u8>, request: i64) -> Self {
        Self { body, content: true, answers: Some(request) }
    }

    /// What a client gets for a message that has no other answer.
    pub(crate) fn acknowledgement(message: i64) -> Self {
        Self::service(enums::MsgsAck::Ack(types::MsgsAck { msg_ids: vec![message] }).to_bytes())
    }

    /// The update that makes a client ask what it missed.
    pub(crate) fn updates_too_long() -> Self {
        Self::content(enums::Updates::TooLong.to_bytes())
    }

    fn is_update(&self) -> bool {
        self.content && self.answers.is_none()
    }
}

/// A message that was sent and not acknowledged.
#[derive(Debug, Clone)]
struct Sent {
    message: Message,
    answers: Option<i64>,
}

#[derive(Debug)]
pub(crate) struct Session {
    /// The connection it is attached to, and what wakes that.
    pub connection: Option<(u64, Arc<Notify>)>,
    /// In seconds since 1970.
    pub last_used: i64,
    /// It made a request as a signed-in user, and did not opt out of updates.
    pub wants_updates: bool,
    received: VecDeque<i64>,
    received_set: HashSet<i64>,
    queue: VecDeque<Outgoing>,
    resend_queue: VecDeque<Message>,
    sent: VecDeque<Sent>,
    sent_bytes: usize,
    content_count: i32,
}

/// Message ids of the server: about the time, odd, and always greater than the last one.
#[derive(Debug, Default)]
pub(crate) struct MessageIds(i64);

impl MessageIds {
    pub(crate) fn next(&mut self, now: std::time::Duration) -> i64 {
        let seconds = i64::try_from(now.as_secs()).unwrap_or_default();
        let fraction = (i64::from(now.subsec_nanos()) << 32) / 1_000_000_000;
        let id = ((seconds << 32 | fraction) & !3) + 1;
        self.0 = id.max(self.0 + 4);
        self.0
    }
}

impl Session {
    pub(crate) fn new(now: i64) -> Self {
        Self {
            connection: None,
            last_used: now,
            wants_updates: false,
            received: VecDeque::new(),
            received_set: HashSet::new(),
            queue: VecDeque::new(),
            resend_queue: VecDeque::new(),
            sent: VecDeque::new(),
            sent_bytes: 0,
            content_count: 0,
        }
    }

    /// Attaches the session to a connection. If it was on another one, what was not acknowledged is sent again.
    pub(crate) fn attach(&mut self, connection: u64, notify: &Arc<Notify>) {
        let before = self.connection.replace((connection, Arc::clone(notify)));
        if before.is_none_or(|(before, _)| before != connection) {
            self.resend_queue = self.sent.iter().map(|sent| sent.message.clone()).collect();
        }
    }

    /// Whether the session is attached to this connection.
    pub(crate) fn is_on(&self, connection: u64) -> bool {
        self.connection.as_ref().is_some_and(|(at, _)| *at == connection)
    }

    /// Remembers a message's id. `false` if it was received before.
    pub(crate) fn receive(&mut self, id: i64) -> bool {
        if !self.received_set.insert(id) {
            return false;
        }
        self.received.push_back(id);
        if self.received.len() > MAX_RECEIVED
            && let Some(oldest) = self.received.pop_front()
        {
            self.received_set.remove(&oldest);
        }
        true
    }

    /// The bytes of `msgs_state_info` for message ids: 4 received, 1 too old to know, 2 not received, 3 not
    /// received and greater than all that were.
    pub(crate) fn states_of(&self, ids: &[i64]) -> Vec<u8> {
        let (oldest, newest) = (self.received.iter().min(), self.received.iter().max());
        let state = |id: &i64| {
            if self.received_set.contains(id) {
                4
            } else if oldest.is_none_or(|oldest| id < oldest) {
                1
            } else if newest.is_some_and(|newest| id > newest) {
                3
            } else {
                2
            }
        };
        ids.iter().map(state).collect()
    }

    /// Queues a message and wakes the connection.
    pub(crate) fn push(&mut self, outgoing: Outgoing) {
        self.queue.push_back(outgoing);
        if self.queued_updates() > MAX_UPDATES {
            self.queue.retain(|outgoing| !outgoing.is_update());
            self.queue.push_back(Outgoing::updates_too_long());
        }
        if let Some((_, notify)) = &self.connection {
            notify.notify_one();
        }
    }

    pub(crate) fn queued_bytes(&self) -> usize {
        self.queue.iter().map(|outgoing| outgoing.body.len()).sum()
    }

    pub(crate) fn queued_updates(&self) -> usize {
        self.queue.iter().filter(|outgoing| outgoing.is_update()).count()
    }

    /// The client has received these messages.
    pub(crate) fn acknowledge(&mut self, ids: &[i64]) {
        let ids: HashSet<_> = ids.iter().collect();
        self.sent.retain(|sent| !ids.contains(&sent.message.id));
        self.sent_bytes = self.sent.iter().map(|sent| sent.message.body.len()).sum();
    }

    /// Sends some of the messages again that were not acknowledged.
    pub(crate) fn resend(&mut self, wanted: impl Fn(&Message, Option<i64>) -> bool) {
        let found = self.sent.iter().filter(|sent| wanted(&sent.message, sent.answers));
        self.resend_queue.extend(found.map(|sent| sent.message.clone()));
    }

    /// The client no longer wants the answer to this request.
    pub(crate) fn drop_answer(&mut self, request: i64) -> Option<Message> {
        let at = self.sent.iter().position(|sent| sent.answers == Some(request))?;
        let dropped = self.sent.remove(at)?.message;
        self.sent_bytes -= dropped.body.len();
        Some(dropped)
    }

    /// Takes the messages to send now, in order: first those that are sent again, then the new ones.
    pub(crate) fn take(&mut self, ids: &mut MessageIds, now: std::time::Duration) -> Vec<Message> {
        let mut out = Vec::new();
        let oldest = (i64::try_from(now.as_secs()).unwrap_or_default() - ID_LIFETIME) << 32;
        for mut message in std::mem::take(&mut self.resend_queue) {
            if message.id < oldest {
                self.renew_id(&mut message, ids.next(now));
            }
            out.push(message);
        }
        for outgoing in std::mem::take(&mut self.queue) {
            let message = Message {
                id: ids.next(now),
                seqno: self.content_count * 2 + i32::from(outgoing.content),
                body: outgoing.body,
            };
            if outgoing.content {
                self.content_count = self.content_count.wrapping_add(1) & (i32::MAX / 4);
                self.remember(&message, outgoing.answers);
            }
            out.push(message);
        }
        out
    }

    /// Gives a message that waited for too long an id that its client accepts.
    fn renew_id(&mut self, message: &mut Message, id: i64) {
        if let Some(sent) = self.sent.iter_mut().find(|sent| sent.message.id == message.id) {
            sent.message.id = id;
        }
        message.id = id;
    }

    fn remember(&mut self, message: &Message, answers: Option<i64>) {
        self.sent_bytes += message.body.len();
        self.sent.push_back(Sent { message: message.clone(), answers });
        while self.sent.len() > MAX_SENT || self.sent_bytes > MAX_SENT_BYTES {
            let Some(forgotten) = self.sent.pop_front() else { return };
            self.sent_bytes -= forgotten.message.body.len();
        }
    }
}

#[cfg(test)]
mod tests;
