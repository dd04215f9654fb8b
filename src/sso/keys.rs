//! The public keys of whoever signs assertions, fetched from where the settings say.
//!
//! A key that is known is never waited for. A key that is not known is asked for once, and then not again for a
//! minute, whatever names people invent; whoever brings one waits for that question, and nobody else does. What is
//! known stays known while the provider can't be reached, and changes when the provider's set changes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;
use url::Url;

use crate::clock::Clock;
use crate::config::{KeysAt, is_loopback_name};
use crate::domain::Millis;

/// Bytes of an answer. Sets that hold whole certificates have some twenty thousand.
const MAX_ANSWER: usize = 256 * 1024;
/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(3);
/// How long a whole answer may take.
const ANSWER: Duration = Duration::from_secs(5);
/// Seconds between two questions at least.
const FLOOR: i64 = 60;
/// Seconds after which a set is fetched again, while it goes on being used.
const FRESH: i64 = 60 * 60;
/// Keys that are kept.
const MAX_KEYS: usize = 100;

/// A public key, and what it may have signed.
#[derive(Clone, Debug)]
pub struct Key {
    decoding: DecodingKey,
    /// The one algorithm, if the provider says so.
    only: Option<Algorithm>,
}

impl Key {
    /// The key of a JSON Web Key and its name; none if it is no public key for signatures.
    pub fn of_jwk(jwk: &Jwk) -> Option<(String, Self)> {
        let kid = jwk.common.key_id.clone()?;
        let for_signatures = matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature));
        let only = match jwk.common.key_algorithm {
            Some(algorithm) => Some(algorithm.to_string().parse().ok()?),
            None => None,
        };
        let decoding = DecodingKey::from_jwk(jwk).ok()?;
        let is_public = decoding.family() != AlgorithmFamily::Hmac;
        (for_signatures && is_public).then_some((kid, Self { decoding, only }))
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
        Some(Self { decoding: DecodingKey::from_ec_der(point), only: Some(Algorithm::ES256) })
    }

    /// Whether a signature of that kind can be this key's.
    pub fn signs(&self, algorithm: Algorithm) -> bool {
        self.decoding.family() == algorithm.family() && self.only.is_none_or(|only| only == algorithm)
    }

    pub(super) fn decoding(&self) -> &DecodingKey {
        &self.decoding
    }
}

#[derive(Debug, Default)]
struct Known {
    keys: HashMap<String, Key>,
    /// When the provider last gave them; none if it never did.
    fetched: Option<Millis>,
}

/// The keys of one provider.
#[derive(Debug)]
pub struct KeySet {
    at: KeysAt,
    clock: Clock,
    http: Option<Client>,
    known: ArcSwap<Known>,
    /// When the provider was last asked. Held while it is.
    asked: Mutex<Option<Millis>>,
}

impl KeySet {
    /// None known yet, and nobody asked.
    pub fn new(at: KeysAt, clock: Clock) -> Arc<Self> {
        let client = Client::builder()
            .redirect(Policy::none())
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .https_only(!at.url().host_str().is_some_and(is_loopback_name))
            .no_proxy()
            .user_agent(concat!("Telescope/", env!("CARGO_PKG_VERSION")))
            .build();
        if let Err(error) = &client {
            tracing::error!(?error, "no keys can be fetched; are root certificates installed?");
        }
        Arc::new(Self { at, clock, http: client.ok(), known: ArcSwap::default(), asked: Mutex::default() })
    }

    /// Whether the provider has ever given keys.
    pub fn has_any(&self) -> bool {
        self.known.load().fetched.is_some()
    }

    /// The key of a name, if the provider has it.
    pub async fn find(self: &Arc<Self>, kid: &str) -> Option<Key> {
        let known = self.known.load_full();
        if let Some(key) = known.keys.get(kid) {
            let now = self.clock.now();
            let is_old = known.fetched.is_none_or(|at| now.seconds_since(at) >= FRESH);
            let has_newer = is_old && matches!(self.at, KeysAt::Set(_));
            // Whoever is asking already asks for all.
            if has_newer && self.asked.try_lock().is_ok_and(|asked| is_due(*asked, now)) {
                drop(self.ask(kid));
            }
            return Some(key.clone());
        }
        drop(known);
        // Also if this request ends meanwhile: the answer is for all.
        let _ = self.ask(kid).await;
        self.known.load().keys.get(kid).cloned()
    }

    /// Asks the provider, unless it was asked just now; whoever comes while it is being asked waits with the first.
    fn ask(self: &Arc<Self>, kid: &str) -> tokio::task::JoinHandle<()> {
        let (keys, kid) = (Arc::clone(self), kid.to_owned());
        tokio::spawn(async move {
            let mut asked = keys.asked.lock().await;
            let now = keys.clock.now();
            if !is_due(*asked, now) {
                return;
            }
            *asked = Some(now);
            match keys.fetch(&kid).await {
                Ok(known) => keys.known.store(Arc::new(Known { keys: known, fetched: Some(now) })),
                Err(problem) => {
                    let kept = keys.known.load().keys.len();
                    tracing::warn!(%problem, kept, "the keys of the identity provider can't be fetched");
                }
            }
        })
    }

    async fn fetch(&self, kid: &str) -> Result<HashMap<String, Key>, String> {
        match &self.at {
            KeysAt::Set(url) => set(&self.get(url.clone()).await?),
            KeysAt::Each(below) => {
                let plain =
                    kid.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
                let url =
                    below.join(kid).ok().filter(|_| plain).ok_or("the name of the key makes no address")?;
                let pem = String::from_utf8(self.get(url).await?).unwrap_or_default();
                let key = Key::of_pem(&pem).ok_or("the answer is no public key")?;
                let mut keys = self.known.load().keys.clone();
                if keys.len() >= MAX_KEYS {
                    keys.clear();
                }
                keys.insert(kid.to_owned(), key);
                Ok(keys)
            }
        }
    }

    async fn get(&self, url: Url) -> Result<Vec<u8>, String> {
        let http = self.http.as_ref().ok_or("there are no root certificates to trust")?;
        let mut response = http.get(url).send().await.map_err(|error| chain(&error))?;
        if response.status() != StatusCode::OK {
            return Err(format!("the answer is {}", response.status()));
        }
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| chain(&error))? {
            if body.len() + piece.len() > MAX_ANSWER {
                return Err(format!("the answer is longer than {MAX_ANSWER} bytes"));
            }
            body.extend_from_slice(&piece);
        }
        Ok(body)
    }
}

/// Whether the provider may be asked again. A clock that was set back asks once more rather than never.
fn is_due(asked: Option<Millis>, now: Millis) -> bool {
    asked.is_none_or(|at| !(0..FLOOR).contains(&now.seconds_since(at)))
}

/// The keys of a set that can be used; those of other kinds are the business of others.
fn set(body: &[u8]) -> Result<HashMap<String, Key>, String> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<Value>,
    }
    let set: Set = serde_json::from_slice(body).map_err(|_| "the answer is no set of keys")?;
    let mut keys = HashMap::new();
    for jwk in set.keys.into_iter().take(MAX_KEYS) {
        if let Some((kid, key)) = serde_json::from_value(jwk).ok().as_ref().and_then(Key::of_jwk) {
            keys.entry(kid).or_insert(key);
        }
    }
    // An empty set would lock everybody out, and is no provider's.
    if keys.is_empty() { Err("the answer has no key that can be used".into()) } else { Ok(keys) }
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        words.push_str(": ");
        words.push_str(&inner.to_string());
        cause = inner.source();
    }
    words
}
