//! What follows from a change of the backend: updates for connected clients, and connections to break.

use grammers_tl_types::{Serializable, enums};

use super::state::State;
use crate::backend::{Backend, Event, PhoneNumber};
use crate::crypto::KeyId;
use crate::mtproto::session::{Outgoing, Session};
use crate::network::ConnectionFault;
use crate::rpc::{self, tl};

impl State {
    /// Queues updates for the sessions that the events concern. Returns the connections to break.
    pub(super) fn deliver(&mut self) -> Vec<(ConnectionFault, Vec<u64>)> {
        let mut faults = Vec::new();
        for event in std::mem::take(&mut self.backend.events) {
            match event {
                Event::Message(number, message) => self.push_update(&number, &tl::new_message(&message)),
                Event::ConfigChanged(number, now) => self.push_update(&number, &tl::new_config(now)),
                Event::NameChanged(number, now) => {
                    if let Some(phone) = self.backend.phones.get(&number) {
                        let update = tl::new_name(phone, now);
                        self.push_update(&number, &update);
                    }
                }
                Event::PictureChanged(number, now) => {
                    if let Some(phone) = self.backend.phones.get(&number) {
                        let update = tl::new_picture(&number, phone, now);
                        self.push_update(&number, &update);
                    }
                }
                Event::LoginTokenAccepted(key, now) => self.push_to_key(key, &tl::login_token_accepted(now)),
                Event::CodeSent(key, number, now) => {
                    if let Some(update) = rpc::sent_update(&self.backend, &number, now) {
                        self.push_to_key(key, &update);
                    }
                }
                Event::SessionUnconfirmed(number, hash, now) => {
                    if let Some(device) = self.backend.devices.get(&hash) {
                        let update = tl::new_authorization(hash, Some(device), now);
                        self.push_update(&number, &update);
                    }
                }
                Event::SessionConfirmed(number, hash, now) => {
                    self.push_update(&number, &tl::new_authorization(hash, None, now));
                }
                Event::SessionEnded(key) => self.prompt(key),
                Event::KeysDropped => faults.push((ConnectionFault::UnknownKey, self.forget_dropped_keys())),
                Event::Disconnect(key) => faults.push((ConnectionFault::Drop, self.forget_sessions(key))),
            }
        }
        faults
    }

    /// Whether a key, or the permanent key that it is bound to, is signed in as this number.
    fn is_signed_in_as(backend: &Backend, key: KeyId, number: &PhoneNumber) -> bool {
        let device = backend.permanent(key).and_then(|key| backend.device_of_key(key));
        device.is_some_and(|(_, device)| device.number == *number)
    }

    /// Sends an update to all clients that are signed in as this number.
    fn push_update(&mut self, number: &PhoneNumber, update: &enums::Updates) {
        let body = update.to_bytes();
        for ((key, _), session) in self.sessions.iter_mut() {
            if session.wants_updates && Self::is_signed_in_as(&self.backend, *key, number) {
                session.push(Outgoing::content(body.clone()));
            }
        }
    }

    /// Sends an update to the clients of a key that is not signed in yet.
    fn push_to_key(&mut self, wanted: KeyId, update: &enums::Updates) {
        let body = update.to_bytes();
        for ((key, _), session) in self.sessions.iter_mut() {
            if session.wants_updates && self.backend.permanent(*key) == Some(wanted) {
                session.push(Outgoing::content(body.clone()));
            }
        }
    }

    /// A client learns that its session was ended only when it calls a method. This update makes it call one.
    fn prompt(&mut self, ended: KeyId) {
        for ((key, _), session) in self.sessions.iter_mut() {
            if session.wants_updates && self.backend.permanent(*key) == Some(ended) {
                session.push(Outgoing::updates_too_long());
            }
        }
    }

    /// Forgets the sessions whose keys were dropped. Returns the connections they are on.
    fn forget_dropped_keys(&mut self) -> Vec<u64> {
        let backend = &self.backend;
        self.sessions.forget(|key| !backend.keys.contains_key(&key))
    }

    /// Forgets the sessions of a key. Returns the connections they are on. A client that comes back is told that its
    /// session is new, and asks what it missed.
    fn forget_sessions(&mut self, key: KeyId) -> Vec<u64> {
        let backend = &self.backend;
        self.sessions.forget(|used| backend.permanent(used) == Some(key))
    }

    /// How many updates are queued for each connected client of a number.
    pub(super) fn queued_updates(&mut self, number: &PhoneNumber) -> impl Iterator<Item = u64> {
        let backend = &self.backend;
        let listens = |key: KeyId, session: &Session| {
            session.connection.is_some()
                && session.wants_updates
                && Self::is_signed_in_as(backend, key, number)
        };
        let listening = self.sessions.iter_mut().filter(move |((key, _), session)| listens(*key, session));
        listening.map(|(_, session)| session.queued_updates() as u64)
    }

    /// The connections of a number's sessions.
    pub(super) fn connections_of(&mut self, number: &PhoneNumber) -> Vec<u64> {
        let backend = &self.backend;
        let matches = |key: KeyId| {
            let permanent = backend.permanent(key);
            permanent.and_then(|key| backend.number_of_key(key)).as_ref() == Some(number)
        };
        let of_number = self.sessions.iter_mut().filter(|((key, _), _)| matches(*key));
        of_number.filter_map(|(_, session)| session.connection.as_ref().map(|(id, _)| *id)).collect()
    }
}
