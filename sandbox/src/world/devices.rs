//! Devices: the apps that are signed in to an account, and how that begins and ends.

use serde::{Deserialize, Serialize};

use super::{Event, Number, Standing, World};
use crate::crypto::{KeyId, random_id};

/// An app as it describes itself when it connects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct App {
    /// The number that Telegram gave to its maker.
    pub api_id: i32,
    /// Such as `PC 64bit`.
    pub device_model: String,
    /// The operating system.
    pub system_version: String,
    /// The app's version.
    pub app_version: String,
}

/// One row of `account.getAuthorizations`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Whose account.
    pub number: Number,
    /// The key it uses. A pretend phone has none: it only exists.
    pub key: Option<KeyId>,
    /// The app.
    pub app: App,
    /// When it signed in, in seconds since 1970.
    pub created: i64,
    /// When it was last heard of, in seconds since 1970.
    pub active: i64,
}

impl World {
    /// The devices of a number and their hashes.
    pub fn devices_of(&self, number: &Number) -> impl Iterator<Item = (i64, &Device)> {
        let number = number.clone();
        self.devices
            .iter()
            .filter(move |(_, device)| device.number == number)
            .map(|(hash, device)| (*hash, device))
    }

    /// The device that uses this key.
    pub fn device_of_key(&self, key: KeyId) -> Option<(i64, &Device)> {
        let Standing::SignedIn(hash) = self.keys.get(&key)?.standing else {
            return None;
        };
        Some((hash, self.devices.get(&hash)?))
    }

    /// Signs a key in. Whoever was signed in with it before is not any more.
    pub fn sign_in(&mut self, key: KeyId, number: &Number, now: i64) {
        self.end_key(key, "SESSION_REVOKED");
        let Some(record) = self.keys.get_mut(&key) else {
            return;
        };
        let hash = random_id();
        let app = record.app.clone().unwrap_or_else(|| pretend_app("Unknown app"));
        record.standing = Standing::SignedIn(hash);
        self.devices.insert(hash, Device::new(number, Some(key), app, now));
        self.forget_code(number);
        self.changes += 1;
    }

    /// Pretends that the account is signed in on a phone, so that codes come as messages. The hash ends it.
    pub fn sign_in_elsewhere(&mut self, number: &Number, now: i64) -> Option<i64> {
        self.phone(number)?;
        let hash = random_id();
        let device = Device::new(number, None, pretend_app("Pretend phone"), now);
        self.devices.insert(hash, device);
        self.changes += 1;
        Some(hash)
    }

    /// Ends one session. Its next request is refused with this word.
    pub fn end_device(&mut self, hash: i64, word: &str) -> bool {
        let Some(device) = self.devices.remove(&hash) else {
            return false;
        };
        if let Some(key) = device.key
            && let Some(record) = self.keys.get_mut(&key)
        {
            record.standing = Standing::Ended(word.to_owned());
            self.events.push(Event::Ended(key));
        }
        self.changes += 1;
        true
    }

    /// Ends every session of a number, and sign-ins that wait for its password.
    pub fn end_all(&mut self, number: &Number, word: &str) {
        let hashes: Vec<_> = self.devices_of(number).map(|(hash, _)| hash).collect();
        for hash in hashes {
            self.end_device(hash, word);
        }
        for record in self.keys.values_mut() {
            if matches!(&record.standing, Standing::PasswordPending(pending) if pending == number) {
                record.standing = Standing::Nobody;
                self.changes += 1;
            }
        }
    }

    /// Ends every session of a number and cuts off the clients that hold them.
    pub fn push_off(&mut self, number: &Number, word: &str) {
        let keys: Vec<_> = self.devices_of(number).filter_map(|(_, device)| device.key).collect();
        self.end_all(number, word);
        self.events.extend(keys.into_iter().map(Event::PushedOff));
    }

    /// Ends what this key is signed in as.
    pub fn end_key(&mut self, key: KeyId, word: &str) {
        if let Some((hash, _)) = self.device_of_key(key) {
            self.end_device(hash, word);
        }
    }

    /// Says how far a key has come.
    pub fn set_standing(&mut self, key: KeyId, standing: Standing) {
        if let Some(record) = self.keys.get_mut(&key)
            && record.standing != standing
        {
            record.standing = standing;
            self.changes += 1;
        }
    }

    /// The key's app was heard of.
    pub fn touch(&mut self, key: KeyId, now: i64) {
        let Some((hash, _)) = self.device_of_key(key) else {
            return;
        };
        if let Some(device) = self.devices.get_mut(&hash) {
            device.active = now;
        }
    }

    /// The app describes itself.
    pub fn set_app(&mut self, key: KeyId, app: App) {
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
    fn new(number: &Number, key: Option<KeyId>, app: App, now: i64) -> Self {
        Self { number: number.clone(), key, app, created: now, active: now }
    }
}

fn pretend_app(model: &str) -> App {
    App {
        api_id: 1,
        device_model: model.to_owned(),
        system_version: "Sandbox".to_owned(),
        app_version: "1".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{AuthKey, random};
    use crate::handshake::NewKey;

    fn world_with_key() -> (World, KeyId, Number) {
        let mut world = World::default();
        let key = AuthKey(random());
        let id = key.id();
        let new = NewKey { key, salt: 0, dc: None, expires_in: None };
        world.add_key(new, 1);
        (world, id, Number::parse("9996621234").unwrap())
    }

    #[test]
    fn a_key_is_signed_in_as_one_device() {
        let (mut world, key, ada) = world_with_key();
        world.sign_in(key, &ada, 5);
        world.sign_in(key, &ada, 6);
        assert_eq!(world.devices_of(&ada).count(), 1);
        assert_eq!(world.device_of_key(key).unwrap().1.created, 6);
        world.touch(key, 9);
        assert_eq!(world.device_of_key(key).unwrap().1.active, 9);
    }

    #[test]
    fn revoking_ends_every_session_and_says_so() {
        let (mut world, key, ada) = world_with_key();
        world.sign_in(key, &ada, 5);
        world.sign_in_elsewhere(&ada, 5).unwrap();
        world.events.clear();
        world.end_all(&ada, "SESSION_REVOKED");
        assert_eq!(world.devices_of(&ada).count(), 0);
        assert_eq!(world.events, [Event::Ended(key)]);
        assert_eq!(world.keys[&key].standing, Standing::Ended("SESSION_REVOKED".into()));
    }

    #[test]
    fn a_password_that_is_waited_for_is_not_waited_for_after_revoking() {
        let (mut world, key, ada) = world_with_key();
        world.set_standing(key, Standing::PasswordPending(ada.clone()));
        world.end_all(&ada, "SESSION_REVOKED");
        assert_eq!(world.keys[&key].standing, Standing::Nobody);
    }
}
