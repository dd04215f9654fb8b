//! Auth keys: what each is good for, and who is signed in with it.

use serde::{Deserialize, Serialize};

use super::{App, Event, Number, World};
use crate::crypto::{AuthKey, KeyId};
use crate::handshake::NewKey;
use crate::salts::Salts;

/// Keys that are kept; beyond it the oldest ones that nobody is signed in with go.
const MAX_KEYS: usize = 20_000;

/// One auth key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeyRecord {
    /// The secret.
    #[serde(with = "crate::disk::base64")]
    pub key: AuthKey,
    /// The first salt.
    pub salt: i64,
    /// When it was made, in seconds since 1970.
    pub made: i64,
    /// The data centre that it was made for: 1 to 5.
    pub dc: Option<i32>,
    /// Permanent or temporary.
    pub kind: KeyKind,
    /// The app that uses it, as it described itself.
    pub app: Option<App>,
    /// Who is signed in.
    pub standing: Standing,
}

/// How long a key lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyKind {
    /// Until it is destroyed.
    Permanent,
    /// Until a time, on behalf of a permanent key once it is bound to one.
    Temporary {
        /// In seconds since 1970.
        expires: i64,
        /// The permanent key.
        bound: Option<KeyId>,
    },
}

/// How far a key's owner has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Nobody is signed in.
    Nobody,
    /// The code was right; the two-step password is still to come.
    PasswordPending(Number),
    /// Signed in as this device.
    SignedIn(i64),
    /// Was signed in; requests are refused with this word.
    Ended(String),
}

impl KeyRecord {
    /// Its salts.
    pub fn salts(&self, period: i64) -> Salts<'_> {
        Salts { key: &self.key, first: self.salt, made: self.made, period }
    }

    fn is_idle(&self) -> bool {
        !matches!(self.standing, Standing::SignedIn(_))
    }
}

/// A data centre's number without the marks for test (plus 10000) and media (negative).
fn plain_dc(dc: i32) -> Option<i32> {
    let dc = dc.checked_abs()? % 10_000;
    (1..=5).contains(&dc).then_some(dc)
}

impl World {
    /// Keeps a key that was agreed.
    pub fn add_key(&mut self, new: NewKey, now: i64) {
        let kind = match new.expires_in {
            None => KeyKind::Permanent,
            Some(seconds) => {
                KeyKind::Temporary { expires: now.saturating_add(i64::from(seconds.max(0))), bound: None }
            }
        };
        self.prune_keys(now);
        let record = KeyRecord {
            salt: new.salt,
            made: now,
            dc: new.dc.and_then(plain_dc),
            kind,
            app: None,
            standing: Standing::Nobody,
            key: new.key,
        };
        self.keys.insert(record.key.id(), record);
        self.changes += 1;
    }

    fn prune_keys(&mut self, now: i64) {
        self.keys
            .retain(|_, record| !matches!(record.kind, KeyKind::Temporary { expires, .. } if expires <= now));
        while self.keys.len() >= MAX_KEYS {
            let idle = self.keys.iter().filter(|(_, record)| record.is_idle());
            let Some(oldest) = idle.min_by_key(|(_, record)| record.made).map(|(id, _)| *id) else {
                return;
            };
            self.keys.remove(&oldest);
        }
    }

    /// A key that packets may be encrypted with now.
    pub fn usable_key(&self, id: KeyId, now: i64) -> Option<&KeyRecord> {
        self.keys
            .get(&id)
            .filter(|record| !matches!(record.kind, KeyKind::Temporary { expires, .. } if expires <= now))
    }

    /// The permanent key that this one stands for: itself, or the one that it is bound to.
    pub fn permanent(&self, id: KeyId) -> Option<KeyId> {
        match self.keys.get(&id)?.kind {
            KeyKind::Permanent => Some(id),
            KeyKind::Temporary { bound, .. } => bound.filter(|bound| self.keys.contains_key(bound)),
        }
    }

    /// Lets a temporary key stand for a permanent one. `false` if they are not such keys.
    pub fn bind(&mut self, temporary: KeyId, permanent: KeyId, until: i64) -> bool {
        let is_permanent = self.keys.get(&permanent).is_some_and(|record| record.kind == KeyKind::Permanent);
        let Some(record) = self.keys.get_mut(&temporary) else {
            return false;
        };
        let KeyKind::Temporary { expires, bound } = &mut record.kind else {
            return false;
        };
        if !is_permanent {
            return false;
        }
        *expires = until.min(*expires);
        *bound = Some(permanent);
        self.changes += 1;
        true
    }

    /// How many seconds a temporary key is still good for; `None` for all others.
    pub fn key_life(&self, id: KeyId, now: i64) -> Option<i64> {
        match self.keys.get(&id).map(|record| record.kind) {
            Some(KeyKind::Temporary { expires, .. }) => Some(expires.saturating_sub(now).max(0)),
            Some(KeyKind::Permanent) | None => None,
        }
    }

    /// Forgets the temporary keys that stand for a permanent one, except some. Gives how many went.
    pub fn drop_temporary_keys(&mut self, permanent: KeyId, except: &[KeyId]) -> usize {
        let before = self.keys.len();
        self.keys.retain(|id, record| {
            let bound_to_it =
                matches!(record.kind, KeyKind::Temporary { bound, .. } if bound == Some(permanent));
            !bound_to_it || except.contains(id)
        });
        let dropped = before - self.keys.len();
        if dropped > 0 {
            self.changes += 1;
            self.events.push(Event::KeysGone);
        }
        dropped
    }

    /// Forgets the temporary keys of everybody who is signed in as a number.
    pub fn drop_temporary_keys_of(&mut self, number: &Number) -> usize {
        let permanent: Vec<_> = self.devices_of(number).filter_map(|(_, device)| device.key).collect();
        permanent.into_iter().map(|key| self.drop_temporary_keys(key, &[])).sum()
    }

    /// Destroys a key and the temporary ones bound to it, as if they had never been.
    pub fn destroy_key(&mut self, id: KeyId) -> bool {
        let id = self.permanent(id).unwrap_or(id);
        self.end_key(id, "AUTH_KEY_UNREGISTERED");
        let existed = self.keys.remove(&id).is_some();
        self.keys.retain(
            |_, record| !matches!(record.kind, KeyKind::Temporary { bound, .. } if bound == Some(id)),
        );
        self.changes += 1;
        existed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::random;

    fn new_key(expires_in: Option<i32>) -> NewKey {
        NewKey { key: AuthKey(random()), salt: 1, dc: Some(-10_002), expires_in }
    }

    fn add(world: &mut World, expires_in: Option<i32>) -> KeyId {
        let key = new_key(expires_in);
        let id = key.key.id();
        world.add_key(key, 100);
        id
    }

    #[test]
    fn a_temporary_key_stands_for_a_permanent_one_until_it_expires() {
        let mut world = World::default();
        let (permanent, temporary) = (add(&mut world, None), add(&mut world, Some(50)));
        assert_eq!(world.keys[&permanent].dc, Some(2));
        assert_eq!(world.permanent(temporary), None);
        assert!(!world.bind(permanent, temporary, 120) && !world.bind(temporary, temporary, 120));
        assert!(world.bind(temporary, permanent, 120));
        assert_eq!(world.permanent(temporary), Some(permanent));
        assert!(world.usable_key(temporary, 119).is_some() && world.usable_key(temporary, 120).is_none());
        assert_eq!((world.key_life(temporary, 100), world.key_life(temporary, 999)), (Some(20), Some(0)));
        assert_eq!((world.key_life(permanent, 100), world.key_life(KeyId(5), 100)), (None, None));
        assert_eq!(world.drop_temporary_keys(permanent, &[temporary]), 0);
        let second = add(&mut world, Some(50));
        assert!(world.bind(second, permanent, 120));
        assert_eq!(world.drop_temporary_keys(permanent, &[temporary]), 1);
        assert!(!world.keys.contains_key(&second) && world.events == [Event::KeysGone]);
        assert!(world.destroy_key(temporary));
        assert!(world.keys.is_empty(), "both are gone");
    }

    #[test]
    fn keys_do_not_pile_up() {
        let mut world = World::default();
        let first = add(&mut world, None);
        world.keys.get_mut(&first).unwrap().made = 1;
        for id in 0..i64::try_from(MAX_KEYS).unwrap() - 1 {
            let record = world.keys[&first].clone();
            world.keys.insert(KeyId(id), KeyRecord { made: 2, ..record });
        }
        add(&mut world, None);
        assert_eq!(world.keys.len(), MAX_KEYS);
        assert!(!world.keys.contains_key(&first), "the oldest went");
    }
}
