//! Keeps the clients' proxies current, and finds out why accounts can't connect through theirs.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::domain::proxy::ProxyChoice;
use crate::domain::{Network, ProxyId};
use crate::live::events::Change;
use crate::ops::{App, proxies};

/// The pause before proxies are read again: host names may have got other addresses.
const PERIOD: Duration = Duration::from_secs(60);
/// The same after that failed.
const PAUSE: Duration = Duration::from_secs(5);
/// The pause between two tests of a proxy that does not work.
const TEST_AGAIN: Duration = Duration::from_secs(15);

/// The pause after accounts changed, so that many changes are one reason to look.
const BREATH: Duration = Duration::from_secs(1);

/// Reads the proxies again after the groups of accounts were changed, and from time to time.
pub async fn run(app: Arc<App>) {
    let mut changes = app.live.events.subscribe();
    loop {
        let read = proxies::reload(&app).await;
        if let Err(error) = &read {
            tracing::warn!(%error, "proxies could not be read");
        }
        tokio::select! {
            () = tokio::time::sleep(if read.is_ok() { PERIOD } else { PAUSE }) => {}
            _ = changes.wait_for(|change| change == Change::Policy) => {}
        }
    }
}

/// Tests the proxies through which accounts can't connect.
pub async fn test_failing(app: Arc<App>) {
    let mut changes = app.live.events.subscribe();
    let mut failed = BTreeSet::new();
    loop {
        let failing = failing(&app);
        // One that works again is tested once more, since its last test says otherwise.
        let tests = failing.union(&failed).map(|proxy| proxies::test_unattended(&app, *proxy));
        futures_util::future::join_all(tests).await;
        if failing.is_empty() {
            changes.wait_for(|change| matches!(change, Change::Account(_) | Change::Proxies)).await;
            tokio::time::sleep(BREATH).await;
        } else {
            tokio::time::sleep(TEST_AGAIN).await;
        }
        failed = failing;
    }
}

/// The proxies to which accounts can't connect.
fn failing(app: &App) -> BTreeSet<ProxyId> {
    let plan = app.live.proxies.plan();
    if plan.proxies.is_empty() {
        return BTreeSet::new();
    }
    let mut found = BTreeSet::new();
    for entry in app.live.accounts.listing().iter() {
        let is_failing = match entry.snapshot.network {
            Network::Waiting | Network::ConnectingToProxy => true,
            Network::Off | Network::Connecting | Network::Updating | Network::Ready => false,
        };
        let choice = plan.choices.of(entry.account.id, &entry.account.groups).choice;
        if let (true, Some(ProxyChoice::Proxy(id))) = (is_failing, choice) {
            found.insert(id);
        }
    }
    found
}
