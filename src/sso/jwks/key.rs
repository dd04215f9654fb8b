//! One public key of a signer.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey};
use sha2::{Digest, Sha256};

/// A public key, and what it may have signed.
#[derive(Clone, Debug)]
pub struct Key {
    decoding: DecodingKey,
    /// The one algorithm, if the provider says so.
    only: Option<Algorithm>,
    /// SHA-256 of what it is made of.
    digest: [u8; 32],
}

impl Key {
    /// The key of a JSON Web Key; none if it is no public key for signatures.
    pub fn of_jwk(jwk: &Jwk) -> Option<Self> {
        let for_signatures = matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature));
        let only = match jwk.common.key_algorithm {
            Some(algorithm) => Some(algorithm.to_string().parse().ok()?),
            None => None,
        };
        let decoding = DecodingKey::from_jwk(jwk).ok()?;
        let digest = Sha256::digest(serde_json::to_vec(&jwk.algorithm).ok()?).into();
        let is_public = decoding.family() != AlgorithmFamily::Hmac;
        (for_signatures && is_public && verifies(jwk) && is_strong(jwk)).then_some(Self {
            decoding,
            only,
            digest,
        })
    }

    /// The key of a PEM file as AWS has it: a public key on the curve P-256.
    pub fn of_pem(pem: &str) -> Option<Self> {
        /// What a public key on that curve begins with, up to its point.
        const P256: [u8; 26] = [
            0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
            0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
        ];
        let inside = pem
            .trim()
            .strip_prefix("-----BEGIN PUBLIC KEY-----")?
            .strip_suffix("-----END PUBLIC KEY-----")?;
        let plain: String = inside.split_ascii_whitespace().collect();
        let der = STANDARD.decode(plain).ok()?;
        let point = der.strip_prefix(&P256).filter(|point| point.len() == 65 && point.first() == Some(&4))?;
        let decoding = DecodingKey::from_ec_der(point);
        Some(Self { decoding, only: Some(Algorithm::ES256), digest: Sha256::digest(point).into() })
    }

    /// Whether a signature of that kind can be this key's.
    pub fn signs(&self, algorithm: Algorithm) -> bool {
        self.decoding.family() == algorithm.family() && self.only.is_none_or(|only| only == algorithm)
    }

    /// Whether both are one key.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.digest == other.digest
    }

    pub(in crate::sso) fn decoding(&self) -> &DecodingKey {
        &self.decoding
    }
}

/// Whether the provider gives the key for verifying signatures, if it says what for (RFC 7517, 4.3).
fn verifies(jwk: &Jwk) -> bool {
    jwk.common.key_operations.as_ref().is_none_or(|all| {
        let for_signatures = |one: &KeyOperations| matches!(one, KeyOperations::Verify | KeyOperations::Sign);
        all.contains(&KeyOperations::Verify) && all.iter().all(for_signatures)
    })
}

/// Whether an RSA key has no exponent under 65537: signatures under small ones have been forged wherever a verifier was
/// careless with their padding, and no provider uses one.
fn is_strong(jwk: &Jwk) -> bool {
    let AlgorithmParameters::RSA(rsa) = &jwk.algorithm else { return true };
    let Ok(bytes) = URL_SAFE_NO_PAD.decode(rsa.e.trim_end_matches('=')) else { return false };
    let exponent = bytes
        .iter()
        .try_fold(0_u64, |sum, byte| sum.checked_mul(256).map(|shifted| shifted | u64::from(*byte)));
    exponent.is_some_and(|exponent| exponent >= 65_537 && exponent % 2 == 1)
}
