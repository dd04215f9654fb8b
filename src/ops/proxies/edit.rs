//! Adding, changing and removing proxies.

use super::apply::reload_after_change;
use super::test::test;
use crate::domain::access::SystemGrant;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::error::ErrorCode;
use crate::domain::privilege::can;
use crate::domain::proxy::{KnownProxy, ProxyFault};
use crate::domain::{ProxyConfig, ProxyId, ProxyKind, Secret, name};
use crate::ops::access::MAX_NAME;
use crate::ops::{App, OpError};
use crate::store::{self, Conn, StoreError};

/// What was entered.
#[derive(Debug, Clone)]
pub struct ProxyDetails {
    pub name: String,
    pub kind: Option<ProxyKind>,
    pub host: String,
    pub port: String,
    pub username: String,
    /// None keeps the stored one.
    pub secret: Option<Secret>,
    /// Whether it is stored even if its test fails.
    pub untested: bool,
}

impl ProxyDetails {
    /// Checks it; `stored` is what it takes the place of.
    pub(super) fn check(&self, stored: Option<&ProxyConfig>) -> Result<(String, ProxyConfig), OpError> {
        let name = name::clean(&self.name, MAX_NAME)
            .ok_or_else(|| OpError::invalid("name", ErrorCode::NameInvalid { max: MAX_NAME }))?;
        let kind = self.kind.ok_or_else(|| OpError::invalid("kind", ProxyFault::KindMissing))?;
        let kept = stored.map(|stored| stored.secret.clone()).unwrap_or_default();
        let secret = self.secret.clone().unwrap_or(kept);
        let config = ProxyConfig::parse(kind, (&self.host, &self.port), &self.username, &secret);
        let config = config.map_err(|fault| OpError::invalid(field(&fault), fault))?;
        // The stored password must not be sent to a place that its owner has not chosen.
        let elsewhere =
            stored.is_some_and(|it| (&it.host, it.port, it.kind) != (&config.host, config.port, kind));
        if elsewhere && self.secret.is_none() && !config.secret.is_empty() {
            return Err(OpError::invalid("secret", ProxyFault::SecretAgain));
        }
        Ok((name, config))
    }
}

/// The form's field that a fault is about.
const fn field(fault: &ProxyFault) -> &'static str {
    match fault {
        ProxyFault::KindMissing => "kind",
        ProxyFault::HostForm => "host",
        ProxyFault::PortForm => "port",
        ProxyFault::LoginLength { .. } | ProxyFault::LoginCharacter | ProxyFault::UsernameMissing => {
            "username"
        }
        ProxyFault::SecretMissing | ProxyFault::SecretForm | ProxyFault::SecretAgain => "secret",
        ProxyFault::NameTaken => "name",
        ProxyFault::InUse { .. }
        | ProxyFault::Changed
        | ProxyFault::OtherSelected
        | ProxyFault::Gone
        | ProxyFault::TooManyTests { .. }
        | ProxyFault::TestFailed { .. } => "",
    }
}

/// Adds a proxy once its test has succeeded, or without a test.
pub async fn add(
    app: &App,
    grant: SystemGrant<'_, can::ManageAccess>,
    details: &ProxyDetails,
) -> Result<ProxyId, OpError> {
    let (name, config) = details.check(None)?;
    if !details.untested {
        test(app, &grant, details, None).await?;
    }
    let (id, now) = (ProxyId::generate(), app.clock.now());
    let (protocol, address) = (config.kind, config.address());
    let event = AuditEvent::ProxyAdded { proxy: name.clone(), protocol, address };
    let entry = AuditEntry::done(now, grant.actor(), event);
    app.write(&entry, async |tx| {
        store::proxies::insert(tx, &app.keys, (id, &name), &config, now).await.map_err(taken)
    })
    .await?;
    tracing::info!(proxy = %id, actor = %grant.actor(), "proxy added");
    reload_after_change(app).await;
    Ok(id)
}

/// Changes a proxy; refused if it is not at the version that its author saw.
pub async fn change(
    app: &App,
    grant: SystemGrant<'_, can::ManageAccess>,
    id: ProxyId,
    details: &ProxyDetails,
    seen: i64,
) -> Result<(), OpError> {
    let stored = stored(&mut app.db.read().await?, app, id).await?;
    check_version(&stored, seen)?;
    let (name, config) = details.check(stored.config.as_ref())?;
    if !details.untested && stored.config.as_ref() != Some(&config) {
        test(app, &grant, details, Some(id)).await?;
    }
    let now = app.clock.now();
    let event = AuditEvent::ProxyChanged {
        proxy: name.clone(),
        before: stored.name,
        protocol: config.kind,
        address: config.address(),
        secret: stored.config.is_none_or(|stored| stored.secret != config.secret),
    };
    let entry = AuditEntry::done(now, grant.actor(), event);
    app.write(&entry, async |tx| {
        check_version(&self::stored(tx, app, id).await?, seen)?;
        store::proxies::update(tx, &app.keys, (id, &name), &config, now).await.map_err(taken)
    })
    .await?;
    tracing::info!(proxy = %id, actor = %grant.actor(), "proxy changed");
    reload_after_change(app).await;
    Ok(())
}

/// Removes a proxy that is not selected for anything.
pub async fn remove(
    app: &App,
    grant: SystemGrant<'_, can::ManageAccess>,
    id: ProxyId,
) -> Result<(), OpError> {
    let proxy = stored(&mut app.db.read().await?, app, id).await?.name;
    let entry = AuditEntry::done(app.clock.now(), grant.actor(), AuditEvent::ProxyRemoved { proxy });
    app.write(&entry, async |tx| {
        let is_default = stored(tx, app, id).await?.is_default;
        let (accounts, groups) = store::proxies::uses(tx, id).await?;
        if is_default || accounts > 0 || groups > 0 {
            return Err(OpError::Refused(ProxyFault::InUse { accounts, groups, is_default }.into()));
        }
        Ok(store::proxies::delete(tx, id).await?)
    })
    .await?;
    tracing::info!(proxy = %id, actor = %grant.actor(), "proxy removed");
    reload_after_change(app).await;
    Ok(())
}

pub(super) async fn stored(conn: &mut Conn<'_>, app: &App, id: ProxyId) -> Result<KnownProxy, OpError> {
    store::proxies::get(conn, &app.keys, id).await?.ok_or(OpError::NotFound)
}

fn check_version(proxy: &KnownProxy, seen: i64) -> Result<(), OpError> {
    if proxy.version == seen { Ok(()) } else { Err(OpError::Refused(ProxyFault::Changed.into())) }
}

fn taken(error: StoreError) -> OpError {
    match store::unique(&error) {
        Some(_) => OpError::invalid("name", ProxyFault::NameTaken),
        None => error.into(),
    }
}
