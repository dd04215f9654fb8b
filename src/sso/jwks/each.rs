//! Keys that each have their own file, as those of AWS load balancers. The address is made from the token's key id, so
//! invented ids must not keep real ones from being fetched: each id is requested at most once a minute, only ids that
//! look like real ones are requested, and several at once.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Semaphore;
use url::Url;

use super::{INTERVAL, Key, KeySet, Known, MAX_KEYS};
use crate::domain::Millis;
use crate::sso::http::Problem;

/// Seconds after which an id is requested again if there was no answer.
const RETRY: i64 = 2;
/// Concurrent requests; further ones wait.
const AT_ONCE: usize = 8;
/// How long they wait.
const TURN: Duration = Duration::from_secs(8);
/// Requests per minute.
const PER_MINUTE: u32 = 6000;
/// Ids that are remembered.
const MAX_IDS: usize = 10_000;
/// The longest id; those of AWS are UUIDs.
const MAX_ID: usize = 64;

/// When an id was last requested. Locked during the request, so that all callers with this id wait for the same answer.
type Asked = Arc<tokio::sync::Mutex<Option<Millis>>>;

#[derive(Debug)]
pub(super) struct Lookups {
    ids: Mutex<HashMap<String, Asked>>,
    turns: Semaphore,
    /// When the current minute began, and the requests since then.
    minute: Mutex<(Millis, u32)>,
}

impl Default for Lookups {
    fn default() -> Self {
        let turns = Semaphore::new(AT_ONCE);
        Self { ids: Mutex::default(), turns, minute: Mutex::new((Millis(0), 0)) }
    }
}

impl Lookups {
    fn of(&self, kid: &str) -> Asked {
        let mut ids = self.ids.lock();
        if ids.len() >= MAX_IDS && !ids.contains_key(kid) {
            // Requests in progress hold their own reference.
            ids.clear();
        }
        Arc::clone(ids.entry(kid.to_owned()).or_default())
    }

    /// Whether another request may be sent in this minute.
    fn take(&self, now: Millis) -> bool {
        let mut minute = self.minute.lock();
        if !(0..60).contains(&now.seconds_since(minute.0)) {
            *minute = (now, 0);
        }
        minute.1 = minute.1.saturating_add(1);
        minute.1 <= PER_MINUTE
    }

    /// Whether an id was last requested at least that many seconds ago, or never.
    pub(super) fn is_older(&self, kid: &str, now: Millis, seconds: i64) -> bool {
        let asked = self.of(kid);
        let asked = asked.try_lock();
        asked.is_ok_and(|asked| asked.is_none_or(|at| now.seconds_since(at) >= seconds))
    }
}

/// Whether it can be a key id of AWS.
fn is_plausible(kid: &str) -> bool {
    (1..=MAX_ID).contains(&kid.len()) && kid.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// Fetches the key with that id, unless that was done within the last minute.
pub(super) async fn ask(keys: &KeySet, below: &Url, kid: &str) {
    if !is_plausible(kid) {
        return;
    }
    let asked = keys.lookups.of(kid);
    let mut asked = asked.lock().await;
    let now = keys.clock.now();
    let interval = i64::try_from(INTERVAL.as_secs()).unwrap_or(i64::MAX);
    if asked.is_some_and(|at| now.seconds_since(at) < interval) {
        return;
    }
    let turn = tokio::time::timeout(TURN, keys.lookups.turns.acquire()).await;
    if !matches!(turn, Ok(Ok(_))) || !keys.lookups.take(now) {
        tracing::warn!("too many different key ids; one was not fetched");
        return;
    }
    match fetch(keys, below, kid).await {
        Ok(Some(key)) => put(keys, kid, Some(&key)),
        Ok(None) => put(keys, kid, None),
        Err(problem) => {
            let kept = keys.known.load().keys.len();
            tracing::warn!(%problem, kept, "a key of the identity provider can't be fetched");
            *asked = Some(now.plus_seconds(RETRY - interval));
            return;
        }
    }
    *asked = Some(keys.clock.now());
}

/// The key of that id; none if the provider says that it has none.
async fn fetch(keys: &KeySet, below: &Url, kid: &str) -> Result<Option<Key>, Problem> {
    let url = below.join(kid).map_err(|error| Problem(error.to_string()))?;
    let Some(pem) = keys.http.find(&url).await? else { return Ok(None) };
    let pem = String::from_utf8(pem).unwrap_or_default();
    let key = Key::of_pem(&pem).ok_or_else(|| Problem("the answer is not a public key".to_owned()))?;
    Ok(Some(key))
}

/// Replaces the known key by the fetched one. A key that the provider no longer has is removed.
fn put(keys: &KeySet, kid: &str, key: Option<&Key>) {
    keys.known.rcu(|known| {
        let mut all = known.keys.clone();
        all.retain(|(name, _)| name.as_deref() != Some(kid));
        all.extend(key.map(|key| (Some(kid.to_owned()), key.clone())));
        all.drain(..all.len().saturating_sub(MAX_KEYS));
        let fetched = if key.is_some() { Some(keys.clock.now()) } else { known.fetched };
        Known { keys: all, fetched }
    });
}
