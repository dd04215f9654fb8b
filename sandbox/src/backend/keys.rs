//! Auth keys: their lifetime, and the account that is signed in with them.

use serde::{Deserialize, Serialize};

use super::{App, Backend, Event, PhoneNumber};
use crate::crypto::{AuthKey, KeyId};
use crate::mtproto::handshake::NewKey;
use crate::mtproto::salts::Salts;

/// Beyond this limit, the oldest keys that are not signed in are removed.
const MAX_KEYS: usize = 20_000;

/// One auth key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeyRecord {
    #[serde(with = "crate::serde_base64")]
    pub key: AuthKey,
    pub salt: i64,
    /// In seconds since 1970.
    #[serde(alias = "made")]
    pub created: i64,
    /// The data centre that it was created for: 1 to 5.
    pub dc: Option<i32>,
    pub kind: KeyKind,
    /// The app that uses it, as the app describes itself.
    pub app: Option<App>,
    #[serde(alias = "standing")]
    pub auth_state: AuthState,
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

/// How far signing in with a key has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthState {
    #[serde(alias = "nobody")]
    SignedOut,
    /// The code was right; the two-step password is still missing.
    PasswordPending(PhoneNumber),
    /// Signed in as this device.
    SignedIn(i64),
    /// Was signed in; requests fail with this error.
    #[serde(alias = "ended")]
    Terminated(String),
}

impl KeyRecord {
    pub(crate) fn salts(&self, period: i64) -> Salts<'_> {
        Salts { key: &self.key, first: self.salt, created: self.created, period }
    }

    fn is_idle(&self) -> bool {
        !matches!(self.auth_state, AuthState::SignedIn(_))
    }
}

/// A data centre's number without the marks for test servers (plus 10000) and media (negative).
fn plain_dc(dc: i32) -> Option<i32> {
    let dc = dc.checked_abs()? % 10_000;
    (1..=5).contains(&dc).then_some(dc)
}

impl Backend {
    /// Stores a key that was agreed on.
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
            created: now,
            dc: new.dc.and_then(plain_dc),
            kind,
            app: None,
            auth_state: AuthState::SignedOut,
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
            let Some(oldest) = idle.min_by_key(|(_, record)| record.created).map(|(id, _)| *id) else {
                return;
            };
            self.keys.remove(&oldest);
        }
    }

    /// A key that packets may be encrypted with now.
    pub(crate) fn usable_key(&self, id: KeyId, now: i64) -> Option<&KeyRecord> {
        self.keys
            .get(&id)
            .filter(|record| !matches!(record.kind, KeyKind::Temporary { expires, .. } if expires <= now))
    }

    /// The permanent key of this one: itself, or the one that it is bound to.
    pub(crate) fn permanent(&self, id: KeyId) -> Option<KeyId> {
        match self.keys.get(&id)?.kind {
            KeyKind::Permanent => Some(id),
            KeyKind::Temporary { bound, .. } => bound.filter(|bound| self.keys.contains_key(bound)),
        }
    }

    /// Binds a temporary key to a permanent one. `false` if they are not such keys.
    pub(crate) fn bind(&mut self, temporary: KeyId, permanent: KeyId, until: i64) -> bool {
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

    /// How many seconds a temporary key stays valid; `None` for other keys.
    pub(crate) fn key_lifetime(&self, id: KeyId, now: i64) -> Option<i64> {
        match self.keys.get(&id).map(|record| record.kind) {
            Some(KeyKind::Temporary { expires, .. }) => Some(expires.saturating_sub(now).max(0)),
            Some(KeyKind::Permanent) | None => None,
        }
    }

    /// Drops the temporary keys of a permanent one, except some. Returns their count.
    pub(crate) fn drop_temporary_keys(&mut self, permanent: KeyId, except: &[KeyId]) -> usize {
        let before = self.keys.len();
        self.keys.retain(|id, record| {
            let is_bound =
                matches!(record.kind, KeyKind::Temporary { bound, .. } if bound == Some(permanent));
            !is_bound || except.contains(id)
        });
        let dropped = before - self.keys.len();
        if dropped > 0 {
            self.changes += 1;
            self.events.push(Event::KeysDropped);
        }
        dropped
    }

    /// Drops the temporary keys of all clients that are signed in as a number.
    pub(crate) fn drop_temporary_keys_of(&mut self, number: &PhoneNumber) -> usize {
        let permanent: Vec<_> = self.devices_of(number).filter_map(|(_, device)| device.key).collect();
        permanent.into_iter().map(|key| self.drop_temporary_keys(key, &[])).sum()
    }

    /// The number that a key is signed in as, or whose password it waits for.
    pub(crate) fn number_of_key(&self, key: KeyId) -> Option<PhoneNumber> {
        match &self.keys.get(&key)?.auth_state {
            AuthState::PasswordPending(number) => Some(number.clone()),
            AuthState::SignedIn(hash) => self.devices.get(hash).map(|device| device.number.clone()),
            AuthState::SignedOut | AuthState::Terminated(_) => None,
        }
    }

    /// Destroys a key and the temporary ones that are bound to it.
    pub(crate) fn destroy_key(&mut self, id: KeyId) -> bool {
        let id = self.permanent(id).unwrap_or(id);
        self.sign_out_key(id, "AUTH_KEY_UNREGISTERED");
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

    fn add(backend: &mut Backend, expires_in: Option<i32>) -> KeyId {
        let key = new_key(expires_in);
        let id = key.key.id();
        backend.add_key(key, 100);
        id
    }

    #[test]
    fn a_temporary_key_stands_for_a_permanent_one_until_it_expires() {
        let mut backend = Backend::default();
        let (permanent, temporary) = (add(&mut backend, None), add(&mut backend, Some(50)));
        assert_eq!(backend.keys[&permanent].dc, Some(2));
        assert_eq!(backend.permanent(temporary), None);
        assert!(!backend.bind(permanent, temporary, 120) && !backend.bind(temporary, temporary, 120));
        assert!(backend.bind(temporary, permanent, 120));
        assert_eq!(backend.permanent(temporary), Some(permanent));
        assert!(backend.usable_key(temporary, 119).is_some() && backend.usable_key(temporary, 120).is_none());
        assert_eq!(
            (backend.key_lifetime(temporary, 100), backend.key_lifetime(temporary, 999)),
            (Some(20), Some(0))
        );
        assert_eq!((backend.key_lifetime(permanent, 100), backend.key_lifetime(KeyId(5), 100)), (None, None));
        assert_eq!(backend.drop_temporary_keys(permanent, &[temporary]), 0);
        let second = add(&mut backend, Some(50));
        assert!(backend.bind(second, permanent, 120));
        assert_eq!(backend.drop_temporary_keys(permanent, &[temporary]), 1);
        assert!(!backend.keys.contains_key(&second) && backend.events == [Event::KeysDropped]);
        assert!(backend.destroy_key(temporary));
        assert!(backend.keys.is_empty(), "both are gone");
    }

    #[test]
    fn keys_do_not_pile_up() {
        let mut backend = Backend::default();
        let first = add(&mut backend, None);
        backend.keys.get_mut(&first).unwrap().created = 1;
        for id in 0..i64::try_from(MAX_KEYS).unwrap() - 1 {
            let record = backend.keys[&first].clone();
            backend.keys.insert(KeyId(id), KeyRecord { created: 2, ..record });
        }
        add(&mut backend, None);
        assert_eq!(backend.keys.len(), MAX_KEYS);
        assert!(!backend.keys.contains_key(&first), "the oldest went");
    }
}
