//! Applying what was selected: at once after a change by this server, and when host names get other addresses.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::domain::proxy::{KnownProxy, ProxyChoice, ProxyPlan};
use crate::domain::{Account, ProxyId, ProxyKind, Secret};
use crate::live::events::Change;
use crate::ops::App;
use crate::store::{self, StoreError};
use crate::telegram::{Proxy, ProxyUse, proxy_test};

/// Reads proxies and selections as they are in the database now, and makes every client use its proxy. Host names are
/// resolved last: until a new one has an address, its accounts wait.
pub async fn reload(app: &App) -> Result<(), StoreError> {
    let plan = read(app).await?;
    let addresses = resolved(app, &plan).await;
    if app.live.proxies.put_addresses(&plan, addresses) {
        apply_all(app);
    }
    Ok(())
}

async fn read(app: &App) -> Result<Arc<ProxyPlan>, StoreError> {
    let _one_at_a_time = app.live.proxies.reading.lock().await;
    let plan = {
        let conn = &mut app.db.read().await?;
        let proxies = store::proxies::all(conn, &app.keys).await?;
        Arc::new(ProxyPlan { proxies, choices: store::proxies::choices(conn).await? })
    };
    let before = app.live.proxies.plan();
    let known = plan.proxies.iter().filter_map(|proxy| known_address(app, &before, proxy)).collect();
    app.live.proxies.put(Arc::clone(&plan), known);
    apply_all(app);
    if plan != before {
        app.live.events.publish(Change::Proxies);
    }
    Ok(plan)
}

/// Makes every client reach Telegram as was selected.
pub fn apply_all(app: &App) {
    for entry in app.live.accounts.listing().iter() {
        apply(app, &entry.account);
    }
}

/// The same for one client. The account's groups may have changed since `account` was read.
pub fn apply(app: &App, account: &Account) {
    app.hub.use_proxy(account.id, || match app.live.accounts.get(account.id) {
        Some(entry) => use_of(app, &entry.account),
        None => use_of(app, account),
    });
}

/// Like [`reload`], after a committed change. If the database is unavailable now, a background task does it later.
pub(super) async fn reload_after_change(app: &App) {
    if let Err(error) = reload(app).await {
        tracing::warn!(%error, "the changed proxies could not be loaded yet; retrying");
    }
}

/// The addresses of all proxies. One whose name can't be resolved now keeps its last address.
async fn resolved(app: &App, plan: &ProxyPlan) -> HashMap<ProxyId, (i64, SocketAddr)> {
    let resolved = plan.proxies.iter().map(async |proxy| {
        let config = proxy.config.as_ref()?;
        let found = proxy_test::resolve(&config.host, config.port).await;
        Some((proxy.id, (proxy.version, found.or_else(|| app.live.proxies.address(proxy))?)))
    });
    futures_util::future::join_all(resolved).await.into_iter().flatten().collect()
}

/// An address that needs no request: an IP address, or the last one of the same host name.
fn known_address(app: &App, before: &ProxyPlan, proxy: &KnownProxy) -> Option<(ProxyId, (i64, SocketAddr))> {
    let config = proxy.config.as_ref()?;
    let literal = config.host.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, config.port));
    let last = || {
        let before = before.get(proxy.id).filter(|before| before.config.as_ref() == Some(config))?;
        app.live.proxies.address(before)
    };
    Some((proxy.id, (proxy.version, literal.or_else(last)?)))
}

/// How an account reaches Telegram. A selected proxy that can't be used blocks it: it must not connect another way.
pub fn use_of(app: &App, account: &Account) -> ProxyUse {
    let plan = app.live.proxies.plan();
    match plan.choices.of(account.id, &account.groups).choice {
        Some(ProxyChoice::Direct) => ProxyUse::Direct,
        Some(ProxyChoice::Proxy(id)) => {
            plan.get(id).and_then(|proxy| through(app, proxy)).map_or(ProxyUse::Blocked, ProxyUse::Through)
        }
        None => of_setting(app),
    }
}

/// A proxy at its present address.
pub(super) fn through(app: &App, proxy: &KnownProxy) -> Option<Proxy> {
    let config = proxy.config.as_ref()?;
    Some(Proxy {
        kind: config.kind,
        address: app.live.proxies.address(proxy)?,
        username: config.username.clone(),
        secret: config.secret.clone(),
    })
}

fn of_setting(app: &App) -> ProxyUse {
    let Some(proxy) = &app.config.telegram.proxy else { return ProxyUse::Direct };
    let (username, secret) = proxy.login.clone().unwrap_or((String::new(), Secret::empty()));
    ProxyUse::Through(Proxy { kind: ProxyKind::Socks5, address: proxy.address, username, secret })
}
