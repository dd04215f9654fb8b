//! What a packet does: from the bytes of one packet to the packets that answer it.
//!
//! A packet is decrypted, its salt, session and ids are checked, its messages are unpacked, and each is either
//! a message about the session itself (acknowledgements, pings, salts), handled in [`service`](crate::service),
//! or a request.

use std::sync::Arc;
use std::time::Duration;

use grammers_tl_types::{Serializable, enums, types};
use tokio::sync::Notify;

use crate::bytes::Reader;
use crate::clock;
use crate::crypto::{AuthKey, KeyId, random_id};
use crate::envelope::{self, Envelope, Message, Unpacking};
use crate::handshake::Handshake;
use crate::request::acknowledgement;
use crate::server::{Server, State};
use crate::session::{Outgoing, SessionKey};

const CONTAINER: u32 = 0x73f1_f8dc;
/// Clients whose clock is further off are told so.
const MAX_AGE: i64 = 300;
const MAX_AHEAD: i64 = 30;

/// One connection as far as packets are concerned.
#[derive(Debug)]
pub(crate) struct Link {
    /// Its number, which sessions know it by.
    pub(crate) id: u64,
    /// Rings when a session has something to send.
    pub(crate) bell: Arc<Notify>,
    /// The data centre, 1 to 5, if the transport named one.
    pub(crate) dc: Option<i32>,
    /// The session that was heard of last.
    pub(crate) session: Option<SessionKey>,
    /// How long the connection may be silent.
    pub(crate) patience: Duration,
    handshake: Handshake,
    pub(crate) doomed: Option<KeyId>,
}

/// The connection cannot go on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The client is told this number first.
    Code(i32),
    /// Not MTProto.
    Malformed,
}

/// Something to write.
#[derive(Debug)]
pub(crate) enum Output {
    /// A packet, not framed yet.
    Packet(Vec<u8>),
    /// A quick acknowledgement of a message with this hash.
    QuickAck([u8; 32]),
}

/// The silence that a connection may keep before any ping sets another limit.
pub(crate) const PATIENCE: Duration = Duration::from_secs(900);

impl Link {
    pub(crate) fn new(id: u64) -> Self {
        Self {
            id,
            bell: Arc::default(),
            dc: None,
            session: None,
            patience: PATIENCE,
            handshake: Handshake::default(),
            doomed: None,
        }
    }
}

impl Server {
    /// Handles a packet. The number says how many changes must be safe before the answers may go out.
    pub(crate) fn receive(
        &self,
        link: &mut Link,
        packet: &[u8],
        quick_ack: bool,
    ) -> Result<(Vec<Output>, u64), Fault> {
        let key_id = envelope::key_of(packet).ok_or(Fault::Malformed)?;
        if key_id == KeyId(0) {
            return self.exchange_keys(link, packet);
        }
        let now = self.now_seconds();
        let key = self.lock().world.usable_key(key_id, now).map(|record| record.key.clone());
        let key = key.ok_or(Fault::Code(-404))?;
        let (envelope, hash) = envelope::open(&key, packet).ok_or(Fault::Malformed)?;
        let session = (key_id, envelope.session);
        link.session = Some(session);
        let mut out = Vec::new();
        if quick_ack {
            out.push(Output::QuickAck(hash));
        }
        if let Some(messages) = self.accept(link, session, envelope)? {
            for message in messages {
                self.handle(link, session, &message)?;
            }
        }
        out.extend(self.flush(link, &key));
        let ((), changes) = self.change(|state| state.end_of_packet(link));
        Ok((out, changes))
    }

    fn exchange_keys(&self, link: &mut Link, packet: &[u8]) -> Result<(Vec<Output>, u64), Fault> {
        let question = envelope::open_plain(packet).ok_or(Fault::Malformed)?;
        let now = self.network.now();
        let known = |id| self.lock().world.keys.contains_key(&id);
        let answer = link.handshake.answer(&self.rsa, question, clock::seconds(now), known);
        let answer = answer.ok_or(Fault::Code(-404))?;
        let (id, changes) = self.change(|state| {
            if let Some(mut key) = answer.key {
                key.dc = key.dc.or(link.dc);
                key.expires_in = key.expires_in.map(|life| self.temporary_keys.unwrap_or(life).min(life));
                state.world.add_key(key, i64::from(clock::seconds(now)));
            }
            state.sessions.ids.next(now)
        });
        Ok((vec![Output::Packet(envelope::seal_plain(id, &answer.reply))], changes))
    }

    /// Checks what stands around a message, and opens its session. `None` when the client was told to do
    /// something differently and will send it again.
    fn accept(
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

    fn handle(&self, link: &mut Link, session: SessionKey, message: &Message) -> Result<(), Fault> {
        let id = Reader(&message.body).u32().ok_or(Fault::Malformed)?;
        match self.service(link, session, message, id) {
            Some(result) => result,
            None => self.request(link, session, message),
        }
    }

    /// Encrypts what the link's session has to send.
    pub(crate) fn flush(&self, link: &Link, key: &AuthKey) -> Vec<Output> {
        let Some(session) = link.session else {
            return Vec::new();
        };
        let now = self.network.now();
        let mut state = self.lock();
        let State { world, sessions, .. } = &mut *state;
        let Some(record) = world.keys.get(&session.0) else {
            return Vec::new();
        };
        let salt = record.salts(self.salt_period).current(i64::from(clock::seconds(now)));
        let messages = match sessions.with_ids(&session) {
            Some((session, ids)) if session.is_on(link.id) => session.take(ids, now),
            _ => Vec::new(),
        };
        drop(state);
        if !messages.is_empty() {
            self.taken.notify_waiters();
        }
        let seal = |message| {
            let envelope = Envelope { salt, session: session.1, message };
            Output::Packet(envelope::seal(key, &envelope))
        };
        messages.into_iter().map(seal).collect()
    }

    /// What the link's session has to send since its bell rang.
    pub(crate) fn ring(&self, link: &Link) -> (Vec<Output>, u64) {
        let state = self.lock();
        let changes = state.world.changes;
        let key =
            link.session.and_then(|(key, _)| state.world.keys.get(&key)).map(|record| record.key.clone());
        drop(state);
        (key.map(|key| self.flush(link, &key)).unwrap_or_default(), changes)
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
    fn end_of_packet(&mut self, link: &mut Link) {
        if let Some(key) = link.doomed.take() {
            self.world.destroy_key(key);
            self.challenges.remove(&key);
            let world = &self.world;
            self.sessions.forget(|key| !world.keys.contains_key(&key));
        }
    }
}
