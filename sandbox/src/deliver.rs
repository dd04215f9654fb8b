//! What follows from a change of the world: updates for those who are connected, and connections to break.

use grammers_tl_types::{Serializable, enums};

use crate::crypto::KeyId;
use crate::network::Breakage;
use crate::rpc::{self, tl};
use crate::server::State;
use crate::session::{Outgoing, Session, too_long};
use crate::world::{Event, Number, World};

impl State {
    /// Hands out what happened to the sessions that have to hear of it. Gives the connections to break.
    pub(crate) fn deliver(&mut self) -> Vec<(Breakage, Vec<u64>)> {
        let mut broken = Vec::new();
        for event in std::mem::take(&mut self.world.events) {
            match event {
                Event::Message(number, message) => self.tell_all(&number, &tl::new_message(&message)),
                Event::Config(number, now) => self.tell_all(&number, &tl::new_config(now)),
                Event::Renamed(number, now) => {
                    if let Some(name) = self.world.phones.get(&number).map(|phone| tl::new_name(phone, now)) {
                        self.tell_all(&number, &name);
                    }
                }
                Event::Ended(key) => self.deliver_end(key),
                Event::KeysGone => broken.push((Breakage::UnknownKey, self.forget_lost_keys())),
                Event::PushedOff(key) => broken.push((Breakage::Drop, self.push_off(key))),
            }
        }
        broken
    }

    /// Whether a key is signed in as this number, itself or through the key that it stands for.
    fn is_of(world: &World, key: KeyId, number: &Number) -> bool {
        let device = world.permanent(key).and_then(|key| world.device_of_key(key));
        device.is_some_and(|(_, device)| device.number == *number)
    }

    /// Sends an update to everybody who is signed in as this number.
    fn tell_all(&mut self, number: &Number, update: &enums::Updates) {
        let body = update.to_bytes();
        for ((key, _), session) in self.sessions.iter_mut() {
            if session.wants_updates && Self::is_of(&self.world, *key, number) {
                session.push(Outgoing { body: body.clone(), content: true, answers: None });
            }
        }
    }

    /// A client learns that its session was ended only by asking for something. This makes it ask.
    fn deliver_end(&mut self, ended: KeyId) {
        for ((key, _), session) in self.sessions.iter_mut() {
            if session.wants_updates && self.world.permanent(*key) == Some(ended) {
                session.push(too_long());
            }
        }
    }

    /// Forgets the sessions whose keys are gone, and gives the connections they are on.
    fn forget_lost_keys(&mut self) -> Vec<u64> {
        let world = &self.world;
        self.sessions.forget(|key| !world.keys.contains_key(&key))
    }

    /// Forgets the sessions of a key, and gives the connections they are on. A client that comes back is told
    /// that its session is new, and asks what it missed.
    fn push_off(&mut self, key: KeyId) -> Vec<u64> {
        let world = &self.world;
        self.sessions.forget(|used| world.permanent(used) == Some(key))
    }

    /// How many updates wait for each connected client of a number.
    pub(crate) fn updates_waiting(&mut self, number: &Number) -> impl Iterator<Item = u64> {
        let world = &self.world;
        let listens = |key: KeyId, session: &Session| {
            session.connection.is_some() && session.wants_updates && Self::is_of(world, key, number)
        };
        let listening = self.sessions.iter_mut().filter(move |((key, _), session)| listens(*key, session));
        listening.map(|(_, session)| session.updates_waiting() as u64)
    }

    /// The connections of a number's sessions.
    pub(crate) fn connections_of(&mut self, number: &Number) -> Vec<u64> {
        let world = &self.world;
        let mine = |key: KeyId| {
            let permanent = world.permanent(key);
            permanent.and_then(|key| rpc::number_of_key(world, key)).as_ref() == Some(number)
        };
        let of_number = self.sessions.iter_mut().filter(|((key, _), _)| mine(*key));
        of_number.filter_map(|(_, session)| session.connection.as_ref().map(|(id, _)| *id)).collect()
    }
}
