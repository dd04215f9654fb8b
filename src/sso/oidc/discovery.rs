//! What a provider says of itself: its addresses, and where its keys are.
//!
//! It is asked in the background from the start on, so that a provider that is away does not keep Telescope from its
//! accounts, and the first who wants to sign in need not wait. What it said is kept for an hour, and longer while it is
//! away. Many who want to sign in at once wait for one question together.

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

/// Milliseconds for which what the provider said is good.
const GOOD_FOR: i64 = 60 * 60 * 1000;

/// What the provider said last.
#[derive(Debug)]
pub(super) struct DiscoveredProvider {
    pub(super) metadata: Metadata,
    pub(super) keys: Arc<KeySet>,
    at: Millis,
}

/// Asks the provider, and keeps what it said.
#[derive(Debug)]
pub(super) struct Discovery {
    issuer: String,
    pub(super) http: Http,
    clock: Clock,
    known: ArcSwapOption<DiscoveredProvider>,
    /// When it was last asked. Held while it is.
    refresh: Mutex<Refresh>,
}

impl Discovery {
    pub(super) fn new(issuer: &str, outbound: &Outbound, clock: Clock) -> Arc<Self> {
        let http = Http::new(issuer.starts_with("https:"), outbound);
        let (known, refresh) = (ArcSwapOption::empty(), Mutex::default());
        Arc::new(Self { issuer: issuer.to_owned(), http, clock, known, refresh })
    }

    /// Asks in the background, again and again until everything is there that the first sign-in needs.
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

    /// What the provider says of itself.
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
                    tracing::warn!(%problem, "the identity provider does not say where it is to be asked");
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
            return Err(Problem(format!("it calls itself {theirs:?}, but OIDC_ISSUER is {ours:?}")));
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
