//! Selecting proxies: for an account, for a group, and for all others.

use super::apply::reload_after_change;
use super::edit::stored;
use crate::domain::access::{Grant, SystemGrant};
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::privilege::can;
use crate::domain::proxy::{Egress, ProxyChoice, ProxyFault, ProxyScope};
use crate::domain::{GroupId, ProxyId};
use crate::ops::{App, OpError};
use crate::store::{self, Conn};

/// Selects what an account uses; none leaves it to its groups and the default. `seen` is what was selected when the form
/// was made.
pub async fn select_for_account(
    app: &App,
    grant: Grant<'_, can::View>,
    _manages_access: SystemGrant<'_, can::ManageAccess>,
    choice: Option<ProxyChoice>,
    seen: Option<ProxyChoice>,
) -> Result<(), OpError> {
    let id = grant.account();
    let proxy = name(&mut app.db.read().await?, app, choice).await?;
    let event = AuditEvent::AccountProxySet { through: Egress::of(choice), proxy };
    let entry = AuditEntry::done(app.clock.now(), grant.actor(), event).about(id);
    app.write(&entry, async |tx| {
        store::accounts::get(tx, id).await?.ok_or(OpError::NotFound)?;
        check(store::proxies::choices(tx).await?.accounts.get(&id).copied(), seen)?;
        name(tx, app, choice).await?;
        Ok::<_, OpError>(store::proxies::select(tx, ProxyScope::Account(id), choice).await?)
    })
    .await?;
    tracing::info!(account = %id, actor = %grant.actor(), "proxy of an account selected");
    reload_after_change(app).await;
    Ok(())
}

/// Selects what the accounts of a group use that have no choice of their own.
pub async fn select_for_group(
    app: &App,
    grant: SystemGrant<'_, can::ManageAccess>,
    id: GroupId,
    choice: Option<ProxyChoice>,
    seen: Option<ProxyChoice>,
) -> Result<(), OpError> {
    let proxy = name(&mut app.db.read().await?, app, choice).await?;
    let group = store::groups::get(&mut app.db.read().await?, id).await?.ok_or(OpError::NotFound)?.name;
    let event = AuditEvent::GroupProxySet { group, through: Egress::of(choice), proxy };
    let entry = AuditEntry::done(app.clock.now(), grant.actor(), event);
    app.write(&entry, async |tx| {
        store::groups::get(tx, id).await?.ok_or(OpError::NotFound)?;
        check(store::proxies::choices(tx).await?.groups.get(&id).copied(), seen)?;
        name(tx, app, choice).await?;
        Ok::<_, OpError>(store::proxies::select(tx, ProxyScope::Group(id), choice).await?)
    })
    .await?;
    tracing::info!(group = %id, actor = %grant.actor(), "proxy of a group selected");
    reload_after_change(app).await;
    Ok(())
}

/// Selects the proxy for all accounts without another choice; with none, the setting TELEGRAM_PROXY counts. `seen` is what
/// was selected when the form was made.
pub async fn select_default(
    app: &App,
    grant: SystemGrant<'_, can::ManageAccess>,
    id: Option<ProxyId>,
    seen: Option<ProxyId>,
) -> Result<(), OpError> {
    let choice = id.map(ProxyChoice::Proxy);
    let proxy = name(&mut app.db.read().await?, app, choice).await?;
    let entry = AuditEntry::done(app.clock.now(), grant.actor(), AuditEvent::DefaultProxySet { proxy });
    app.write(&entry, async |tx| {
        let now = store::proxies::choices(tx).await?.default;
        check(now.map(ProxyChoice::Proxy), seen.map(ProxyChoice::Proxy))?;
        name(tx, app, choice).await?;
        Ok::<_, OpError>(store::proxies::select(tx, ProxyScope::Default, choice).await?)
    })
    .await?;
    tracing::info!(actor = %grant.actor(), "default proxy selected");
    reload_after_change(app).await;
    Ok(())
}

fn check(now: Option<ProxyChoice>, seen: Option<ProxyChoice>) -> Result<(), OpError> {
    if now == seen { Ok(()) } else { Err(OpError::Refused(ProxyFault::OtherSelected.into())) }
}

/// The name of the selected proxy, which has to exist.
async fn name(
    conn: &mut Conn<'_>,
    app: &App,
    choice: Option<ProxyChoice>,
) -> Result<Option<String>, OpError> {
    match choice {
        Some(ProxyChoice::Proxy(id)) => match stored(conn, app, id).await {
            Ok(proxy) => Ok(Some(proxy.name)),
            Err(OpError::NotFound) => Err(OpError::invalid("proxy", ProxyFault::Gone)),
            Err(error) => Err(error),
        },
        Some(ProxyChoice::Direct) | None => Ok(None),
    }
}
