//! A provider's metadata: its endpoints, and the address of its keys.
//!
//! It is fetched in the background from startup on, so that an unreachable provider does not delay the start, and the
//! first sign-in need not wait. It is kept for an hour, and longer while the provider is unreachable. Concurrent sign-ins
//! share one request.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use tokio::sync::Mutex;
use url::Url;

use super::error::OidcError;
use super::metadata::Metadata;
use crate::clock::Clock;
use crate::config::{KeysAt, Outbound};
use crate::domain::Millis;
use crate::sso::http::{Http, Problem, json};
use crate::sso::jwks::KeySet;
use crate::sso::refresh::Refresh;

/// Milliseconds after which metadata is fetched again.
const GOOD_FOR: i64 = 60 * 60 * 1000;

/// The last fetched metadata.
#[derive(Debug)]
pub(super) struct DiscoveredProvider {
    pub(super) metadata: Metadata,
    pub(super) keys: Arc<KeySet>,
    at: Millis,
}

/// Fetches and caches the metadata.
#[derive(Debug)]
pub(super) struct Discovery {
    issuer: String,
    pub(super) http: Http,
    clock: Clock,
    known: ArcSwapOption<DiscoveredProvider>,
    /// When it was last fetched. Locked during a fetch.
    refresh: Mutex<Refresh>,
}

impl Discovery {
    pub(super) fn new(issuer: &str, outbound: &Outbound, clock: Clock) -> Arc<Self> {
        let http = Http::new(issuer.starts_with("https:"), outbound);
        let (known, refresh) = (ArcSwapOption::empty(), Mutex::default());
        Arc::new(Self { issuer: issuer.to_owned(), http, clock, known, refresh })
    }

    /// Fetches in the background, and retries until everything for the first sign-in is there.
    pub(super) fn prepare(self: &Arc<Self>) {
        let discovery = Arc::clone(self);
        tokio::spawn(async move {
            loop {
                if let Ok(known) = discovery.known().await {
                    return known.keys.prepare();
                }
                let remaining = discovery.refresh.lock().await.remaining(discovery.clock.now(), None);
                tokio::time::sleep(remaining.unwrap_or_default()).await;
            }
        });
    }

    /// The provider's metadata, fetched again if it is too old.
    pub(super) async fn known(&self) -> Result<Arc<DiscoveredProvider>, OidcError> {
        let young = || self.known.load_full().filter(|known| self.since(known.at) < GOOD_FOR);
        if let Some(known) = young() {
            return Ok(known);
        }
        let mut refresh = self.refresh.lock().await;
        if let Some(known) = young() {
            return Ok(known);
        }
        if refresh.ready(self.clock.now(), None) {
            let said = self.ask().await;
            refresh.record(self.clock.now(), said.is_ok());
            match said {
                Ok(known) => self.known.store(Some(Arc::new(known))),
                Err(problem) => {
                    tracing::warn!(%problem, "the metadata of the identity provider can't be fetched");
                }
            }
        }
        self.known.load_full().ok_or(OidcError::Unavailable)
    }

    fn since(&self, at: Millis) -> i64 {
        self.clock.now().0.saturating_sub(at.0)
    }

    async fn ask(&self) -> Result<DiscoveredProvider, Problem> {
        let address = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let address = Url::parse(&address).map_err(|error| Problem(error.to_string()))?;
        let metadata: Metadata = json(&self.http.get(&address, None).await?)?;
        if metadata.issuer != self.issuer {
            let (theirs, ours) = (&metadata.issuer, &self.issuer);
            return Err(Problem(format!("its issuer is {theirs:?}, but OIDC_ISSUER is {ours:?}")));
        }
        if let Some(open) =
            metadata.addresses().find(|url| address.scheme() == "https" && url.scheme() != "https")
        {
            return Err(Problem(format!("its address {open} is not https")));
        }
        let at = KeysAt::Set(metadata.jwks_uri.clone());
        let before = self.known.load_full().filter(|known| known.keys.is_at(&at));
        let keys = before.map(|known| Arc::clone(&known.keys));
        let keys = keys.unwrap_or_else(|| KeySet::new(at, self.http.clone(), self.clock.clone()));
        Ok(DiscoveredProvider { metadata, keys, at: self.clock.now() })
    }
}
