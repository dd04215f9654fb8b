//! The key exchange: three questions and answers in the clear, after which both sides have a 2048-bit secret.
//!
//! A [`Handshake`] is one connection's place in it. It knows neither sockets nor storage: a question and the
//! time go in, an answer and perhaps a new key come out. A question that does not fit ends the connection, as
//! with Telegram; the client begins anew.

use grammers_crypto::aes::{ige_decrypt, ige_encrypt};
use grammers_crypto::generate_key_data_from_nonce;
use grammers_tl_types::{Cursor, Deserializable, Identifiable, Serializable, enums, functions, types};
use num_bigint::BigUint;

use crate::crypto::{AuthKey, KeyId, random, sha1};
use crate::dh;
use crate::rsa::{Opened, RsaKey};

/// The two primes whose product a client has to factorise. It takes any client no time.
const P: u32 = 1_000_000_007;
const Q: u32 = 1_000_000_009;

/// Where a connection stands in its key exchange.
#[derive(Debug, Default)]
pub enum Handshake {
    /// Nothing was asked yet.
    #[default]
    Start,
    /// `resPQ` was sent.
    Asked(Nonces),
    /// `server_DH_params_ok` was sent.
    Exchanging(Box<Exchange>),
}

/// The numbers that tie the questions of one exchange together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nonces {
    client: [u8; 16],
    server: [u8; 16],
}

/// What is known once the client has opened its side.
#[derive(Debug)]
pub struct Exchange {
    nonces: Nonces,
    new_nonce: [u8; 32],
    dc: Option<i32>,
    expires_in: Option<i32>,
    secret: BigUint,
}

/// A key that was agreed.
#[derive(Debug)]
pub struct NewKey {
    /// The secret.
    pub key: AuthKey,
    /// The salt that both sides derive from the nonces.
    pub salt: i64,
    /// The data centre that the client meant to talk to, if it said so.
    pub dc: Option<i32>,
    /// For a temporary key: how many seconds it lives.
    pub expires_in: Option<i32>,
}

/// What to send back, and the key if the exchange is complete.
#[derive(Debug)]
pub struct Answer {
    /// A serialised answer.
    pub reply: Vec<u8>,
    /// The new key.
    pub key: Option<NewKey>,
}

impl Answer {
    fn reply(reply: &impl Serializable) -> Self {
        Self { reply: reply.to_bytes(), key: None }
    }
}

impl Handshake {
    /// Answers a question. `known` says whether a key of this name exists already: two keys of one name would
    /// be taken for each other.
    pub fn answer(
        &mut self,
        rsa: &RsaKey,
        question: &[u8],
        now: i32,
        known: impl Fn(KeyId) -> bool,
    ) -> Option<Answer> {
        let mut cursor = Cursor::from_slice(question);
        match u32::deserialize(&mut cursor).ok()? {
            functions::ReqPqMulti::CONSTRUCTOR_ID => {
                let asked = functions::ReqPqMulti::deserialize(&mut cursor).ok()?;
                Some(self.begin(rsa, asked.nonce))
            }
            functions::ReqPq::CONSTRUCTOR_ID => {
                let asked = functions::ReqPq::deserialize(&mut cursor).ok()?;
                Some(self.begin(rsa, asked.nonce))
            }
            functions::ReqDhParams::CONSTRUCTOR_ID => {
                let asked = functions::ReqDhParams::deserialize(&mut cursor).ok()?;
                self.exchange(rsa, &asked, now)
            }
            functions::SetClientDhParams::CONSTRUCTOR_ID => {
                let asked = functions::SetClientDhParams::deserialize(&mut cursor).ok()?;
                self.finish(&asked, known)
            }
            _ => None,
        }
    }

    fn begin(&mut self, rsa: &RsaKey, nonce: [u8; 16]) -> Answer {
        let nonces = Nonces { client: nonce, server: random() };
        *self = Self::Asked(nonces);
        Answer::reply(&enums::ResPq::Pq(types::ResPq {
            nonce: nonces.client,
            server_nonce: nonces.server,
            pq: (u64::from(P) * u64::from(Q)).to_be_bytes().to_vec(),
            server_public_key_fingerprints: vec![rsa.fingerprint()],
        }))
    }

    fn exchange(&mut self, rsa: &RsaKey, asked: &functions::ReqDhParams, now: i32) -> Option<Answer> {
        let Self::Asked(nonces) = *self else { return None };
        let expected = (nonces.client, nonces.server, rsa.fingerprint());
        if (asked.nonce, asked.server_nonce, asked.public_key_fingerprint) != expected {
            return None;
        }
        let inner = Inner::open(rsa, &asked.encrypted_data)?;
        if inner.nonces != nonces || asked.p != P.to_be_bytes() || asked.q != Q.to_be_bytes() {
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
        *self = Self::Exchanging(Box::new(exchange));
        Some(reply)
    }

    fn finish(
        &mut self,
        asked: &functions::SetClientDhParams,
        known: impl Fn(KeyId) -> bool,
    ) -> Option<Answer> {
        let Self::Exchanging(exchange) = std::mem::take(self) else {
            return None;
        };
        let nonces = exchange.nonces;
        let inner = exchange.decrypt(&asked.encrypted_data)?;
        if (inner.nonce, inner.server_nonce) != (nonces.client, nonces.server) {
            return None;
        }
        let shared = dh::public(&inner.g_b)?.modpow(&exchange.secret, dh::prime());
        let key = AuthKey(dh::bytes(&shared));
        if known(key.id()) {
            let new_nonce_hash2 = key.nonce_hash(&exchange.new_nonce, 2);
            *self = Self::Exchanging(exchange);
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

    /// Hash, answer, padding; under the key that follows from the nonces.
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

/// Parses a value and checks the SHA-1 of exactly its bytes; padding follows them.
fn parse_hashed<T: Deserializable>(hash: &[u8; 20], bytes: &[u8]) -> Option<T> {
    let mut cursor = Cursor::from_slice(bytes);
    let value = T::deserialize(&mut cursor).ok()?;
    (sha1(&[bytes.get(..cursor.pos())?]) == *hash).then_some(value)
}

/// What the client sent under the RSA key, whichever of the four forms it has.
struct Inner {
    nonces: Nonces,
    new_nonce: [u8; 32],
    dc: Option<i32>,
    expires_in: Option<i32>,
}

impl Inner {
    fn open(rsa: &RsaKey, block: &[u8]) -> Option<Self> {
        let inner = match rsa.open(block)? {
            Opened::Proven(data) => enums::PQInnerData::from_bytes(&data).ok()?,
            Opened::Sha1(hash, data) => parse_hashed(&hash, &data)?,
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
