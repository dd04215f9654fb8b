//! Validates what surrounds a message: its salt, id and session. A message that fails is answered with a notification,
//! and its client sends it again.

use grammers_tl_types::{Serializable, enums, types};

use super::Server;
use super::connection::{Connection, ConnectionError};
use super::state::State;
use crate::bytes::Reader;
use crate::crypto::random_id;
use crate::mtproto::envelope::{self, CONTAINER, Envelope, Message, UnpackError};
use crate::mtproto::session::{Outgoing, SessionKey};

/// Clients whose clock is further off are told so, in seconds.
const MAX_AGE: i64 = 300;
const MAX_AHEAD: i64 = 30;

/// The codes of `bad_msg_notification`.
const TOO_OLD: i32 = 16;
const TOO_NEW: i32 = 17;
const INVALID_ID: i32 = 18;
const ODD_SEQNO: i32 = 34;
const BAD_SALT: i32 = 48;
const BAD_CONTAINER: i32 = 64;

impl Server {
    /// Validates a message and opens its session. Returns the messages that are new, or `None` when the client was
    /// told to correct something and will send the message again.
    pub(super) fn validate(
        &self,
        connection: &Connection,
        session: SessionKey,
        envelope: Envelope,
    ) -> Result<Option<Vec<Message>>, ConnectionError> {
        let (outer, salt) = (envelope.message.clone(), envelope.salt);
        let messages = match envelope::unpack(envelope.message) {
            Ok(messages) => Ok(messages),
            Err(UnpackError::BadContainer) => Err(BAD_CONTAINER),
            Err(UnpackError::Malformed) => return Err(ConnectionError::Malformed),
        };
        let time = Time { now: self.now_seconds(), salt_period: self.settings.salt_period };
        let (result, _) = self.change(|state| {
            state.open_session(connection, session, &outer, messages.as_deref().unwrap_or_default(), time);
            let valid = state.check_salt(session, &outer, salt, time);
            let valid = valid.and_then(|()| check_message(&outer, &messages, time.now));
            match valid.and_then(|()| messages.map_err(Rejection::Message)) {
                Ok(messages) => Some(state.deduplicate(session, &outer, messages)),
                Err(rejection) => {
                    state.push(session, Outgoing::service(rejection.into_body(&outer)));
                    None
                }
            }
        });
        Ok(result)
    }
}

/// The server's time, and what salts depend on besides.
#[derive(Debug, Clone, Copy)]
struct Time {
    now: i64,
    salt_period: i64,
}

/// Why a message is not accepted.
enum Rejection {
    /// The salt is wrong; this is the current one.
    Salt(i64),
    /// A code of `bad_msg_notification`.
    Message(i32),
}

impl Rejection {
    fn into_body(self, message: &Message) -> Vec<u8> {
        let (bad_msg_id, bad_msg_seqno) = (message.id, message.seqno);
        match self {
            Self::Salt(new_server_salt) => enums::BadMsgNotification::BadServerSalt(types::BadServerSalt {
                bad_msg_id,
                bad_msg_seqno,
                error_code: BAD_SALT,
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
fn check_message(message: &Message, parts: &Result<Vec<Message>, i32>, now: i64) -> Result<(), Rejection> {
    let time = message.id >> 32;
    let is_container = Reader(&message.body).u32() == Some(CONTAINER);
    let code = if message.id % 4 != 0 {
        INVALID_ID
    } else if time < now - MAX_AGE {
        TOO_OLD
    } else if time > now + MAX_AHEAD {
        TOO_NEW
    } else if is_container && message.seqno % 2 != 0 {
        ODD_SEQNO
    } else if let Err(code) = parts {
        *code
    } else {
        return Ok(());
    };
    Err(Rejection::Message(code))
}

impl State {
    /// Attaches the session to the connection, and tells the client if the session is new. Requests older than the
    /// first id of its first packet were not received by this session; the client sends them again.
    fn open_session(
        &mut self,
        connection: &Connection,
        key: SessionKey,
        outer: &Message,
        messages: &[Message],
        time: Time,
    ) {
        let (session, is_new) = self.sessions.open(key, time.now);
        session.last_used = time.now;
        session.attach(connection.id, &connection.notify);
        if !is_new {
            return;
        }
        let first_msg_id = messages.iter().map(|message| message.id).fold(outer.id, i64::min);
        let Some(record) = self.backend.keys.get(&key.0) else {
            return;
        };
        let created = enums::NewSession::Created(types::NewSessionCreated {
            first_msg_id,
            unique_id: random_id(),
            server_salt: record.salts(time.salt_period).current(time.now),
        });
        self.push(key, Outgoing::content(created.to_bytes()));
    }

    fn check_salt(
        &self,
        session: SessionKey,
        message: &Message,
        salt: i64,
        time: Time,
    ) -> Result<(), Rejection> {
        let Some(record) = self.backend.keys.get(&session.0) else {
            return Ok(());
        };
        let salts = record.salts(time.salt_period);
        if salts.is_valid(salt, time.now) {
            return Ok(());
        }
        tracing::debug!(id = message.id, "packet with an outdated salt");
        Err(Rejection::Salt(salts.current(time.now)))
    }

    /// Leaves out messages that were received before. Their answers are sent again if they were not acknowledged.
    fn deduplicate(&mut self, key: SessionKey, outer: &Message, messages: Vec<Message>) -> Vec<Message> {
        let Some(session) = self.sessions.get_mut(&key) else {
            return Vec::new();
        };
        let is_container = !matches!(messages.as_slice(), [only] if only.id == outer.id);
        if is_container {
            session.receive(outer.id);
        }
        let mut new = Vec::new();
        for message in messages {
            if session.receive(message.id) {
                new.push(message);
            } else {
                session.resend(|_, answers| answers == Some(message.id));
                session.push(Outgoing::acknowledgement(message.id));
            }
        }
        new
    }

    /// After the answers are encrypted, a key whose client asked for it is destroyed.
    pub(super) fn finish_packet(&mut self, connection: &mut Connection) {
        if let Some(key) = connection.destroying_key.take() {
            self.backend.destroy_key(key);
            self.challenges.remove(&key);
            let backend = &self.backend;
            self.sessions.forget(|key| !backend.keys.contains_key(&key));
        }
    }
}
