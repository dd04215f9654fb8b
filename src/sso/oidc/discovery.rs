//! What a provider says of itself: its addresses and its keys.
//!
//! It is asked at the first sign-in and not at the start, so that a provider that is away does not keep Telescope from
//! its accounts. What it said is kept for an hour, and longer while it is away. Many who want to sign in at once wait
//! for one question together.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use jsonwebtoken::jwk::Jwk;
use serde::Deserialize;
use tokio::sync::Mutex;
use url::Url;

use super::Fault;
use super::http::{Http, Problem};
use crate::clock::Clock;
use crate::domain::Millis;

/// Milliseconds for which what the provider said is good.
const GOOD_FOR: i64 = 60 * 60 * 1000;
/// Milliseconds between two questions because of a key that is not known.
const NEW_KEYS_AFTER: i64 = 30 * 1000;
/// Milliseconds for which nobody asks again after a question that failed.
const REST: i64 = 1000;

/// A provider's description, as it publishes it.
#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    pub(super) issuer: String,
    pub(super) authorization_endpoint: Url,
    pub(super) token_endpoint: Url,
    pub(super) userinfo_endpoint: Option<Url>,
    pub(super) end_session_endpoint: Option<Url>,
    jwks_uri: Url,
    #[serde(default)]
    pub(super) token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    pub(super) id_token_signing_alg_values_supported: Vec<String>,
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
}

impl Metadata {
    fn addresses(&self) -> impl Iterator<Item = &Url> {
        let always = [&self.authorization_endpoint, &self.token_endpoint, &self.jwks_uri];
        always.into_iter().chain(&self.userinfo_endpoint).chain(&self.end_session_endpoint)
    }
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<serde_json::Value>,
}

/// What the provider said last.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) metadata: Metadata,
    pub(super) keys: Vec<Jwk>,
    at: Millis,
}

/// Asks the provider, and keeps what it said.
#[derive(Debug)]
pub(super) struct Discovery {
    issuer: String,
    pub(super) http: Http,
    clock: Clock,
    known: ArcSwapOption<Known>,
    /// When the last question failed.
    failed: Mutex<Option<Millis>>,
}

impl Discovery {
    pub(super) fn new(issuer: &str, clock: Clock) -> Self {
        let http = Http::new(issuer.starts_with("https:"));
        Self {
            issuer: issuer.to_owned(),
            http,
            clock,
            known: ArcSwapOption::empty(),
            failed: Mutex::new(None),
        }
    }

    /// What the provider says of itself.
    pub(super) async fn known(&self) -> Result<Arc<Known>, Fault> {
        self.younger_than(GOOD_FOR).await
    }

    /// The same, asked again because of a key that is not in it; not too often.
    pub(super) async fn with_new_keys(&self) -> Result<Arc<Known>, Fault> {
        self.younger_than(NEW_KEYS_AFTER).await
    }

    async fn younger_than(&self, age: i64) -> Result<Arc<Known>, Fault> {
        let young = || self.known.load_full().filter(|known| self.since(known.at) < age);
        if let Some(known) = young() {
            return Ok(known);
        }
        let mut failed = self.failed.lock().await;
        if let Some(known) = young() {
            return Ok(known);
        }
        if failed.is_none_or(|at| self.since(at) >= REST) {
            match self.ask().await {
                Ok(known) => {
                    *failed = None;
                    let known = Arc::new(known);
                    self.known.store(Some(Arc::clone(&known)));
                    return Ok(known);
                }
                Err(problem) => {
                    tracing::warn!(%problem, "the identity provider does not say where it is to be asked");
                    *failed = Some(self.clock.now());
                }
            }
        }
        self.known.load_full().ok_or(Fault::Away)
    }

    fn since(&self, at: Millis) -> i64 {
        self.clock.now().0.saturating_sub(at.0)
    }

    async fn ask(&self) -> Result<Known, Problem> {
        let address = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let address = Url::parse(&address).map_err(|error| Problem(error.to_string()))?;
        let metadata: Metadata = self.http.get(&address, None).await?;
        if metadata.issuer != self.issuer {
            let (theirs, ours) = (&metadata.issuer, &self.issuer);
            return Err(Problem(format!("it calls itself {theirs:?}, but OIDC_ISSUER is {ours:?}")));
        }
        if let Some(open) =
            metadata.addresses().find(|url| address.scheme() == "https" && url.scheme() != "https")
        {
            return Err(Problem(format!("its address {open} is not https")));
        }
        let set: KeySet = self.http.get(&metadata.jwks_uri, None).await?;
        // Keys of kinds that are not known here are no reason to refuse the others.
        let keys = set.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect();
        Ok(Known { metadata, keys, at: self.clock.now() })
    }
}
