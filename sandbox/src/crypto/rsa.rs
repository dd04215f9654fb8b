//! The server's RSA key: generated once, given to clients as PEM, and used for one block per key exchange.
//!
//! The public key replaces Telegram's own in a compiled library, so it needs exactly the same length. A
//! modulus of exactly 2048 bits and the exponent 65537 always encode to 270 bytes of DER and so to 425 bytes
//! of PEM.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use grammers_crypto::aes::ige_decrypt;
use num_bigint::BigUint;

use super::{sha1, sha256};

/// `SEQUENCE { INTEGER (257 bytes, the first of them zero), INTEGER 65537 }` around the modulus.
const DER_HEAD: [u8; 9] = [0x30, 0x82, 0x01, 0x0a, 0x02, 0x82, 0x01, 0x01, 0x00];
const DER_TAIL: [u8; 5] = [0x02, 0x03, 0x01, 0x00, 0x01];
const EXPONENT: u32 = 65537;

/// A private key of 2048 bits.
#[derive(Clone)]
pub struct RsaKey {
    modulus: BigUint,
    exponent: BigUint,
    primes: (BigUint, BigUint),
}

impl std::fmt::Debug for RsaKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RsaKey({:x})", self.fingerprint())
    }
}

/// The primes could not be generated.
#[derive(Debug, thiserror::Error)]
#[error("cannot generate an RSA key: {0}")]
pub struct KeyGenerationError(String);

impl RsaKey {
    /// Generates a new key, which takes about a second.
    pub fn generate() -> Result<Self, KeyGenerationError> {
        loop {
            let p = glass_pumpkin::prime::new(1024).map_err(|error| KeyGenerationError(error.to_string()))?;
            let q = glass_pumpkin::prime::new(1024).map_err(|error| KeyGenerationError(error.to_string()))?;
            if let Some(key) = Self::from_primes(p, q) {
                return Ok(key);
            }
        }
    }

    /// `None` if the modulus has not 2048 bits or the exponent has no inverse.
    fn from_primes(p: BigUint, q: BigUint) -> Option<Self> {
        let modulus = &p * &q;
        let one = BigUint::from(1u32);
        let order = (&p - &one) * (&q - &one);
        let exponent = BigUint::from(EXPONENT).modinv(&order)?;
        (modulus.bits() == 2048 && p != q).then_some(Self { modulus, exponent, primes: (p, q) })
    }

    /// The two primes in hexadecimal, one per line. The rest is derived from them.
    pub fn to_text(&self) -> String {
        format!("{:x}\n{:x}\n", self.primes.0, self.primes.1)
    }

    /// The key that [`to_text`](Self::to_text) wrote.
    pub fn from_text(text: &str) -> Option<Self> {
        let mut primes = text.lines().map(|line| BigUint::parse_bytes(line.as_bytes(), 16));
        let (p, q) = (primes.next()??, primes.next()??);
        let one = BigUint::from(1u32);
        (p > one && q > one).then(|| Self::from_primes(p, q))?
    }

    /// The public key as PKCS#1 PEM: 425 bytes, without a line break at the end.
    pub fn public_pem(&self) -> String {
        let der = [&DER_HEAD[..], &self.modulus.to_bytes_be(), &DER_TAIL].concat();
        let mut pem = String::from("-----BEGIN RSA PUBLIC KEY-----\n");
        for (at, letter) in BASE64.encode(der).chars().enumerate() {
            if at > 0 && at % 64 == 0 {
                pem.push('\n');
            }
            pem.push(letter);
        }
        pem.push_str("\n-----END RSA PUBLIC KEY-----");
        pem
    }

    /// Identifies the key in the key exchange: the last half of SHA-1 over modulus and exponent as TL strings.
    pub fn fingerprint(&self) -> i64 {
        let modulus = self.modulus.to_bytes_be();
        let hash = sha1(&[&[254, 0, 1, 0], &modulus, &[3, 1, 0, 1]]);
        let mut last = [0; 8];
        last.copy_from_slice(&hash[12..20]);
        i64::from_le_bytes(last)
    }

    /// Decrypts the block of `req_DH_params`. Clients pad in one of two ways: RSA_PAD, which hides the data under a
    /// random AES key, or the older SHA-1 prefix. The result is the data and whatever padding follows it.
    pub fn decrypt(&self, block: &[u8]) -> Option<Decrypted> {
        let block = BigUint::from_bytes_be(block);
        if block >= self.modulus {
            return None;
        }
        let plain: [u8; 256] = padded(&block.modpow(&self.exponent, &self.modulus))?;
        Some(open_rsa_pad(&plain).unwrap_or_else(|| open_sha1(&plain)))
    }
}

/// The content of an RSA block.
#[derive(Debug, PartialEq, Eq)]
pub enum Decrypted {
    /// The padding proves that the data is complete.
    Verified(Vec<u8>),
    /// The first bytes of the data must have this SHA-1; only their own form says how many.
    Sha1([u8; 20], Vec<u8>),
}

/// A number as exactly `N` big-endian bytes.
pub fn padded<const N: usize>(number: &BigUint) -> Option<[u8; N]> {
    let bytes = number.to_bytes_be();
    let mut out = [0; N];
    out.get_mut(N.checked_sub(bytes.len())?..)?.copy_from_slice(&bytes);
    Some(out)
}

fn open_rsa_pad(plain: &[u8; 256]) -> Option<Decrypted> {
    let (hidden_key, encrypted) = plain.split_first_chunk::<32>()?;
    let mut key = sha256(&[encrypted]);
    key.iter_mut().zip(hidden_key).for_each(|(key, hidden)| *key ^= hidden);
    let mut data = encrypted.to_vec();
    ige_decrypt(&mut data, &key, &[0; 32]);
    let (data, hash) = data.split_at_mut_checked(192)?;
    data.reverse();
    (sha256(&[&key, data]) == *hash).then(|| Decrypted::Verified(data.to_vec()))
}

fn open_sha1(plain: &[u8; 256]) -> Decrypted {
    let mut hash = [0; 20];
    hash.copy_from_slice(&plain[1..21]);
    Decrypted::Sha1(hash, plain[21..].to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::random;

    #[test]
    fn a_key_fits_into_the_library_and_decrypts_what_clients_send() {
        let key = RsaKey::generate().unwrap();
        assert_eq!(key.public_pem().len(), 425);
        assert_eq!(RsaKey::from_text(&key.to_text()).unwrap().public_pem(), key.public_pem());

        let theirs = grammers_crypto::rsa::Key::new(&key.modulus.to_string(), "65537").unwrap();
        let block = grammers_crypto::rsa::encrypt_hashed(b"p, q and a nonce", &theirs, &random());
        let Some(Decrypted::Verified(data)) = key.decrypt(&block) else { panic!("not decrypted") };
        assert!(data.starts_with(b"p, q and a nonce"));
        assert!(matches!(key.decrypt(&[7; 256]), None | Some(Decrypted::Sha1(..))));
        assert_eq!(key.decrypt(&[255; 256]), None, "larger than the modulus");
        assert_eq!(key.decrypt(&[]), Some(open_sha1(&[0; 256])));
    }

    #[test]
    fn a_damaged_key_file_is_no_key() {
        for text in ["", "1\n1\n", "f\nf\n", "xyz\n3\n", "0\n0\n"] {
            assert!(RsaKey::from_text(text).is_none(), "{text:?}");
        }
    }
}
