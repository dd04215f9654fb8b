//! What a packet does: from the bytes of one packet to the packets that answer it.
//!
//! A packet is decrypted, its salt, session and ids are checked and its messages unpacked (see
//! [`accept`](crate::accept)); each is then either a message about the session itself (acknowledgements, pings,
//! salts), handled in [`service`](crate::service), or a request.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::bytes::Reader;
use crate::clock;
use crate::crypto::{AuthKey, KeyId};
use crate::envelope::{self, Envelope, Message};
use crate::handshake::Handshake;
use crate::server::{Server, State};
use crate::session::SessionKey;

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
