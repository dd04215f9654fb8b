//! The keys: one master key in the settings, and the keys derived from it.
//!
//! Nothing is encrypted with the master key itself. Each purpose has its own key, derived by HKDF-SHA256 with a label, so
//! that a weakness in one use does not affect another. A sealed value contains the id of its key, so the master key can
//! be changed while values sealed with the former one can still be opened.

pub mod file;
pub mod master;
pub mod sealed;
#[cfg(test)]
mod tests;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

pub use master::MasterKey;
pub use sealed::{Purpose, SealContext, Sealed};

use crate::domain::Secret;

/// Why a key or a sealed value can't be used. No message contains secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The operating system provided no random bytes.
    #[error("the operating system provides no random bytes")]
    Randomness,
    /// The text does not have the form of a sealed value.
    #[error("not a sealed value")]
    Form,
    /// It was sealed with a key that is not in the settings.
    #[error("it was sealed with the key {0}, which is not in the settings")]
    UnknownKey(String),
    /// It was modified, or sealed in another context.
    #[error("it was modified after it was sealed, or was sealed in another context")]
    Damaged,
    /// The file with the test environment's master key can't be used; the reason as a sentence.
    #[error("{0}")]
    File(String),
}

/// The keys in use. `{:?}` prints only their ids.
#[derive(Clone)]
pub struct Keys {
    current: Derived,
    old: Option<Derived>,
}

/// The keys derived from one master key.
#[derive(Clone)]
struct Derived {
    id: String,
    sealing: [u8; 32],
    audit: [u8; 32],
    sessions: [u8; 32],
    access: [u8; 32],
    links: [u8; 32],
}

impl Keys {
    /// Derives the keys of the current master key and, during a key change, of the former one.
    pub fn new(master: &MasterKey, old: Option<&MasterKey>) -> Self {
        Self { current: Derived::of(master), old: old.map(Derived::of) }
    }

    /// The id of the current key: eight hexadecimal digits that reveal nothing about it.
    pub fn id(&self) -> &str {
        &self.current.id
    }

    /// The id of the former key.
    pub fn old_id(&self) -> Option<&str> {
        self.old.as_ref().map(|old| old.id.as_str())
    }

    /// Seals a secret; it can be opened only in the same context.
    pub fn seal(&self, place: &SealContext<'_>, secret: &Secret) -> Result<Sealed, KeyError> {
        Sealed::seal(&self.current.id, &self.current.sealing, place, secret)
    }

    /// Seals with the key of that id, the current or the former one.
    pub fn seal_with(&self, id: &str, place: &SealContext<'_>, secret: &Secret) -> Result<Sealed, KeyError> {
        let key = self.by_id(id).ok_or_else(|| KeyError::UnknownKey(id.to_owned()))?;
        Sealed::seal(&key.id, &key.sealing, place, secret)
    }

    /// Opens a value that was sealed in this context with the current or the former key.
    pub fn open(&self, place: &SealContext<'_>, sealed: &Sealed) -> Result<Secret, KeyError> {
        let key =
            self.by_id(sealed.key_id()).ok_or_else(|| KeyError::UnknownKey(sealed.key_id().to_owned()))?;
        sealed.open(&key.sealing, place)
    }

    /// HMAC-SHA256 for the audit log, with the current key.
    pub fn audit_mac(&self, parts: &[&[u8]]) -> Result<[u8; 32], KeyError> {
        mac(&self.current.audit, parts)
    }

    /// HMAC-SHA256 for the audit log, with the key of that id; none if it is not in the settings.
    pub fn audit_mac_by(&self, id: &str, parts: &[&[u8]]) -> Option<Result<[u8; 32], KeyError>> {
        Some(mac(&self.by_id(id)?.audit, parts))
    }

    /// What the database has of a session's id: HMAC-SHA256 of it with the present key, as hexadecimal digits. Without
    /// the key no one can tell what it would be for an id of their own.
    pub fn session_hash(&self, id: &str) -> Result<String, KeyError> {
        mac(&self.current.sessions, &[id.as_bytes()]).map(hex::encode)
    }

    /// Proves that a row which gives access was written by Telescope: `KEYID.HMAC` over what the row says.
    pub fn access_mac(&self, parts: &[&[u8]]) -> Result<String, KeyError> {
        Ok(format!("{}.{}", self.id(), hex::encode(mac(&self.current.access, parts)?)))
    }

    /// Whether one of our keys made this proof for a row that says this.
    pub fn proves_access(&self, proof: &str, parts: &[&[u8]]) -> bool {
        let Some((key_id, digits)) = proof.split_once('.') else { return false };
        let (Some(key), Ok(bytes)) = (self.by_id(key_id), hex::decode(digits)) else { return false };
        verify(&key.access, parts, &bytes)
    }

    /// The secret part of an invite's link, by the current and the former key.
    pub fn invite_tokens(&self, invite: &str, turn: i64) -> Result<Vec<Secret>, KeyError> {
        let parts: &[&[u8]] = &[invite.as_bytes(), &turn.to_be_bytes()];
        let keys = [Some(&self.current), self.old.as_ref()].into_iter().flatten();
        keys.map(|key| Ok(Secret::new(URL_SAFE_NO_PAD.encode(mac(&key.links, parts)?)))).collect()
    }

    fn by_id(&self, id: &str) -> Option<&Derived> {
        [Some(&self.current), self.old.as_ref()].into_iter().flatten().find(|key| key.id == id)
    }
}

impl Derived {
    fn of(master: &MasterKey) -> Self {
        let hkdf = Hkdf::<Sha256>::new(None, master.bytes());
        let derive = |label: &str| {
            let mut key = [0; 32];
            // It fails only for outputs longer than 8160 bytes.
            let made = hkdf.expand(label.as_bytes(), &mut key);
            debug_assert!(made.is_ok());
            key
        };
        let sealing = derive("telescope sealing v1");
        let name = hex::encode(Sha256::digest(sealing));
        Self {
            id: name.chars().take(8).collect(),
            sealing,
            audit: derive("telescope audit v1"),
            sessions: derive("telescope sessions v1"),
            access: derive("telescope access v1"),
            links: derive("telescope invite links v1"),
        }
    }
}

impl Drop for Derived {
    fn drop(&mut self) {
        self.sealing.zeroize();
        self.audit.zeroize();
        self.sessions.zeroize();
        self.access.zeroize();
        self.links.zeroize();
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keys({}, {:?})", self.id(), self.old_id())
    }
}

/// Each part is prefixed with its length, so that moving a byte from one part to the next changes the MAC.
fn mac(key: &[u8; 32], parts: &[&[u8]]) -> Result<[u8; 32], KeyError> {
    Ok(hmac(key, parts)?.finalize().into_bytes().into())
}

/// Whether it is the MAC of these parts, compared in constant time.
fn verify(key: &[u8; 32], parts: &[&[u8]], expected: &[u8]) -> bool {
    hmac(key, parts).is_ok_and(|mac| mac.verify_slice(expected).is_ok())
}

fn hmac(key: &[u8; 32], parts: &[&[u8]]) -> Result<Hmac<Sha256>, KeyError> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|_| KeyError::Form)?;
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    Ok(mac)
}

/// A new key for the TDLib folder of an account: 32 random bytes in base64, the form that TDLib expects.
pub fn new_folder_key() -> Result<Secret, KeyError> {
    Ok(Secret::new(STANDARD.encode(random_bytes()?.as_ref())))
}

/// A secret that only a browser keeps: 32 random bytes.
pub fn new_browser_secret() -> Result<Secret, KeyError> {
    Ok(Secret::new(URL_SAFE_NO_PAD.encode(random_bytes()?.as_ref())))
}

/// A random two-step password of 120 bits that can be typed and read aloud: letters and digits that look different.
pub fn new_password() -> Result<Secret, KeyError> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let bytes = random_bytes()?;
    let mut password = String::with_capacity(29);
    for (place, byte) in bytes.iter().take(24).enumerate() {
        if place > 0 && place % 4 == 0 {
            password.push('-');
        }
        password.extend(LETTERS.get(usize::from(byte % 32)).map(|letter| char::from(*letter)));
    }
    Ok(Secret::new(password))
}

fn random_bytes() -> Result<Zeroizing<[u8; 32]>, KeyError> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(bytes.as_mut()).map_err(|_| KeyError::Randomness)?;
    Ok(bytes)
}

/// What is stored of a random secret, to recognise it: SHA-256 as hexadecimal digits.
pub fn fingerprint(secret: &str) -> String {
    hex::encode(Sha256::digest(secret))
}
