//! The key exchange: three unencrypted requests, after which both sides have a 2048-bit secret.
//!
//! A [`Handshake`] is one connection's state of it, without sockets or storage: a request and the time go in, an answer
//! and possibly a new key come out. A request that does not fit closes the connection, as with Telegram; the client
//! starts over.

use grammers_crypto::aes::{ige_decrypt, ige_encrypt};
use grammers_crypto::generate_key_data_from_nonce;
use grammers_tl_types::{Cursor, Deserializable, Identifiable, Serializable, enums, functions, types};
use num_bigint::BigUint;

use crate::crypto::rsa::{Decrypted, RsaKey};
use crate::crypto::{AuthKey, KeyId, dh, random, sha1};

/// The two primes whose product a client has to factorise, small enough to take no time.
const P: u32 = 1_000_000_007;
const Q: u32 = 1_000_000_009;

/// How far the key exchange of a connection has come.
#[derive(Debug, Default)]
pub enum Handshake {
    #[default]
    Start,
    /// `resPQ` was sent.
    SentPq(Nonces),
    /// `server_DH_params_ok` was sent.
    SentParams(Box<Exchange>),
}

/// The nonces that the requests of one exchange have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nonces {
    client: [u8; 16],
    server: [u8; 16],
}

/// What is known once the client has sent its inner data.
#[derive(Debug)]
pub struct Exchange {
    nonces: Nonces,
    new_nonce: [u8; 32],
    dc: Option<i32>,
    expires_in: Option<i32>,
    secret: BigUint,
}

/// A key that was agreed on.
#[derive(Debug)]
pub struct NewKey {
    pub key: AuthKey,
    /// The salt that both sides derive from the nonces.
    pub salt: i64,
    /// The data centre that the client meant to talk to, if it said so.
    pub dc: Option<i32>,
    /// For a temporary key: its lifetime in seconds.
    pub expires_in: Option<i32>,
}

/// What to send back, and the key if the exchange is complete.
#[derive(Debug)]
pub struct Answer {
    pub reply: Vec<u8>,
    pub key: Option<NewKey>,
}

impl Answer {
    fn reply(reply: &impl Serializable) -> Self {
        Self { reply: reply.to_bytes(), key: None }
    }
}

impl Handshake {
    /// Answers a request. `is_known` tells whether a key with this id exists: ids have to be unique.
    pub fn answer(
        &mut self,
        rsa: &RsaKey,
        request: &[u8],
        now: i32,
        is_known: impl Fn(KeyId) -> bool,
    ) -> Option<Answer> {
        let mut cursor = Cursor::from_slice(request);
        match u32::deserialize(&mut cursor).ok()? {
            functions::ReqPqMulti::CONSTRUCTOR_ID => {
                let request = functions::ReqPqMulti::deserialize(&mut cursor).ok()?;
                Some(self.begin(rsa, request.nonce))
            }
            functions::ReqPq::CONSTRUCTOR_ID => {
                let request = functions::ReqPq::deserialize(&mut cursor).ok()?;
                Some(self.begin(rsa, request.nonce))
            }
            functions::ReqDhParams::CONSTRUCTOR_ID => {
                let request = functions::ReqDhParams::deserialize(&mut cursor).ok()?;
                self.exchange(rsa, &request, now)
            }
            functions::SetClientDhParams::CONSTRUCTOR_ID => {
                let request = functions::SetClientDhParams::deserialize(&mut cursor).ok()?;
                self.finish(&request, is_known)
            }
            _ => None,
        }
    }

    fn begin(&mut self, rsa: &RsaKey, nonce: [u8; 16]) -> Answer {
        let nonces = Nonces { client: nonce, server: random() };
        *self = Self::SentPq(nonces);
        Answer::reply(&enums::ResPq::Pq(types::ResPq {
            nonce: nonces.client,
            server_nonce: nonces.server,
            pq: (u64::from(P) * u64::from(Q)).to_be_bytes().to_vec(),
            server_public_key_fingerprints: vec![rsa.fingerprint()],
        }))
    }

    fn exchange(&mut self, rsa: &RsaKey, request: &functions::ReqDhParams, now: i32) -> Option<Answer> {
        let Self::SentPq(nonces) = *self else { return None };
        let expected = (nonces.client, nonces.server, rsa.fingerprint());
        if (request.nonce, request.server_nonce, request.public_key_fingerprint) != expected {
            return None;
        }
        let inner = Inner::open(rsa, &request.encrypted_data)?;
        if inner.nonces != nonces || request.p != P.to_be_bytes() || request.q != Q.to_be_bytes() {
            return None;
        }
        let secret = dh::exponent();
        let answer = enums::ServerDhInnerData::Data(types::ServerDhInnerData {
            nonce: nonces.client,
            server_nonce: nonces.server,
            g: dh::G,
            dh_prime: dh::prime_bytes().to_vec(),
            g_a: dh::bytes(&dh::power(&secret)).to_vec(),
            server_time: now,
        });
        let exchange = Exchange {
            nonces,
            new_nonce: inner.new_nonce,
            dc: inner.dc,
            expires_in: inner.expires_in,
            secret,
        };
        let reply = Answer::reply(&enums::ServerDhParams::Ok(types::ServerDhParamsOk {
            nonce: nonces.client,
            server_nonce: nonces.server,
            encrypted_answer: exchange.encrypt(&answer.to_bytes()),
        }));
        *self = Self::SentParams(Box::new(exchange));
        Some(reply)
    }

    fn finish(
        &mut self,
        request: &functions::SetClientDhParams,
        is_known: impl Fn(KeyId) -> bool,
    ) -> Option<Answer> {
        let Self::SentParams(exchange) = std::mem::take(self) else {
            return None;
        };
        let nonces = exchange.nonces;
        let inner = exchange.decrypt(&request.encrypted_data)?;
        if (inner.nonce, inner.server_nonce) != (nonces.client, nonces.server) {
            return None;
        }
        let shared = dh::public(&inner.g_b)?.modpow(&exchange.secret, dh::prime());
        let key = AuthKey(dh::bytes(&shared));
        if is_known(key.id()) {
            let new_nonce_hash2 = key.nonce_hash(&exchange.new_nonce, 2);
            *self = Self::SentParams(exchange);
            return Some(Answer::reply(&enums::SetClientDhParamsAnswer::DhGenRetry(types::DhGenRetry {
                nonce: nonces.client,
                server_nonce: nonces.server,
                new_nonce_hash2,
            })));
        }
        let mut answer = Answer::reply(&enums::SetClientDhParamsAnswer::DhGenOk(types::DhGenOk {
            nonce: nonces.client,
            server_nonce: nonces.server,
            new_nonce_hash1: key.nonce_hash(&exchange.new_nonce, 1),
        }));
        answer.key = Some(exchange.key(key));
        Some(answer)
    }
}

impl Exchange {
    fn aes(&self) -> ([u8; 32], [u8; 32]) {
        generate_key_data_from_nonce(&self.nonces.server, &self.new_nonce)
    }

    /// Hash, answer and padding, encrypted with a key that is derived from the nonces.
    fn encrypt(&self, answer: &[u8]) -> Vec<u8> {
        let mut data = [&sha1(&[answer])[..], answer].concat();
        let padding = data.len().wrapping_neg() % 16;
        data.extend(random::<16>().iter().take(padding));
        let (key, iv) = self.aes();
        ige_encrypt(&mut data, &key, &iv);
        data
    }

    fn decrypt(&self, data: &[u8]) -> Option<types::ClientDhInnerData> {
        if data.is_empty() || !data.len().is_multiple_of(16) {
            return None;
        }
        let mut data = data.to_vec();
        let (key, iv) = self.aes();
        ige_decrypt(&mut data, &key, &iv);
        let (hash, inner) = data.split_first_chunk::<20>()?;
        let enums::ClientDhInnerData::Data(parsed) = parse_hashed(hash, inner)?;
        Some(parsed)
    }

    fn key(&self, key: AuthKey) -> NewKey {
        let salt = self.new_nonce.iter().zip(&self.nonces.server).map(|(a, b)| a ^ b);
        let mut bytes = [0; 8];
        bytes.iter_mut().zip(salt).for_each(|(to, from)| *to = from);
        NewKey { key, salt: i64::from_le_bytes(bytes), dc: self.dc, expires_in: self.expires_in }
    }
}

/// Parses a value and checks the SHA-1 of its bytes; padding follows them.
fn parse_hashed<T: Deserializable>(hash: &[u8; 20], bytes: &[u8]) -> Option<T> {
    let mut cursor = Cursor::from_slice(bytes);
    let value = T::deserialize(&mut cursor).ok()?;
    (sha1(&[bytes.get(..cursor.pos())?]) == *hash).then_some(value)
}

/// What the client sent encrypted with the RSA key, in any of the four forms.
struct Inner {
    nonces: Nonces,
    new_nonce: [u8; 32],
    dc: Option<i32>,
    expires_in: Option<i32>,
}

impl Inner {
    fn open(rsa: &RsaKey, block: &[u8]) -> Option<Self> {
        let inner = match rsa.decrypt(block)? {
            Decrypted::Verified(data) => enums::PQInnerData::from_bytes(&data).ok()?,
            Decrypted::Sha1(hash, data) => parse_hashed(&hash, &data)?,
        };
        let (dc, expires_in) = match &inner {
            enums::PQInnerData::Data(_) => (None, None),
            enums::PQInnerData::Dc(inner) => (Some(inner.dc), None),
            enums::PQInnerData::Temp(inner) => (None, Some(inner.expires_in)),
            enums::PQInnerData::TempDc(inner) => (Some(inner.dc), Some(inner.expires_in)),
        };
        Some(Self {
            nonces: Nonces { client: inner.nonce(), server: inner.server_nonce() },
            new_nonce: inner.new_nonce(),
            dc,
            expires_in,
        })
    }
}
