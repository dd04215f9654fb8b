//! New devices: what the others are told of them, and what a new one may not do yet.

use super::{App, Backend, Device, Event, PhoneNumber, Place, simulated_app};
use crate::crypto::{KeyId, random_id};

/// A simulated device that is about to sign in.
#[derive(Debug, Clone)]
pub struct NewDevice {
    pub app: App,
    pub place: Place,
    /// How many seconds ago it signed in.
    pub age: i64,
    /// The other devices are asked whether it belongs to them.
    pub unconfirmed: bool,
    /// Telegram tells the other devices of it with a message.
    pub announced: bool,
}

impl Default for NewDevice {
    fn default() -> Self {
        Self {
            app: simulated_app("Simulated phone"),
            place: Place::default(),
            age: 0,
            unconfirmed: false,
            announced: false,
        }
    }
}

/// Seconds for which a new session may not end others.
const FRESH: i64 = 24 * 60 * 60;

impl Backend {
    /// Tells the other devices of a new one, as Telegram does: with a message.
    pub(super) fn announce(&mut self, device: &Device, now: i64) {
        let App { device_model, app_version, .. } = &device.app;
        let (name, Place { ip, country, .. }) = (device.app.name(), &device.place);
        let text = format!(
            "New login. We detected a login into your account from a new device.\n\n\
             Device: {name}, {app_version}, {device_model}\nLocation: {country} (IP = {ip})\n\n\
             If this wasn't you, you can terminate that session in Settings > Devices."
        );
        self.post(&device.number.clone(), &text, now);
    }

    /// Adds a simulated device with these properties. Returns its hash.
    pub(crate) fn add_device(&mut self, number: &PhoneNumber, new: NewDevice, now: i64) -> Option<i64> {
        self.phone(number)?;
        let hash = random_id();
        let since = now.saturating_sub(new.age);
        let device = Device {
            place: new.place,
            unconfirmed: new.unconfirmed,
            ..Device::new(number, None, new.app, since)
        };
        if new.announced {
            self.announce(&device, now);
        }
        self.devices.insert(hash, device);
        if new.unconfirmed {
            self.events.push(Event::SessionUnconfirmed(number.clone(), hash, now));
        }
        self.changes += 1;
        Some(hash)
    }

    /// Marks a session of the number as one of its owner's. `false` if there is none with this hash.
    pub(crate) fn confirm_session(&mut self, number: &PhoneNumber, hash: i64, now: i64) -> bool {
        let Some(device) = self.devices.get_mut(&hash).filter(|device| device.number == *number) else {
            return false;
        };
        if std::mem::take(&mut device.unconfirmed) {
            self.events.push(Event::SessionConfirmed(number.clone(), hash, now));
            self.changes += 1;
        }
        true
    }

    /// Sets how many seconds ago all sessions of the number began.
    pub(crate) fn age_sessions(&mut self, number: &PhoneNumber, age: i64, now: i64) {
        for device in self.devices.values_mut().filter(|device| device.number == *number) {
            device.created = now.saturating_sub(age);
        }
        self.changes += 1;
    }

    /// Whether the key's session is too new to end others.
    pub(crate) fn is_fresh(&self, key: KeyId, now: i64) -> bool {
        self.device_of_key(key).is_some_and(|(_, device)| now.saturating_sub(device.created) < FRESH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{AuthKey, random};
    use crate::mtproto::handshake::NewKey;

    #[test]
    fn a_session_is_fresh_for_a_day() {
        let (mut backend, ada) = (Backend::default(), "9996621234".parse().unwrap());
        let new = NewKey { key: AuthKey(random()), salt: 0, dc: None, expires_in: None };
        let key = new.key.id();
        backend.add_key(new, 1);
        backend.sign_in(key, &ada, 5);
        assert!(backend.is_fresh(key, 5 + FRESH - 1) && !backend.is_fresh(key, 5 + FRESH));
        backend.age_sessions(&ada, FRESH, 10);
        assert!(!backend.is_fresh(key, 10));
    }

    #[test]
    fn an_unconfirmed_session_is_announced_and_confirmed_once() {
        let (mut backend, ada) = (Backend::default(), "9996621234".parse().unwrap());
        let new = NewDevice { unconfirmed: true, age: 60, ..NewDevice::default() };
        let hash = backend.add_device(&ada, new, 100).unwrap();
        assert_eq!((backend.devices[&hash].created, backend.devices[&hash].active), (40, 40));
        let bob = "9996625678".parse().unwrap();
        assert!(!backend.confirm_session(&bob, hash, 101), "it is another number's");
        assert!(backend.confirm_session(&ada, hash, 101) && backend.confirm_session(&ada, hash, 102));
        let expected =
            [Event::SessionUnconfirmed(ada.clone(), hash, 100), Event::SessionConfirmed(ada, hash, 101)];
        assert_eq!(backend.events, expected);
    }
}
