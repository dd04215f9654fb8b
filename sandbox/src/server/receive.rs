//! From the bytes of one packet to the packets that answer it.
//!
//! A packet is decrypted, its salt, session and ids are validated and its messages unpacked. Each message is either
//! about the session itself (acknowledgements, pings, salts) and handled in `service`, or a request.

use super::Server;
use super::connection::{Connection, ConnectionError, Output, UNKNOWN_KEY};
use super::state::State;
use crate::bytes::Reader;
use crate::clock;
use crate::crypto::{AuthKey, KeyId};
use crate::mtproto::envelope::{self, Envelope, Message};
use crate::mtproto::session::SessionKey;

type Received = Result<(Vec<Output>, u64), ConnectionError>;

impl Server {
    /// Handles a packet. The number says how many changes must be saved before the answers may be sent.
    pub(super) fn receive(&self, connection: &mut Connection, packet: &[u8], quick_ack: bool) -> Received {
        let key_id = envelope::key_of(packet).ok_or(ConnectionError::Malformed)?;
        if key_id == KeyId(0) {
            return self.exchange_keys(connection, packet);
        }
        let now = self.now_seconds();
        let key = self.inspect(|backend| backend.usable_key(key_id, now).map(|record| record.key.clone()));
        let key = key.ok_or(ConnectionError::Transport(UNKNOWN_KEY))?;
        let (envelope, hash) = envelope::open(&key, packet).ok_or(ConnectionError::Malformed)?;
        let session = (key_id, envelope.session);
        connection.session = Some(session);
        let mut out = Vec::new();
        if quick_ack {
            out.push(Output::QuickAck(hash));
        }
        if let Some(messages) = self.validate(connection, session, envelope)? {
            for message in messages {
                self.handle(connection, session, &message)?;
            }
        }
        out.extend(self.flush(connection, &key));
        let ((), changes) = self.change(|state| state.finish_packet(connection));
        Ok((out, changes))
    }

    fn exchange_keys(&self, connection: &mut Connection, packet: &[u8]) -> Received {
        let question = envelope::open_plain(packet).ok_or(ConnectionError::Malformed)?;
        let now = self.network.now();
        let is_known = |id| self.inspect(|backend| backend.keys.contains_key(&id));
        let answer = connection.handshake.answer(&self.rsa, question, clock::seconds(now), is_known);
        let answer = answer.ok_or(ConnectionError::Transport(UNKNOWN_KEY))?;
        let (id, changes) = self.change(|state| {
            if let Some(mut key) = answer.key {
                let limit = self.settings.max_temporary_key_lifetime.unwrap_or(i32::MAX);
                key.dc = key.dc.or(connection.dc);
                key.expires_in = key.expires_in.map(|lifetime| lifetime.min(limit));
                state.backend.add_key(key, i64::from(clock::seconds(now)));
            }
            state.sessions.ids.next(now)
        });
        Ok((vec![Output::Packet(envelope::seal_plain(id, &answer.reply))], changes))
    }

    fn handle(
        &self,
        connection: &mut Connection,
        session: SessionKey,
        message: &Message,
    ) -> Result<(), ConnectionError> {
        let id = Reader(&message.body).u32().ok_or(ConnectionError::Malformed)?;
        match self.service(connection, session, message, id) {
            Some(result) => result,
            None => self.request(connection, session, message),
        }
    }

    /// Encrypts what the connection's session has to send.
    fn flush(&self, connection: &Connection, key: &AuthKey) -> Vec<Output> {
        let Some(session) = connection.session else {
            return Vec::new();
        };
        let now = self.network.now();
        let mut state = self.lock();
        let State { backend, sessions, .. } = &mut *state;
        let Some(record) = backend.keys.get(&session.0) else {
            return Vec::new();
        };
        let salt = record.salts(self.settings.salt_period).current(i64::from(clock::seconds(now)));
        let messages = match sessions.with_ids(&session) {
            Some((session, ids)) if session.is_on(connection.id) => session.take(ids, now),
            _ => Vec::new(),
        };
        drop(state);
        if !messages.is_empty() {
            self.sent.notify_waiters();
        }
        let seal = |message| {
            let envelope = Envelope { salt, session: session.1, message };
            Output::Packet(envelope::seal(key, &envelope))
        };
        messages.into_iter().map(seal).collect()
    }

    /// What the connection's session has to send now, and how many changes must be saved before it may be sent.
    pub(super) fn pending_output(&self, connection: &Connection) -> (Vec<Output>, u64) {
        let (key, changes) = self.inspect(|backend| {
            let record = connection.session.and_then(|(key, _)| backend.keys.get(&key));
            (record.map(|record| record.key.clone()), backend.changes)
        });
        (key.map(|key| self.flush(connection, &key)).unwrap_or_default(), changes)
    }
}
