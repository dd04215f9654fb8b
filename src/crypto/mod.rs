//! The keys: one master key in the settings, and what is made from it.
//!
//! Nothing is encrypted with the master key itself. Each purpose has a key of its own, made by HKDF-SHA256
//! with a label, so that a weakness in one use does not carry over to another. What is sealed says which key
//! sealed it, so the master key can be changed while the former one still opens what it sealed.

pub mod file;
pub mod master;
pub mod sealed;
#[cfg(test)]
mod tests;

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

pub use master::MasterKey;
pub use sealed::{Purpose, SealContext, Sealed};

use crate::domain::Secret;

/// Why a key or a sealed value can't be used. None of the sentences holds anything secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The operating system gave no randomness.
    #[error("the operating system gives no randomness")]
    Randomness,
    /// The text is none that sealing makes.
    #[error("this is no sealed value")]
    Form,
    /// It was sealed with a key that is not in the settings.
    #[error("it was sealed with the key {0}, which is not in the settings")]
    UnknownKey(String),
    /// It was changed, or sealed for another place.
    #[error("it was changed since it was sealed, or belongs elsewhere")]
    Damaged,
    /// The file of the test environment's master key can't be used; a sentence.
    #[error("{0}")]
    File(String),
}

/// The keys in use. `{:?}` shows their names only.
#[derive(Clone)]
pub struct Keys {
    current: Derived,
    old: Option<Derived>,
}

/// What is made from one master key.
#[derive(Clone)]
struct Derived {
    id: String,
    sealing: [u8; 32],
    audit: [u8; 32],
    sessions: [u8; 32],
    access: [u8; 32],
}

impl Keys {
    /// Makes the keys of the present master key and, while it is being changed, of the one before it.
    pub fn new(master: &MasterKey, old: Option<&MasterKey>) -> Self {
        Self { current: Derived::of(master), old: old.map(Derived::of) }
    }

    /// The name of the present key: eight hexadecimal digits that tell nothing of it.
    pub fn id(&self) -> &str {
        &self.current.id
    }

    /// The name of the key before it.
    pub fn old_id(&self) -> Option<&str> {
        self.old.as_ref().map(|old| old.id.as_str())
    }

    /// Seals a secret for one place; it opens there only.
    pub fn seal(&self, place: &SealContext<'_>, secret: &Secret) -> Result<Sealed, KeyError> {
        Sealed::seal(&self.current.id, &self.current.sealing, place, secret)
    }

    /// Seals with the key of that name, be it the present one or the former.
    pub fn seal_with(&self, id: &str, place: &SealContext<'_>, secret: &Secret) -> Result<Sealed, KeyError> {
        let key = self.by_id(id).ok_or_else(|| KeyError::UnknownKey(id.to_owned()))?;
        Sealed::seal(&key.id, &key.sealing, place, secret)
    }

    /// Opens what was sealed for this place, with whichever key sealed it.
    pub fn open(&self, place: &SealContext<'_>, sealed: &Sealed) -> Result<Secret, KeyError> {
        let key =
            self.by_id(sealed.key_id()).ok_or_else(|| KeyError::UnknownKey(sealed.key_id().to_owned()))?;
        sealed.open(&key.sealing, place)
    }

    /// HMAC-SHA256 for the audit trail, with the present key.
    pub fn audit_mac(&self, parts: &[&[u8]]) -> Result<[u8; 32], KeyError> {
        mac(&self.current.audit, parts)
    }

    /// The same with the key of that name; none if it is not in the settings.
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

    fn by_id(&self, id: &str) -> Option<&Derived> {
        [Some(&self.current), self.old.as_ref()].into_iter().flatten().find(|key| key.id == id)
    }
}

impl Derived {
    fn of(master: &MasterKey) -> Self {
        let hkdf = Hkdf::<Sha256>::new(None, master.bytes());
        let derive = |label: &str| {
            let mut key = [0; 32];
            // It fails only for keys longer than 8160 bytes.
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
        }
    }
}

impl Drop for Derived {
    fn drop(&mut self) {
        self.sealing.zeroize();
        self.audit.zeroize();
        self.sessions.zeroize();
        self.access.zeroize();
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keys({}, {:?})", self.id(), self.old_id())
    }
}

/// The parts go in with their lengths, so that moving a byte from one to the next changes the outcome.
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

/// A new key for the TDLib folder of an account: the base64 of 32 random bytes, as TDLib takes it.
pub fn new_folder_key() -> Result<Secret, KeyError> {
    use base64::Engine as _;

    let mut key = Zeroizing::new([0; 32]);
    getrandom::fill(key.as_mut()).map_err(|_| KeyError::Randomness)?;
    Ok(Secret::new(base64::engine::general_purpose::STANDARD.encode(key.as_ref())))
}
