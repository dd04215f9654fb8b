//! Two-step passwords: the server's side of SRP as Telegram uses it.
//!
//! The server never sees the password. It stores a verifier, sends a challenge, and checks the client's proof.

use hmac::Hmac;
use num_bigint::BigUint;
use serde::{Deserialize, Serialize};
use sha2::Sha512;

use super::{dh, random, random_id, sha256};

const ROUNDS: u32 = 100_000;

/// What is stored of a password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Password {
    pub hint: String,
    /// The first salt, part of it chosen by the client.
    #[serde(with = "crate::serde_base64")]
    pub salt1: Vec<u8>,
    /// The second salt.
    #[serde(with = "crate::serde_base64")]
    pub salt2: Vec<u8>,
    /// The generator to the power of the password's hash.
    #[serde(with = "crate::serde_base64")]
    pub verifier: Vec<u8>,
}

/// New salts for a password that is going to be set.
pub fn new_salts() -> (Vec<u8>, Vec<u8>) {
    (random::<8>().to_vec(), random::<16>().to_vec())
}

impl Password {
    /// Derives the verifier, which is slow on purpose.
    pub fn new(password: &str, hint: &str) -> Self {
        let (salt1, salt2) = new_salts();
        let hash = BigUint::from_bytes_be(&password_hash(password, &salt1, &salt2));
        Self { hint: hint.to_owned(), salt1, salt2, verifier: dh::bytes(&dh::power(&hash)).to_vec() }
    }
}

fn salted(data: &[u8], salt: &[u8]) -> [u8; 32] {
    sha256(&[salt, data, salt])
}

fn password_hash(password: &str, salt1: &[u8], salt2: &[u8]) -> [u8; 32] {
    let first = salted(&salted(password.as_bytes(), salt1), salt2);
    let mut derived = [0; 64];
    if pbkdf2::pbkdf2::<Hmac<Sha512>>(&first, salt1, ROUNDS, &mut derived).is_err() {
        tracing::error!("cannot hash the password");
    }
    salted(&derived, salt2)
}

/// A challenge that only a client that knows the password can answer, once.
#[derive(Debug, Clone)]
pub struct Challenge {
    /// Identifies the challenge in the answer.
    pub id: i64,
    /// The server's public value, `srp_B`.
    pub public: [u8; 256],
    secret: BigUint,
}

/// `k`, the multiplier of the verifier: the hash of the group.
fn multiplier() -> BigUint {
    BigUint::from_bytes_be(&sha256(&[&dh::prime_bytes(), &generator_bytes()]))
}

fn generator_bytes() -> [u8; 256] {
    dh::bytes(&BigUint::from(dh::G.unsigned_abs()))
}

impl Challenge {
    pub fn new(password: &Password) -> Self {
        let secret = dh::exponent();
        let verifier = BigUint::from_bytes_be(&password.verifier);
        let public = (multiplier() * verifier + dh::power(&secret)) % dh::prime();
        Self { id: random_id(), public: dh::bytes(&public), secret }
    }

    /// Whether the client's public value `a` and its proof show that it knows the password.
    pub fn check(&self, password: &Password, a: &[u8], proof: &[u8]) -> bool {
        let Some(public) = dh::public(a) else { return false };
        let a = dh::bytes(&public);
        let scramble = BigUint::from_bytes_be(&sha256(&[&a, &self.public]));
        let verifier = BigUint::from_bytes_be(&password.verifier);
        let base = public * verifier.modpow(&scramble, dh::prime());
        let shared = sha256(&[&dh::bytes(&base.modpow(&self.secret, dh::prime()))]);
        let mut group = sha256(&[&dh::prime_bytes()]);
        let generator = sha256(&[&generator_bytes()]);
        group.iter_mut().zip(generator).for_each(|(p, g)| *p ^= g);
        let expected = sha256(&[
            &group,
            &sha256(&[&password.salt1]),
            &sha256(&[&password.salt2]),
            &a,
            &self.public,
            &shared,
        ]);
        expected == *proof
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use grammers_crypto::two_factor_auth::calculate_2fa;

    #[test]
    fn only_the_password_answers_the_challenge() {
        let password = Password::new("correct horse", "four words");
        let challenge = Challenge::new(&password);
        let answer = |text: &str| {
            calculate_2fa(
                &password.salt1,
                &password.salt2,
                &dh::prime_bytes(),
                &dh::G,
                challenge.public.to_vec(),
                random::<256>().to_vec(),
                text,
            )
        };
        let (proof, a) = answer("correct horse");
        assert!(challenge.check(&password, &a, &proof));
        assert!(!Challenge::new(&password).check(&password, &a, &proof), "another challenge");
        let (wrong, a) = answer("battery staple");
        assert!(!challenge.check(&password, &a, &wrong));
        assert!(!challenge.check(&password, &[], &proof));
        assert!(!challenge.check(&password, &dh::bytes(&BigUint::from(1u32)), &proof));
    }
}
