//! Stores the lists of devices that accounts' clients have read, and records which devices came and went. Pages show a list
//! once it is stored, so that nothing is on a page that is not in the audit log.

use crate::domain::access::Principal;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::{AccountId, Device, Devices, Millis};
use crate::live::devices::Lists;
use crate::live::events::Change;
use crate::ops::App;
use crate::store::{self, Conn, StoreError, Written};

/// How many are stored at once: sealing takes time, and other changes wait meanwhile.
const AT_ONCE: usize = 32;
/// A list that says nothing new is stored only if the stored one is older, in seconds: that a device was used is not worth
/// a change each time.
const REFRESH: i64 = 60 * 60;

/// Stores all lists that are not stored yet. Returns when those that were there before the call are stored.
pub async fn store(app: &App) -> Result<(), StoreError> {
    let _alone = app.live.devices.storing.lock().await;
    loop {
        let mut taken = app.live.devices.take(AT_ONCE);
        if taken.is_empty() {
            return Ok(());
        }
        // Nothing is stored of an account that was removed meanwhile.
        taken.retain(|(account, _)| app.live.accounts.get(*account).is_some());
        if let Err(error) = write(app, &taken).await {
            app.live.devices.put_back(taken);
            return Err(error);
        }
        for (account, devices) in taken {
            let is_stored = is_due(app, account, &devices);
            app.live.devices.set_known(account, devices, is_stored);
            app.live.events.publish(Change::Devices(account));
        }
    }
}

async fn write(app: &App, lists: &Lists) -> Result<(), StoreError> {
    let now = app.clock.now();
    let due: Vec<&(AccountId, Devices)> = lists.iter().filter(|(id, list)| is_due(app, *id, list)).collect();
    let news: Vec<AuditEntry> = due.iter().flat_map(|(id, list)| news(app, *id, list, now)).collect();
    if due.is_empty() {
        return Ok(());
    }
    if news.is_empty() {
        return app.db.maintain(async |conn| put(app, conn, &due).await).await;
    }
    app.write_with(async |tx| -> Result<Written<()>, StoreError> {
        put(app, tx, &due).await?;
        let mut recorded = None;
        for entry in &news {
            recorded = Some(tx.record(entry).await?);
        }
        Ok(Written::of(recorded, ()))
    })
    .await
}

async fn put(app: &App, conn: &mut Conn<'_>, lists: &[&(AccountId, Devices)]) -> Result<(), StoreError> {
    for (account, devices) in lists {
        store::account_devices::put(conn, &app.keys, *account, devices).await?;
    }
    Ok(())
}

fn is_due(app: &App, account: AccountId, list: &Devices) -> bool {
    let stored_at = app.live.devices.stored_at(account);
    let is_old = stored_at.is_none_or(|at| list.read_at.seconds_since(at) >= REFRESH);
    is_old || app.live.devices.get(account).is_none_or(|before| !list.is_unchanged_since(&before))
}

/// The devices that came and went, as entries. The first list of an account is no news.
fn news(app: &App, account: AccountId, list: &Devices, now: Millis) -> Vec<AuditEntry> {
    let Some(before) = app.live.devices.get(account) else { return Vec::new() };
    let news = list.news_since(&before);
    let events = news.appeared.into_iter().map(appeared).chain(news.gone.into_iter().map(gone));
    let telegram = Principal::System("telegram");
    events.map(|event| AuditEntry::done(now, &telegram, event).about(account)).collect()
}

fn appeared(device: &Device) -> AuditEvent {
    AuditEvent::DeviceAppeared {
        device: device.label(),
        address: device.address.clone(),
        place: device.place.clone(),
        system: device.system.clone(),
        official: device.is_official,
    }
}

fn gone(device: &Device) -> AuditEvent {
    AuditEvent::DeviceGone {
        device: device.label(),
        address: device.address.clone(),
        place: device.place.clone(),
    }
}
