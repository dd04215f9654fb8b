//! Selecting proxies: for an account, for a group, and for all others.

use super::apply::reload_after_change;
use super::edit::stored;
use crate::domain::access::{Grant, SystemGrant};
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::privilege::can;
use crate::domain::proxy::{Egress, ProxyChoice, ProxyFault, ProxyScope, ProxySelection};
use crate::domain::{GroupId, ProxyId};
use crate::ops::{App, OpError};
use crate::store::{self, Conn};

/// Selects what an account uses; without a choice its groups or the default decide. `seen` is what was selected when the form
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
        let selection = choice.map(|choice| ProxySelection::Account(id, choice));
        replace(app, tx, ProxyScope::Account(id), selection, seen).await
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
        let selection = choice.map(|choice| ProxySelection::Group(id, choice));
        replace(app, tx, ProxyScope::Group(id), selection, seen).await
    })
    .await?;
    tracing::info!(group = %id, actor = %grant.actor(), "proxy of a group selected");
    reload_after_change(app).await;
    Ok(())
}

/// Selects the proxy for all accounts without another choice; without one they use the setting TELEGRAM_PROXY. `seen` is what
/// was selected when the form was made.
pub async fn select_default(
    app: &App,
    grant: SystemGrant<'_, can::ManageAccess>,
    id: Option<ProxyId>,
    seen: Option<ProxyId>,
) -> Result<(), OpError> {
    let proxy = name(&mut app.db.read().await?, app, id.map(ProxyChoice::Proxy)).await?;
    let entry = AuditEntry::done(app.clock.now(), grant.actor(), AuditEvent::DefaultProxySet { proxy });
    app.write(&entry, async |tx| {
        let seen = seen.map(ProxyChoice::Proxy);
        replace(app, tx, ProxyScope::Default, id.map(ProxySelection::Default), seen).await
    })
    .await?;
    tracing::info!(actor = %grant.actor(), "default proxy selected");
    reload_after_change(app).await;
    Ok(())
}

/// Puts a selection in the place of the one that was seen; none leaves nothing selected.
async fn replace(
    app: &App,
    conn: &mut Conn<'_>,
    scope: ProxyScope,
    selection: Option<ProxySelection>,
    seen: Option<ProxyChoice>,
) -> Result<(), OpError> {
    if store::proxies::choice(conn, scope).await? != seen {
        return Err(OpError::Refused(ProxyFault::OtherSelected.into()));
    }
    name(conn, app, selection.map(ProxySelection::choice)).await?;
    match selection {
        Some(selection) => store::proxies::select(conn, selection).await?,
        None => store::proxies::clear(conn, scope).await?,
    }
    Ok(())
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
