//! What stands around a message: its salt, its id, its session. A message that is wrong about them is answered with
//! a notice, and its client sends it again.

use grammers_tl_types::{Serializable, enums, types};

use crate::bytes::Reader;
use crate::crypto::random_id;
use crate::envelope::{self, Envelope, Message, Unpacking};
use crate::receive::{Fault, Link};
use crate::request::acknowledgement;
use crate::server::{Server, State};
use crate::session::{Outgoing, SessionKey};

const CONTAINER: u32 = 0x73f1_f8dc;
/// Clients whose clock is further off are told so.
const MAX_AGE: i64 = 300;
const MAX_AHEAD: i64 = 30;

impl Server {
    /// Checks what stands around a message, and opens its session. `None` when the client was told to do
    /// something differently and will send it again.
    pub(crate) fn accept(
        &self,
        link: &Link,
        session: SessionKey,
        envelope: Envelope,
    ) -> Result<Option<Vec<Message>>, Fault> {
        let (outer, salt) = (envelope.message.clone(), envelope.salt);
        let messages = match envelope::unpack(envelope.message) {
            Ok(messages) => Ok(messages),
            Err(Unpacking::BadContainer) => Err(64),
            Err(Unpacking::Malformed) => return Err(Fault::Malformed),
        };
        let now = self.now_seconds();
        let period = self.salt_period;
        let (result, _) = self.change(|state| {
            state.open_session(link, session, &outer, messages.as_deref().unwrap_or_default(), period, now);
            let verdict = state.check_salt(session, &outer, salt, period, now);
            let verdict = verdict.and_then(|()| check_message(&outer, &messages, now));
            match verdict.and_then(|()| messages.map_err(Bad::Message)) {
                Ok(messages) => Some(state.only_new(session, &outer, messages)),
                Err(bad) => {
                    state.push(session, bad.into_body(&outer), false, None);
                    None
                }
            }
        });
        Ok(result)
    }
}

enum Bad {
    Salt(i64),
    Message(i32),
}

impl Bad {
    fn into_body(self, message: &Message) -> Vec<u8> {
        let (bad_msg_id, bad_msg_seqno) = (message.id, message.seqno);
        match self {
            Self::Salt(new_server_salt) => enums::BadMsgNotification::BadServerSalt(types::BadServerSalt {
                bad_msg_id,
                bad_msg_seqno,
                error_code: 48,
                new_server_salt,
            }),
            Self::Message(error_code) => enums::BadMsgNotification::Notification(types::BadMsgNotification {
                bad_msg_id,
                bad_msg_seqno,
                error_code,
            }),
        }
        .to_bytes()
    }
}

/// Checks the id of a message against the clock and its form.
fn check_message(message: &Message, parts: &Result<Vec<Message>, i32>, now: i64) -> Result<(), Bad> {
    let time = message.id >> 32;
    let is_container = Reader(&message.body).u32() == Some(CONTAINER);
    let code = if message.id % 4 != 0 {
        18
    } else if time < now - MAX_AGE {
        16
    } else if time > now + MAX_AHEAD {
        17
    } else if is_container && message.seqno % 2 != 0 {
        34
    } else if let Err(code) = parts {
        *code
    } else {
        return Ok(());
    };
    Err(Bad::Message(code))
}

impl State {
    pub(crate) fn push(&mut self, session: SessionKey, body: Vec<u8>, content: bool, answers: Option<i64>) {
        if let Some(session) = self.sessions.get_mut(&session) {
            session.push(Outgoing { body, content, answers });
        }
    }

    /// Puts the session on this connection, and tells the client if it is a new one. Requests older than the
    /// first id of its first packet were not received by this session; the client sends them again.
    fn open_session(
        &mut self,
        link: &Link,
        key: SessionKey,
        outer: &Message,
        messages: &[Message],
        period: i64,
        now: i64,
    ) {
        let (session, is_new) = self.sessions.open(key, now);
        session.used = now;
        session.attach(link.id, &link.bell);
        if !is_new {
            return;
        }
        let first_msg_id = messages.iter().map(|message| message.id).fold(outer.id, i64::min);
        let Some(record) = self.world.keys.get(&key.0) else {
            return;
        };
        let created = enums::NewSession::Created(types::NewSessionCreated {
            first_msg_id,
            unique_id: random_id(),
            server_salt: record.salts(period).current(now),
        });
        self.push(key, created.to_bytes(), true, None);
    }

    fn check_salt(
        &self,
        session: SessionKey,
        message: &Message,
        salt: i64,
        period: i64,
        now: i64,
    ) -> Result<(), Bad> {
        let Some(record) = self.world.keys.get(&session.0) else {
            return Ok(());
        };
        let salts = record.salts(period);
        if salts.accept(salt, now) {
            return Ok(());
        }
        tracing::debug!(id = message.id, "a packet with an old salt");
        Err(Bad::Salt(salts.current(now)))
    }

    /// Leaves out the messages that were here before. Their answers go out again if they were not confirmed.
    fn only_new(&mut self, key: SessionKey, outer: &Message, messages: Vec<Message>) -> Vec<Message> {
        let Some(session) = self.sessions.get_mut(&key) else {
            return Vec::new();
        };
        let contained = !matches!(messages.as_slice(), [only] if only.id == outer.id);
        if contained {
            session.receive(outer.id);
        }
        let mut new = Vec::new();
        for message in messages {
            if session.receive(message.id) {
                new.push(message);
            } else {
                session.resend(|_, answers| answers == Some(message.id));
                session.push(Outgoing { body: acknowledgement(message.id), content: false, answers: None });
            }
        }
        new
    }

    /// After the answers are encrypted: a key that asked for its end is destroyed.
    pub(crate) fn end_of_packet(&mut self, link: &mut Link) {
        if let Some(key) = link.doomed.take() {
            self.world.destroy_key(key);
            self.challenges.remove(&key);
            let world = &self.world;
            self.sessions.forget(|key| !world.keys.contains_key(&key));
        }
    }
}
