//! The devices that are signed in to accounts: read, ended and confirmed at Telegram.
//!
//! What is asked of Telegram is recorded before, with its outcome after. Telegram's next list is what counts: a device is
//! gone when it is not in it any more, and that is recorded as well.

pub mod lists;

use crate::domain::access::Grant;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::device::{DeviceError, IDLE_DAYS};
use crate::domain::privilege::can;
use crate::domain::refusal::{KnownRefusal, LoginRefusal};
use crate::domain::{AccountId, Device, DeviceId, DeviceRequest, Stage};
use crate::live::accounts::Entry;
use crate::ops::audit::queue::Intent;
use crate::ops::{App, OpError};
use crate::telegram::{AccountHandle, AnswerError};

/// After so many seconds a list is read again when a person looks at it.
const OLD: i64 = 60;

/// A list this old in seconds is read again when the account's client starts. The stored one may be an hour older than the
/// last, and not every restart of the server is a reason to ask Telegram about all accounts.
const LATELY: i64 = 2 * 60 * 60;

/// Reads the account's devices now.
pub async fn read(app: &App, grant: Grant<'_, can::ManageSessions>) -> Result<(), OpError> {
    let id = grant.account();
    let handle = handle(app, id)?;
    let result = handle.devices(DeviceRequest::Read).await;
    lists::store(app).await?;
    result.map_err(|error| refused(app, id, error))
}

/// Reads the account's devices soon if the list that a person is about to see is old.
pub fn look(app: &App, grant: &Grant<'_, can::ManageSessions>) {
    let id = grant.account();
    let now = app.clock.now();
    let is_new = app.live.devices.get(id).is_some_and(|list| now.seconds_since(list.read_at) < OLD);
    if !is_new && let Ok(handle) = handle(app, id) {
        handle.look_at_devices();
    }
}

/// Whether the list need not be read when the account's client starts.
pub(in crate::ops) fn were_read_lately(app: &App, account: AccountId) -> bool {
    let now = app.clock.now();
    app.live.devices.get(account).is_some_and(|list| now.seconds_since(list.read_at) < LATELY)
}

/// Ends the session of a device.
pub async fn end(app: &App, grant: Grant<'_, can::ManageSessions>, device: DeviceId) -> Result<(), OpError> {
    let found = known(app, grant.account(), device)?;
    let (label, Device { address, place, .. }) = (found.label(), found);
    let event = AuditEvent::DeviceEnded { device: label, address, place };
    request(app, &grant, event, DeviceRequest::End(device)).await
}

/// Ends the sessions of all devices but Telescope, also of those that are not known yet.
pub async fn end_others(app: &App, grant: Grant<'_, can::ManageSessions>) -> Result<(), OpError> {
    let known = app.live.devices.get(grant.account());
    let devices = known.map_or(0, |list| list.others().count());
    let event = AuditEvent::OtherDevicesEnded { devices: u64::try_from(devices).unwrap_or_default() };
    request(app, &grant, event, DeviceRequest::EndOthers).await
}

/// Tells Telegram that a new device belongs to the account's owner.
pub async fn confirm(
    app: &App,
    grant: Grant<'_, can::ManageSessions>,
    device: DeviceId,
) -> Result<(), OpError> {
    let found = known(app, grant.account(), device)?;
    let (label, Device { address, place, .. }) = (found.label(), found);
    let event = AuditEvent::DeviceConfirmed { device: label, address, place };
    request(app, &grant, event, DeviceRequest::Confirm(device)).await
}

/// Sets after how many days without use Telegram ends a session. `days` is what was entered.
pub async fn set_idle_days(
    app: &App,
    grant: Grant<'_, can::ManageSessions>,
    days: &str,
) -> Result<(), OpError> {
    let days = days.trim().parse().ok().filter(|days| IDLE_DAYS.contains(days));
    let days = days.ok_or_else(|| OpError::invalid("days", DeviceError::IdleDays))?;
    request(app, &grant, AuditEvent::IdleDaysSet { days }, DeviceRequest::SetIdleDays(days)).await
}

/// A listed device other than Telescope.
fn known(app: &App, account: AccountId, device: DeviceId) -> Result<Device, OpError> {
    let list = app.live.devices.get(account);
    match list.as_ref().and_then(|list| list.get(device)) {
        Some(found) if found.is_own => Err(OpError::Refused(DeviceError::Own.into())),
        Some(found) => Ok(found.clone()),
        None => Err(OpError::Refused(DeviceError::Gone.into())),
    }
}

/// A bot has no devices.
pub fn refuse_bot(entry: &Entry) -> Result<(), OpError> {
    match entry.account.identifier.is_bot() {
        true => Err(OpError::Refused(DeviceError::OfBot.into())),
        false => Ok(()),
    }
}

/// The client of an account that has devices.
fn handle(app: &App, account: AccountId) -> Result<AccountHandle, OpError> {
    let entry = app.live.accounts.get(account).ok_or(OpError::NotFound)?;
    refuse_bot(&entry)?;
    let handle = app.hub.account(account).ok_or(AnswerError::NotRunning)?;
    if !can_ask(&entry) {
        return Err(OpError::Refused(DeviceError::NotLoggedIn.into()));
    }
    Ok(handle)
}

/// Whether Telegram can be asked about the account's devices.
pub fn can_ask(entry: &Entry) -> bool {
    entry.snapshot.stage == Stage::Ready && !entry.account.identifier.is_bot()
}

async fn request(
    app: &App,
    grant: &Grant<'_, can::ManageSessions>,
    event: AuditEvent,
    request: DeviceRequest,
) -> Result<(), OpError> {
    let id = grant.account();
    let _alone = app.guards.devices.begin(id).ok_or(AnswerError::Busy)?;
    let handle = handle(app, id)?;
    let entry = AuditEntry::intent(app.clock.now(), grant.actor(), event).about(id);
    let intent = Intent::begin(app, entry).await?;
    let result = handle.devices(request).await;
    intent.end_at_telegram(app, &result).await;
    if let Err(error) = lists::store(app).await {
        // It is stored later. What was asked for was done.
        tracing::warn!(%error, "a list of devices is not stored yet");
    }
    result.map_err(|error| refused(app, id, error))
}

fn refused(app: &App, account: AccountId, error: AnswerError) -> OpError {
    match error {
        AnswerError::NotNow => OpError::Refused(DeviceError::NotLoggedIn.into()),
        AnswerError::Refused(LoginRefusal::Known { name: KnownRefusal::SessionTooFresh }) => {
            let from = app.live.devices.get(account).and_then(|list| list.ends_others_from());
            let from = from.filter(|from| *from > app.clock.now());
            OpError::Refused(DeviceError::TooFresh { from }.into())
        }
        AnswerError::Refused(LoginRefusal::Known { name: KnownRefusal::SessionUnknown }) => {
            OpError::Refused(DeviceError::Gone.into())
        }
        error => error.into(),
    }
}
