//! The public keys of a signer, fetched from the address in the settings or the provider's metadata.
//!
//! Requests with a known key never wait. If a token names an unknown key, the set is fetched, at most once a minute
//! however many key ids are invented; only the requests that bring such an id wait for the answer. The same applies if
//! a signature does not match under a known key: some providers reuse a key id, or give none. As long as no keys are
//! known, fetching is retried after seconds, beginning at startup, so that the first sign-in need not wait. Known keys
//! are kept while the provider is unreachable, and replaced when its key set changes.

mod each;
mod key;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use jsonwebtoken::Algorithm;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;

use crate::clock::Clock;
use crate::config::KeysAt;
use crate::domain::Millis;
use crate::sso::http::{Http, Problem, json};
use crate::sso::refresh::Refresh;
use each::Lookups;

/// The minimum time between two requests, once keys are known.
const INTERVAL: Duration = Duration::from_secs(60);
/// Seconds after which a key set in use is fetched again.
const FRESH: i64 = 60 * 60;
/// How many keys are kept.
const MAX_KEYS: usize = 100;

pub use key::Key;

/// Why there is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoKey {
    /// The provider has no key with that id, as far as known.
    Unknown,
    /// The key with that id is for other algorithms.
    Kind,
    /// Several keys match.
    Several,
    /// No keys have been fetched yet.
    Never,
}

/// A key and its id, if it has one.
type Named = (Option<String>, Key);

#[derive(Debug, Default)]
struct Known {
    keys: Vec<Named>,
    /// When they were last fetched; none if never.
    fetched: Option<Millis>,
}

impl Known {
    /// The minimum time between two requests, if keys are known.
    fn interval(&self) -> Option<Duration> {
        self.fetched.map(|_| INTERVAL)
    }

    /// The key with that id; without an id, the only one for this algorithm.
    fn pick(&self, kid: Option<&str>, algorithm: Algorithm) -> Result<Key, NoKey> {
        let named = || {
            self.keys.iter().filter(|(name, _)| kid.is_none() || name.as_deref() == kid).map(|(_, key)| key)
        };
        let mut fitting = named().filter(|key| key.signs(algorithm));
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(key.clone()),
            (Some(_), Some(_)) => Err(NoKey::Several),
            (None, _) if kid.is_some() && named().next().is_some() => Err(NoKey::Kind),
            (None, _) => Err(NoKey::Unknown),
        }
    }
}

/// The keys of one provider.
#[derive(Debug)]
pub struct KeySet {
    at: KeysAt,
    clock: Clock,
    http: Http,
    known: ArcSwap<Known>,
    /// When the set was last fetched. Locked during a fetch.
    refresh: Mutex<Refresh>,
    /// Requests for single keys.
    lookups: Lookups,
}

impl KeySet {
    /// No keys are known yet, and nothing is fetched yet.
    pub fn new(at: KeysAt, http: Http, clock: Clock) -> Arc<Self> {
        let (known, refresh, lookups) = (ArcSwap::default(), Mutex::default(), Lookups::default());
        Arc::new(Self { at, clock, http, known, refresh, lookups })
    }

    /// Whether the keys come from this address.
    pub(super) fn is_at(&self, at: &KeysAt) -> bool {
        self.at == *at
    }

    /// Whether keys have been fetched.
    pub fn has_any(&self) -> bool {
        self.known.load().fetched.is_some()
    }

    /// Fetches the key set in the background, and retries until that succeeds. If each key has its own file, there is
    /// nothing to fetch until a token names one.
    pub fn prepare(self: &Arc<Self>) {
        if matches!(self.at, KeysAt::Each(_)) {
            return;
        }
        let keys = Arc::clone(self);
        tokio::spawn(async move {
            while !keys.has_any() {
                let _ = keys.ask(None).await;
                let interval = keys.known.load().interval();
                let remaining = keys.refresh.lock().await.remaining(keys.clock.now(), interval);
                tokio::time::sleep(remaining.filter(|_| !keys.has_any()).unwrap_or_default()).await;
            }
        });
    }

    /// The key with this id, or the only matching one; fetches the set if it is unknown.
    pub async fn find(self: &Arc<Self>, kid: Option<&str>, algorithm: Algorithm) -> Result<Key, NoKey> {
        let known = self.known.load_full();
        match known.pick(kid, algorithm) {
            Err(NoKey::Unknown) => {}
            found => {
                self.renew(&known, kid);
                return found;
            }
        }
        drop(known);
        // The fetch continues even if this request is cancelled, since others use the result.
        let _ = self.ask(kid).await;
        match self.known.load().pick(kid, algorithm) {
            Err(NoKey::Unknown) if !self.has_any() => Err(NoKey::Never),
            found => found,
        }
    }

    /// The key with this id after a signature did not match under `failed`, if the provider has another one by now.
    pub async fn find_other(
        self: &Arc<Self>,
        failed: &Key,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> Option<Key> {
        let other = || self.known.load().pick(kid, algorithm).ok().filter(|key| !key.is_same(failed));
        if let Some(key) = other() {
            return Some(key);
        }
        let _ = self.ask(kid).await;
        other()
    }

    /// Fetches old keys again in the background; one request serves everyone.
    fn renew(self: &Arc<Self>, known: &Known, kid: Option<&str>) {
        let now = self.clock.now();
        let is_due = match &self.at {
            KeysAt::Set(_) => {
                known.fetched.is_none_or(|at| now.seconds_since(at) >= FRESH)
                    && self.refresh.try_lock().is_ok_and(|refresh| refresh.ready(now, known.interval()))
            }
            KeysAt::Each(_) => kid.is_some_and(|kid| self.lookups.is_older(kid, now, FRESH)),
        };
        if is_due {
            drop(self.ask(kid));
        }
    }

    /// Fetches keys, unless that was done just now; concurrent callers wait for the same fetch.
    fn ask(self: &Arc<Self>, kid: Option<&str>) -> tokio::task::JoinHandle<()> {
        let (keys, kid) = (Arc::clone(self), kid.map(str::to_owned));
        tokio::spawn(async move {
            let url = match &keys.at {
                KeysAt::Set(url) => url,
                KeysAt::Each(below) => return each::ask(&keys, below, &kid.unwrap_or_default()).await,
            };
            let mut refresh = keys.refresh.lock().await;
            if !refresh.ready(keys.clock.now(), keys.known.load().interval()) {
                return;
            }
            let fetched = keys.http.get(url, None).await.and_then(|body| set(&body));
            refresh.record(keys.clock.now(), fetched.is_ok());
            match fetched {
                Ok(known) => {
                    keys.known.store(Arc::new(Known { keys: known, fetched: Some(keys.clock.now()) }))
                }
                Err(problem) => {
                    let kept = keys.known.load().keys.len();
                    tracing::warn!(%problem, kept, "the keys of the identity provider can't be fetched");
                }
            }
        })
    }
}

/// The usable keys of a set. Keys of other kinds and duplicates are ignored.
fn set(body: &[u8]) -> Result<Vec<Named>, Problem> {
    #[derive(Deserialize)]
    struct Set {
        keys: Vec<Value>,
    }
    let Set { mut keys } = json(body)?;
    keys.truncate(MAX_KEYS);
    let first = keys.iter().enumerate().filter(|(at, jwk)| !keys.iter().take(*at).any(|other| other == *jwk));
    let usable: Vec<Named> = first
        .filter_map(|(_, jwk)| {
            let jwk: jsonwebtoken::jwk::Jwk = serde_json::from_value(jwk.clone()).ok()?;
            Some((jwk.common.key_id.clone(), Key::of_jwk(&jwk)?))
        })
        .collect();
    // With an empty set no one could sign in, so it is treated as an error.
    match usable.is_empty() {
        true => Err(Problem("the answer has no usable key".into())),
        false => Ok(usable),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_are_a_set_of_public_keys_or_refused(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
            (kty, crv) in ("(RSA|EC|OKP|oct|XYZ)", "(P-256|P-384|Ed25519|X)"),
            (alg, usage) in ("(RS256|ES256|HS256|none|RSA-OAEP)", "(sig|enc|x)"),
            (n, e, k) in ("[A-Za-z0-9_=-]{0,90}", "(AQAB|[A-Za-z0-9_-]{0,8})", "[A-Za-z0-9_-]{0,43}"),
        ) {
            prop_assert!(set(&bytes).is_err());
            let jwk = json!({
                "kty": kty, "crv": crv, "alg": alg, "use": usage, "kid": "one", "n": n, "e": e, "x": k, "y": n, "k": k,
            });
            if let Ok(keys) = set(json!({ "keys": [jwk, 7, null, jwk] }).to_string().as_bytes()) {
                prop_assert_eq!(keys.len(), 1);
                prop_assert!(kty != "oct" && usage == "sig", "{kty} {usage}");
                for shared in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
                    prop_assert!(keys.iter().all(|(_, key)| !key.signs(shared)));
                }
            }
        }

        #[test]
        fn any_text_is_a_key_in_pem_or_refused(text in "\\PC{0,120}", inside in "[A-Za-z0-9+/=\n]{0,140}") {
            prop_assert!(Key::of_pem(&text).is_none());
            let pem = format!("-----BEGIN PUBLIC KEY-----\n{inside}\n-----END PUBLIC KEY-----\n");
            prop_assert!(Key::of_pem(&pem).is_none_or(|key| key.signs(Algorithm::ES256)));
        }
    }
}
