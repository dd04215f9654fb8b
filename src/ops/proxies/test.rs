//! Testing proxies: on request before they are stored, and while an account can't connect through one.

use std::time::Duration;

use super::ProxyDetails;
use super::apply::through;
use super::edit::stored;
use crate::domain::access::SystemGrant;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::privilege::can;
use crate::domain::proxy::{KnownProxy, ProxyFault, ProxyTestFault};
use crate::domain::{ProxyConfig, ProxyId};
use crate::live::events::Change;
use crate::live::proxies::ProxyTest;
use crate::ops::audit::queue::Intent;
use crate::ops::{App, OpError};
use crate::telegram::{Proxy, proxy_test};

/// The most tests that a person can start in an hour.
const MAX_TESTS: usize = 60;

/// Connects to Telegram through what was entered, and returns how long Telegram took to answer. `id` is the proxy that is
/// being edited.
pub async fn test(
    app: &App,
    grant: &SystemGrant<'_, can::ManageAccess>,
    details: &ProxyDetails,
    id: Option<ProxyId>,
) -> Result<Duration, OpError> {
    let known = match id {
        Some(id) => stored(&mut app.db.read().await?, app, id).await?.config,
        None => None,
    };
    let (name, config) = details.check(known.as_ref())?;
    let intent = begin(app, grant, name, &config).await?;
    let result = connect(app, &config).await;
    end(app, intent, result).await
}

/// Tests a stored proxy.
pub async fn test_stored(
    app: &App,
    grant: &SystemGrant<'_, can::ManageAccess>,
    id: ProxyId,
) -> Result<Duration, OpError> {
    let proxy = stored(&mut app.db.read().await?, app, id).await?;
    let unreadable = ProxyFault::TestFailed { fault: ProxyTestFault::Unreadable };
    let config = proxy.config.clone().ok_or(OpError::Refused(unreadable.into()))?;
    let intent = begin(app, grant, proxy.name.clone(), &config).await?;
    let result = connect(app, &config).await;
    note(app, &proxy, result);
    end(app, intent, result).await
}

/// Tests a proxy that accounts can't connect through, so that pages can say why.
pub async fn test_unattended(app: &App, id: ProxyId) {
    let plan = app.live.proxies.plan();
    let Some(proxy) = plan.get(id) else { return };
    let (test_environment, now) = (app.config.telegram.environment.is_test(), app.clock.now());
    let result = match (through(app, proxy), &proxy.config) {
        (Some(way), _) => proxy_test::test(&way, test_environment, now).await,
        (None, Some(_)) => Err(ProxyTestFault::Unresolved),
        (None, None) => Err(ProxyTestFault::Unreadable),
    };
    note(app, proxy, result);
}

fn note(app: &App, proxy: &KnownProxy, result: Result<Duration, ProxyTestFault>) {
    app.live.proxies.put_test(proxy, ProxyTest { at: app.clock.now(), result });
    app.live.events.publish(Change::Proxies);
}

async fn connect(app: &App, config: &ProxyConfig) -> Result<Duration, ProxyTestFault> {
    let address = proxy_test::resolve(&config.host, config.port).await.ok_or(ProxyTestFault::Unresolved)?;
    let (username, secret) = (config.username.clone(), config.secret.clone());
    let proxy = Proxy { kind: config.kind, address, username, secret };
    proxy_test::test(&proxy, app.config.telegram.environment.is_test(), app.clock.now()).await
}

/// Records that a test begins: it makes the server connect to an address that a person entered.
async fn begin(
    app: &App,
    grant: &SystemGrant<'_, can::ManageAccess>,
    proxy: String,
    config: &ProxyConfig,
) -> Result<Intent, OpError> {
    let now = app.clock.now();
    if !app.guards.proxy_tests.admit(MAX_TESTS, &grant.actor().to_string(), now) {
        return Err(OpError::TooOften(ProxyFault::TooManyTests { limit: MAX_TESTS }.into()));
    }
    let event = AuditEvent::ProxyTested { proxy, protocol: config.kind, address: config.address() };
    Ok(Intent::begin(app, AuditEntry::intent(now, grant.actor(), event)).await?)
}

async fn end(
    app: &App,
    intent: Intent,
    result: Result<Duration, ProxyTestFault>,
) -> Result<Duration, OpError> {
    intent.end_now(app, &result).await;
    result.map_err(|fault| OpError::Refused(ProxyFault::TestFailed { fault }.into()))
}
