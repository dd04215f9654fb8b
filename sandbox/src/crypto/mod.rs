//! Hashes, randomness, and the two key derivations of MTProto.
//!
//! AES-IGE itself comes from `grammers-crypto`. A message's AES key is derived from the auth key and the message key, at
//! an offset that depends on the direction.

pub mod dh;
pub mod rsa;
pub mod srp;

use grammers_crypto::aes::{ige_decrypt, ige_encrypt};
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// SHA-1 of the concatenated parts.
pub fn sha1(parts: &[&[u8]]) -> [u8; 20] {
    let mut hasher = Sha1::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize().into()
}

/// SHA-256 of the concatenated parts.
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize().into()
}

/// Random bytes from the operating system. Without them no key exchange is possible, so the process ends.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if getrandom::fill(&mut bytes).is_err() {
        tracing::error!("cannot get random bytes from the operating system");
        std::process::abort();
    }
    bytes
}

/// A random number that is not negative.
pub fn random_id() -> i64 {
    i64::from_le_bytes(random()) & i64::MAX
}

/// The last eight bytes of a key's SHA-1, which identify it in packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct KeyId(pub i64);

/// The 2048-bit secret of a client and the server.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthKey(pub [u8; 256]);

impl std::fmt::Debug for AuthKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AuthKey({:x})", self.id().0)
    }
}

impl AsRef<[u8]> for AuthKey {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl TryFrom<Vec<u8>> for AuthKey {
    type Error = Vec<u8>;

    fn try_from(bytes: Vec<u8>) -> Result<Self, Vec<u8>> {
        bytes.try_into().map(Self)
    }
}

impl AuthKey {
    pub fn id(&self) -> KeyId {
        let hash = sha1(&[&self.0]);
        let mut id = [0; 8];
        id.copy_from_slice(&hash[12..20]);
        KeyId(i64::from_le_bytes(id))
    }

    /// `new_nonce_hash1` (number 1) to `3` of the key exchange.
    pub fn nonce_hash(&self, new_nonce: &[u8; 32], number: u8) -> [u8; 16] {
        let key_hash = sha1(&[&self.0]);
        last_16(&sha1(&[new_nonce, &[number], &key_hash[0..8]]))
    }
}

fn last_16(hash: &[u8; 20]) -> [u8; 16] {
    let mut out = [0; 16];
    out.copy_from_slice(&hash[4..20]);
    out
}

/// Who sent a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// The client, offset 0.
    Client,
    /// The server, offset 8.
    Server,
}

type Aes = ([u8; 32], [u8; 32]);

impl Sender {
    /// The middle of SHA-256 over a part of the auth key and the padded plaintext, whole.
    fn message_hash(self, key: &AuthKey, plain: &[u8]) -> [u8; 32] {
        match self {
            Self::Client => sha256(&[&key.0[88..120], plain]),
            Self::Server => sha256(&[&key.0[96..128], plain]),
        }
    }

    fn aes(self, key: &AuthKey, message_key: &[u8; 16]) -> Aes {
        let (first, second) = match self {
            Self::Client => (&key.0[0..36], &key.0[40..76]),
            Self::Server => (&key.0[8..44], &key.0[48..84]),
        };
        let a = sha256(&[message_key, first]);
        let b = sha256(&[second, message_key]);
        (join([&a[0..8], &b[8..24], &a[24..32]]), join([&b[0..8], &a[8..24], &b[24..32]]))
    }

    /// Encrypts a padded plaintext. Its length must be a multiple of 16.
    pub fn encrypt(self, key: &AuthKey, mut plain: Vec<u8>) -> ([u8; 16], Vec<u8>) {
        let message_key = middle(&self.message_hash(key, &plain));
        let (aes_key, iv) = self.aes(key, &message_key);
        ige_encrypt(&mut plain, &aes_key, &iv);
        (message_key, plain)
    }

    /// Decrypts a message and checks its message key. The second value is the hash that a quick
    /// acknowledgement quotes.
    pub fn decrypt(self, key: &AuthKey, message_key: &[u8; 16], data: &[u8]) -> Option<(Vec<u8>, [u8; 32])> {
        if data.is_empty() || !data.len().is_multiple_of(16) {
            return None;
        }
        let mut plain = data.to_vec();
        let (aes_key, iv) = self.aes(key, message_key);
        ige_decrypt(&mut plain, &aes_key, &iv);
        let hash = self.message_hash(key, &plain);
        (middle(&hash) == *message_key).then_some((plain, hash))
    }
}

fn middle(hash: &[u8; 32]) -> [u8; 16] {
    let mut out = [0; 16];
    out.copy_from_slice(&hash[8..24]);
    out
}

fn join(parts: [&[u8]; 3]) -> [u8; 32] {
    let mut out = [0; 32];
    for (to, from) in out.iter_mut().zip(parts.into_iter().flatten()) {
        *to = *from;
    }
    out
}

/// Decrypts with the derivation of MTProto 1, which only the binding of a temporary key still uses.
/// The caller checks the message key, because it covers the plaintext without padding.
pub fn decrypt_v1(key: &AuthKey, message_key: &[u8; 16], data: &[u8]) -> Option<Vec<u8>> {
    if data.is_empty() || !data.len().is_multiple_of(16) {
        return None;
    }
    let k = &key.0;
    let a = sha1(&[message_key, &k[0..32]]);
    let b = sha1(&[&k[32..48], message_key, &k[48..64]]);
    let c = sha1(&[&k[64..96], message_key]);
    let d = sha1(&[message_key, &k[96..128]]);
    let aes_key = join([&a[0..8], &b[8..20], &c[4..16]]);
    let mut iv = [0; 32];
    iv[0..12].copy_from_slice(&a[8..20]);
    iv[12..20].copy_from_slice(&b[0..8]);
    iv[20..24].copy_from_slice(&c[16..20]);
    iv[24..32].copy_from_slice(&d[0..8]);
    let mut plain = data.to_vec();
    ige_decrypt(&mut plain, &aes_key, &iv);
    Some(plain)
}

/// The message key of MTProto 1: of the plaintext without its padding.
pub fn message_key_v1(plain: &[u8]) -> [u8; 16] {
    last_16(&sha1(&[plain]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_direction_has_its_own_key() {
        let key = AuthKey(random());
        let plain = vec![5; 64];
        let (message_key, data) = Sender::Server.encrypt(&key, plain.clone());
        assert_eq!(Sender::Server.decrypt(&key, &message_key, &data).unwrap().0, plain);
        assert!(Sender::Client.decrypt(&key, &message_key, &data).is_none());
        assert!(Sender::Server.decrypt(&key, &message_key, &data[1..]).is_none());
        assert!(Sender::Server.decrypt(&AuthKey(random()), &message_key, &data).is_none());
    }

    #[test]
    fn agrees_with_the_clients_side_of_another_implementation() {
        let bytes = random();
        let theirs = grammers_crypto::AuthKey::from_bytes(bytes);
        let mut buffer = grammers_crypto::DequeBuffer::with_capacity(64, 32);
        buffer.extend(*b"a message from a client, 32 byte");
        grammers_crypto::encrypt_data_v2(&mut buffer, &theirs);
        let key = AuthKey(bytes);
        assert_eq!(buffer[0..8], key.id().0.to_le_bytes());
        let message_key = buffer[8..24].try_into().unwrap();
        let (plain, _) = Sender::Client.decrypt(&key, &message_key, &buffer[24..]).unwrap();
        assert!(plain.starts_with(b"a message from a client, 32 byte"));
    }
}
