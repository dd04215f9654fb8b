//! One public key of a signer.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey};

/// A public key, and the algorithms it can verify.
#[derive(Clone, Debug)]
pub struct Key {
    decoding: DecodingKey,
    /// The only accepted algorithm, if the provider specifies one.
    only: Option<Algorithm>,
}

impl Key {
    /// The key of a JSON Web Key; none if it is not a public key for signatures.
    pub fn of_jwk(jwk: &Jwk) -> Option<Self> {
        let for_signatures = matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature));
        let only = match jwk.common.key_algorithm {
            Some(algorithm) => Some(algorithm.to_string().parse().ok()?),
            None => None,
        };
        let decoding = DecodingKey::from_jwk(jwk).ok()?;
        let is_public = decoding.family() != AlgorithmFamily::Hmac;
        (for_signatures && is_public).then_some(Self { decoding, only })
    }

    /// The key of a PEM file in AWS's format: a public key on the curve P-256.
    pub fn of_pem(pem: &str) -> Option<Self> {
        /// The DER prefix of a public key on that curve, up to its point.
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
        Some(Self { decoding: DecodingKey::from_ec_der(point), only: Some(Algorithm::ES256) })
    }

    /// Whether the key can verify signatures with this algorithm.
    pub fn signs(&self, algorithm: Algorithm) -> bool {
        self.decoding.family() == algorithm.family() && self.only.is_none_or(|only| only == algorithm)
    }

    pub(in crate::sso) fn decoding(&self) -> &DecodingKey {
        &self.decoding
    }
}
