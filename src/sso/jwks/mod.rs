//! The public keys of a signer, fetched from where the settings or the provider say.
//!
//! A key that is known is never waited for. A key that is not known is asked for once, and then not again for a
//! minute, however many key ids are invented; only the requests that bring one wait for the answer. The same applies if a
//! signature does not match under a known key: some providers use a key id again, or give none. As long as
//! no keys are known at all, the provider is asked again after seconds: from the start on, so that the first who comes
//! need not wait. What is known stays known while the provider can't be reached, and changes when its set changes.

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

/// The least time between two requests, once keys are known.
const INTERVAL: Duration = Duration::from_secs(60);
/// Seconds after which a set is fetched again, while it goes on being used.
const FRESH: i64 = 60 * 60;
/// Keys that are kept.
const MAX_KEYS: usize = 100;

pub use key::Key;

/// Why there is no key to measure by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoKey {
    /// The provider has none of that name, as far as it may be asked.
    Unknown,
    /// The one of that name makes other signatures.
    Kind,
    /// There are several.
    Several,
    /// The provider has never given any.
    Never,
}

/// A key and its name, if it has one.
type Named = (Option<String>, Key);

#[derive(Debug, Default)]
struct Known {
    keys: Vec<Named>,
    /// When the provider last gave them; none if it never did.
    fetched: Option<Millis>,
}

impl Known {
    /// The least time between two requests, if something is known.
    fn interval(&self) -> Option<Duration> {
        self.fetched.map(|_| INTERVAL)
    }

    /// The key of that name; without a name, the only one that makes such signatures.
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
    /// When the provider was last asked for its set. Held while it is.
    refresh: Mutex<Refresh>,
    /// Questions for single keys.
    lookups: Lookups,
}

impl KeySet {
    /// None known yet, and no request under way.
    pub fn new(at: KeysAt, http: Http, clock: Clock) -> Arc<Self> {
        let (known, refresh, lookups) = (ArcSwap::default(), Mutex::default(), Lookups::default());
        Arc::new(Self { at, clock, http, known, refresh, lookups })
    }

    /// Whether they are where that says.
    pub(super) fn is_at(&self, at: &KeysAt) -> bool {
        self.at == *at
    }

    /// Whether the provider has ever given keys.
    pub fn has_any(&self) -> bool {
        self.known.load().fetched.is_some()
    }

    /// Fetches the set, in the background, again and again until it is there. Where each key has its own file there is
    /// nothing to fetch before a token names one.
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

    /// The key of a name, or the only one, if the provider has it.
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
        // Also if this request ends meanwhile: the answer is for all.
        let _ = self.ask(kid).await;
        match self.known.load().pick(kid, algorithm) {
            Err(NoKey::Unknown) if !self.has_any() => Err(NoKey::Never),
            found => found,
        }
    }

    /// The key of a name after a signature did not match with `failed`, if the provider has another one by now.
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

    /// Fetches what is old again in the background; a request under way serves everyone.
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

    /// Asks the provider, unless it was asked just now; callers that come meanwhile wait for the same answer.
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

/// The keys of a set that can be used; those of other kinds are the business of others. One that stands there twice is
/// one.
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
    // An empty set would lock everybody out, and is no provider's.
    match usable.is_empty() {
        true => Err(Problem("the answer has no key that can be used".into())),
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
