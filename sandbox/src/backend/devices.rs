//! Devices: the apps that are signed in to an account.

use serde::{Deserialize, Serialize};

use super::{App, AuthState, Backend, Event, NewDevice, PhoneNumber, Place, simulated_app};
use crate::crypto::{KeyId, random_id};

/// One row of `account.getAuthorizations`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    pub number: PhoneNumber,
    /// The key it uses; a simulated device has none.
    pub key: Option<KeyId>,
    pub app: App,
    /// In seconds since 1970.
    pub created: i64,
    /// The time of its last request, in seconds since 1970.
    pub active: i64,
    #[serde(default)]
    pub place: Place,
    /// The other devices are asked whether it belongs to them.
    #[serde(default)]
    pub unconfirmed: bool,
}

impl Backend {
    /// The devices of a number, with their hashes.
    pub(crate) fn devices_of(&self, number: &PhoneNumber) -> impl Iterator<Item = (i64, &Device)> {
        let number = number.clone();
        self.devices
            .iter()
            .filter(move |(_, device)| device.number == number)
            .map(|(hash, device)| (*hash, device))
    }

    pub(crate) fn device_of_key(&self, key: KeyId) -> Option<(i64, &Device)> {
        let AuthState::SignedIn(hash) = self.keys.get(&key)?.auth_state else {
            return None;
        };
        Some((hash, self.devices.get(&hash)?))
    }

    /// Signs a key in. A session that the key had before ends.
    pub fn sign_in(&mut self, key: KeyId, number: &PhoneNumber, now: i64) {
        self.sign_in_with_hash(key, number, random_id(), now);
    }

    /// The same with a hash for the session that is already known.
    pub(crate) fn sign_in_with_hash(&mut self, key: KeyId, number: &PhoneNumber, hash: i64, now: i64) {
        self.sign_out_key(key, "SESSION_REVOKED");
        let Some(record) = self.keys.get_mut(&key) else {
            return;
        };
        let app = record.app.clone().unwrap_or_else(|| simulated_app("Unknown app"));
        record.auth_state = AuthState::SignedIn(hash);
        let is_another = self.devices_of(number).next().is_some();
        let device = Device::new(number, Some(key), app, now);
        if is_another {
            self.announce(&device, now);
        }
        self.devices.insert(hash, device);
        self.forget_code(number);
        self.changes += 1;
    }

    /// Adds a simulated device, so that codes come as messages. Returns its hash.
    pub(crate) fn sign_in_elsewhere(&mut self, number: &PhoneNumber, now: i64) -> Option<i64> {
        self.add_device(number, NewDevice::default(), now)
    }

    /// Ends one session. Its next request fails with this error.
    pub(crate) fn end_session(&mut self, hash: i64, error: &str) -> bool {
        let Some(device) = self.devices.remove(&hash) else {
            return false;
        };
        if let Some(key) = device.key
            && let Some(record) = self.keys.get_mut(&key)
        {
            record.auth_state = AuthState::Terminated(error.to_owned());
            self.events.push(Event::SessionEnded(key));
        }
        self.changes += 1;
        true
    }

    /// Ends all sessions of a number, and logins that wait for its password.
    pub(crate) fn end_all_sessions(&mut self, number: &PhoneNumber, error: &str) {
        let hashes: Vec<_> = self.devices_of(number).map(|(hash, _)| hash).collect();
        for hash in hashes {
            self.end_session(hash, error);
        }
        for record in self.keys.values_mut() {
            if matches!(&record.auth_state, AuthState::PasswordPending(pending) if pending == number) {
                record.auth_state = AuthState::SignedOut;
                self.changes += 1;
            }
        }
    }

    /// Ends all sessions of a number and closes their connections.
    pub(crate) fn disconnect(&mut self, number: &PhoneNumber, error: &str) {
        let keys: Vec<_> = self.devices_of(number).filter_map(|(_, device)| device.key).collect();
        self.end_all_sessions(number, error);
        self.events.extend(keys.into_iter().map(Event::Disconnect));
    }

    /// Ends the session of this key.
    pub(crate) fn sign_out_key(&mut self, key: KeyId, error: &str) {
        if let Some((hash, _)) = self.device_of_key(key) {
            self.end_session(hash, error);
        }
    }

    pub(crate) fn set_auth_state(&mut self, key: KeyId, auth_state: AuthState) {
        if let Some(record) = self.keys.get_mut(&key)
            && record.auth_state != auth_state
        {
            record.auth_state = auth_state;
            self.changes += 1;
        }
    }

    /// Notes that the key's app made a request.
    pub(crate) fn touch(&mut self, key: KeyId, now: i64) {
        let Some((hash, _)) = self.device_of_key(key) else {
            return;
        };
        if let Some(device) = self.devices.get_mut(&hash) {
            device.active = now;
        }
    }

    pub(crate) fn set_app(&mut self, key: KeyId, app: App) {
        let hash = self.device_of_key(key).map(|(hash, _)| hash);
        if let Some(device) = hash.and_then(|hash| self.devices.get_mut(&hash)) {
            device.app = app.clone();
        }
        if let Some(record) = self.keys.get_mut(&key)
            && record.app.as_ref() != Some(&app)
        {
            record.app = Some(app);
            self.changes += 1;
        }
    }
}

impl Device {
    pub(super) fn new(number: &PhoneNumber, key: Option<KeyId>, app: App, now: i64) -> Self {
        Self {
            number: number.clone(),
            key,
            app,
            created: now,
            active: now,
            place: Place::default(),
            unconfirmed: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{AuthKey, random};
    use crate::mtproto::handshake::NewKey;

    fn backend_with_key() -> (Backend, KeyId, PhoneNumber) {
        let mut backend = Backend::default();
        let key = AuthKey(random());
        let id = key.id();
        let new = NewKey { key, salt: 0, dc: None, expires_in: None };
        backend.add_key(new, 1);
        (backend, id, "9996621234".parse().unwrap())
    }

    #[test]
    fn a_key_is_signed_in_as_one_device() {
        let (mut backend, key, ada) = backend_with_key();
        backend.sign_in(key, &ada, 5);
        backend.sign_in(key, &ada, 6);
        assert_eq!(backend.devices_of(&ada).count(), 1);
        assert_eq!(backend.device_of_key(key).unwrap().1.created, 6);
        backend.touch(key, 9);
        assert_eq!(backend.device_of_key(key).unwrap().1.active, 9);
    }

    #[test]
    fn revoking_ends_all_sessions_and_announces_it() {
        let (mut backend, key, ada) = backend_with_key();
        backend.sign_in(key, &ada, 5);
        backend.sign_in_elsewhere(&ada, 5).unwrap();
        backend.events.clear();
        backend.end_all_sessions(&ada, "SESSION_REVOKED");
        assert_eq!(backend.devices_of(&ada).count(), 0);
        assert_eq!(backend.events, [Event::SessionEnded(key)]);
        assert_eq!(backend.keys[&key].auth_state, AuthState::Terminated("SESSION_REVOKED".into()));
    }

    #[test]
    fn a_password_that_is_waited_for_is_not_waited_for_after_revoking() {
        let (mut backend, key, ada) = backend_with_key();
        backend.set_auth_state(key, AuthState::PasswordPending(ada.clone()));
        backend.end_all_sessions(&ada, "SESSION_REVOKED");
        assert_eq!(backend.keys[&key].auth_state, AuthState::SignedOut);
    }
}
