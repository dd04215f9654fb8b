//! Connecting and disconnecting accounts.

use std::time::Duration;

use super::folder;
use crate::domain::access::Grant;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::privilege::can;
use crate::domain::{Account, AccountId, DesiredState};
use crate::ops::{App, OpError, devices, proxies};
use crate::telegram::ClientStart;

/// Connects the account, now and after every restart.
pub async fn connect(app: &App, grant: Grant<'_, can::ManageConnectionState>) -> Result<(), OpError> {
    let account = set_desired_state(app, &grant, DesiredState::Connected).await?;
    start(app, &account)
}

/// Disconnects the account. Its session at Telegram stays.
pub async fn disconnect(app: &App, grant: Grant<'_, can::ManageConnectionState>) -> Result<(), OpError> {
    let account = set_desired_state(app, &grant, DesiredState::Disconnected).await?;
    app.hub.disconnect(account.id).await;
    Ok(())
}

/// Starts the client of an account whose desired state is connected; also called at program start.
pub fn start(app: &App, account: &Account) -> Result<(), OpError> {
    let opened =
        folder::open(&app.config.storage.accounts_dir, &app.keys, app.config.telegram.environment, account);
    let (folder, key) = opened.map_err(OpError::Internal)?;
    app.hub.connect(ClientStart {
        account: account.id,
        identifier: account.identifier.clone(),
        folder,
        key,
        known: app.live.last_known.get(account.id),
        photo: app.live.accounts.get(account.id).and_then(|entry| entry.picture),
        devices_known: devices::were_read_lately(app, account.id),
        proxy: proxies::use_of(app, account),
        probe: probe_period(app.config.telegram.probe_seconds, account.id),
    });
    // Another one may have been selected before the client was there to be told.
    proxies::apply(app, account);
    Ok(())
}

/// The period of an account's probes: 80 to 120 % of the setting, so that accounts don't all probe at the same time.
fn probe_period(seconds: u64, account: AccountId) -> Option<Duration> {
    let jitter = account.spread() % 401;
    (seconds > 0).then(|| Duration::from_millis(seconds * (800 + jitter)))
}

async fn set_desired_state(
    app: &App,
    grant: &Grant<'_, can::ManageConnectionState>,
    wanted: DesiredState,
) -> Result<Account, OpError> {
    let id = grant.account();
    let entry =
        AuditEntry::done(app.clock.now(), grant.actor(), AuditEvent::DesiredStateSet { wanted }).about(id);
    let account = app.write(&entry, async |tx| super::set_wanted(tx, id, wanted).await).await?;
    tracing::info!(account = %id, actor = %grant.actor(), %wanted, "desired state set");
    app.live.accounts.put_wanted(id, wanted);
    Ok(account)
}
