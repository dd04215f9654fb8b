//! A client's session: what it sent, what it was sent, and what it has not confirmed yet.
//!
//! A session outlives its TCP connection. What a client did not acknowledge is kept, and sent again when the
//! same session comes back on another connection. Memory is bounded: a session that stays away for long, or
//! too many of them, are forgotten, and the client is told that its session is new.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use grammers_tl_types::{Serializable, enums};
use tokio::sync::Notify;

use crate::crypto::KeyId;
use crate::envelope::Message;

/// Ids of received messages that are remembered, to tell repeated ones.
const REMEMBERED: usize = 2000;
/// Updates that wait for the client to come back; more are summed up in one.
const MAX_UPDATES: usize = 200;
/// Messages that wait for their acknowledgement, and their bytes. The oldest are not kept beyond that.
const MAX_SENT: usize = 1200;
const MAX_SENT_BYTES: usize = 4 * 1024 * 1024;
/// Telegram's clients refuse ids older than 300 seconds.
const ID_LIFETIME: i64 = 200;

/// A key and the client's number for the session.
pub type SessionKey = (KeyId, i64);

/// Something to send.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// A serialised value.
    pub body: Vec<u8>,
    /// The client has to acknowledge it.
    pub content: bool,
    /// The request that it answers.
    pub answers: Option<i64>,
}

impl Outgoing {
    /// Whether it is news rather than an answer. What needs no acknowledgement is about the session.
    fn is_update(&self) -> bool {
        self.content && self.answers.is_none()
    }
}

/// Something that was sent and not acknowledged.
#[derive(Debug, Clone)]
struct Sent {
    message: Message,
    answers: Option<i64>,
}

/// One session.
#[derive(Debug)]
pub struct Session {
    /// The connection it is on, with the bell that wakes it.
    pub connection: Option<(u64, Arc<Notify>)>,
    /// When it was last heard of, in seconds since 1970.
    pub used: i64,
    /// It asked for something as a signed-in user, without saying that it wants no updates.
    pub wants_updates: bool,
    received: VecDeque<i64>,
    received_set: HashSet<i64>,
    queue: VecDeque<Outgoing>,
    again: VecDeque<Message>,
    sent: VecDeque<Sent>,
    sent_bytes: usize,
    content_count: i32,
}

/// Message ids of the server: about the time, odd, and always greater than the last one.
#[derive(Debug, Default)]
pub struct MessageIds(i64);

impl MessageIds {
    /// The next id.
    pub fn next(&mut self, now: std::time::Duration) -> i64 {
        let seconds = i64::try_from(now.as_secs()).unwrap_or_default();
        let fraction = (i64::from(now.subsec_nanos()) << 32) / 1_000_000_000;
        let id = ((seconds << 32 | fraction) & !3) + 1;
        self.0 = id.max(self.0 + 4);
        self.0
    }
}

impl Session {
    /// A session that was just heard of.
    pub fn new(now: i64) -> Self {
        Self {
            connection: None,
            used: now,
            wants_updates: false,
            received: VecDeque::new(),
            received_set: HashSet::new(),
            queue: VecDeque::new(),
            again: VecDeque::new(),
            sent: VecDeque::new(),
            sent_bytes: 0,
            content_count: 0,
        }
    }

    /// The session is on this connection now. What was not acknowledged goes out again if it came from another.
    pub fn attach(&mut self, connection: u64, bell: &Arc<Notify>) {
        let before = self.connection.replace((connection, Arc::clone(bell)));
        if before.is_none_or(|(before, _)| before != connection) {
            self.again = self.sent.iter().map(|sent| sent.message.clone()).collect();
        }
    }

    /// Whether this connection is the one that the session is on.
    pub fn is_on(&self, connection: u64) -> bool {
        self.connection.as_ref().is_some_and(|(at, _)| *at == connection)
    }

    /// Remembers a message's id. `false` if it was here before.
    pub fn receive(&mut self, id: i64) -> bool {
        if !self.received_set.insert(id) {
            return false;
        }
        self.received.push_back(id);
        if self.received.len() > REMEMBERED
            && let Some(oldest) = self.received.pop_front()
        {
            self.received_set.remove(&oldest);
        }
        true
    }

    /// The bytes of `msgs_state_info` for message ids: 4 received, 1 too old to know, 2 not received, 3 not
    /// received and greater than all that were.
    pub fn states_of(&self, ids: &[i64]) -> Vec<u8> {
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

    /// Queues something and rings the connection's bell.
    pub fn push(&mut self, outgoing: Outgoing) {
        self.queue.push_back(outgoing);
        if self.updates_waiting() > MAX_UPDATES {
            self.queue.retain(|outgoing| !outgoing.is_update());
            self.queue.push_back(too_long());
        }
        if let Some((_, bell)) = &self.connection {
            bell.notify_one();
        }
    }

    /// The bytes that are queued.
    pub fn waiting(&self) -> usize {
        self.queue.iter().map(|outgoing| outgoing.body.len()).sum()
    }

    /// The updates that are queued.
    pub fn updates_waiting(&self) -> usize {
        self.queue.iter().filter(|outgoing| outgoing.is_update()).count()
    }

    /// The client has got these.
    pub fn acknowledge(&mut self, ids: &[i64]) {
        let ids: HashSet<_> = ids.iter().collect();
        self.sent.retain(|sent| !ids.contains(&sent.message.id));
        self.sent_bytes = self.sent.iter().map(|sent| sent.message.body.len()).sum();
    }

    /// The client wants these again.
    pub fn resend(&mut self, wanted: impl Fn(&Message, Option<i64>) -> bool) {
        let found = self.sent.iter().filter(|sent| wanted(&sent.message, sent.answers));
        self.again.extend(found.map(|sent| sent.message.clone()));
    }

    /// The client does not want the answer to this request any more.
    pub fn drop_answer(&mut self, request: i64) -> Option<Message> {
        let at = self.sent.iter().position(|sent| sent.answers == Some(request))?;
        let dropped = self.sent.remove(at)?.message;
        self.sent_bytes -= dropped.body.len();
        Some(dropped)
    }

    /// Takes what is to be sent now, in order: first what goes out again, then what is new.
    pub fn take(&mut self, ids: &mut MessageIds, now: std::time::Duration) -> Vec<Message> {
        let mut out = Vec::new();
        let oldest = (i64::try_from(now.as_secs()).unwrap_or_default() - ID_LIFETIME) << 32;
        for mut message in std::mem::take(&mut self.again) {
            if message.id < oldest {
                self.rename(&mut message, ids.next(now));
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

    /// A message that waited for too long gets an id that its client will take.
    fn rename(&mut self, message: &mut Message, id: i64) {
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

/// The update that makes a client ask what it missed.
pub fn too_long() -> Outgoing {
    Outgoing { body: enums::Updates::TooLong.to_bytes(), content: true, answers: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const NOW: Duration = Duration::from_secs(1_000_000);

    fn push(session: &mut Session, answers: Option<i64>) {
        session.push(Outgoing { body: vec![1, 2, 3, 4], content: true, answers });
    }

    #[test]
    fn what_is_not_acknowledged_comes_again_on_the_next_connection() {
        let (mut session, mut ids, bell) = (Session::new(1), MessageIds::default(), Arc::default());
        session.attach(1, &bell);
        push(&mut session, None);
        push(&mut session, Some(77));
        let first = session.take(&mut ids, NOW);
        assert_eq!(first.iter().map(|message| message.seqno).collect::<Vec<_>>(), [1, 3]);
        assert!(first[0].id % 4 == 1 && first[1].id > first[0].id);
        session.acknowledge(&[first[0].id]);
        session.attach(1, &bell);
        assert!(session.take(&mut ids, NOW).is_empty(), "the same connection");
        session.attach(2, &bell);
        assert_eq!(session.take(&mut ids, NOW), first[1..]);
        session.attach(3, &bell);
        let later = session.take(&mut ids, NOW + Duration::from_secs(500));
        assert!(later[0].id > first[1].id && later[0].body == first[1].body, "with an id of today");
        assert_eq!(session.drop_answer(77).unwrap().id, later[0].id);
        assert!(session.drop_answer(77).is_none());
    }

    #[test]
    fn nothing_grows_without_bound() {
        let (mut session, mut ids) = (Session::new(1), MessageIds::default());
        for id in 0..10_000 {
            assert!(session.receive(id));
            push(&mut session, None);
        }
        assert!(!session.receive(9_999));
        assert_eq!(session.states_of(&[9_999, 1, 20_000]), [4, 1, 3]);
        let out = session.take(&mut ids, NOW);
        assert!(out.len() <= MAX_UPDATES + 1);
        assert_eq!(out[0].body, enums::Updates::TooLong.to_bytes());
        for request in 0..3000 {
            push(&mut session, Some(request));
        }
        assert_eq!(session.waiting(), 3000 * 4);
        assert_eq!(session.take(&mut ids, NOW).len(), 3000, "no answer is left out");
        assert_eq!(session.sent.len(), MAX_SENT);
        let body = vec![0; MAX_SENT_BYTES / 2 + 4];
        for request in 0..3 {
            session.push(Outgoing { body: body.clone(), content: true, answers: Some(request) });
        }
        session.take(&mut ids, NOW);
        assert_eq!(session.sent.len(), 1);
        let last = session.sent[0].message.id;
        session.acknowledge(&[last]);
        assert_eq!((session.sent.len(), session.sent_bytes), (0, 0));
    }
}
