//! The devices that are signed in to the account. Telegram announces none of their changes as such, so the list is read
//! when something suggests that it has changed: a message from Telegram, which may say that a device has signed in; a
//! session that has to be confirmed; a request of a person. Beside that, it is what the probe of the session asks for.

use std::time::Duration;

use tdlib_rs::{enums, functions, types};
use tokio::time::Instant;

use crate::domain::device::tidy;
use crate::domain::{Device, DeviceId, DeviceRequest, Devices, Millis, Stage};
use crate::telegram::client::calls::{CallError, call};
use crate::telegram::client::run::Client;
use crate::telegram::client::{ClientTask, Done};
use crate::telegram::handle::{AnswerError, Reply};

/// The shortest time between two readings that no person asked for: messages may come in large numbers.
const PAUSE: Duration = Duration::from_secs(10);
/// The pause before another attempt after one without an answer.
const RETRY: Duration = Duration::from_secs(60);
/// People who wait for the list.
const WAITING: usize = 64;

/// What was asked of Telegram, and when more is.
#[derive(Default)]
pub(super) struct DeviceReads {
    is_reading: bool,
    /// When it is to be read.
    due: Option<Instant>,
    /// Until when it is not read again without a person's request.
    rests_until: Option<Instant>,
    waiting: Vec<Reply<()>>,
}

impl DeviceReads {
    pub(super) const fn due(&self) -> Option<Instant> {
        self.due
    }
}

/// The list that TDLib gave.
pub(super) type DeviceList = Result<types::Sessions, CallError>;

impl ClientTask {
    /// Something suggests that the list has changed.
    pub(super) fn want_devices(&self, client: &mut Client) {
        if self.start.identifier.is_bot() {
            return;
        }
        let now = Instant::now();
        let from = client.devices.rests_until.map_or(now, |until| until.max(now));
        client.devices.due.get_or_insert(from);
    }

    /// Reads the list, unless that is being done.
    pub(super) fn read_devices(client: &mut Client) {
        client.devices.due = None;
        if std::mem::replace(&mut client.devices.is_reading, true) {
            return;
        }
        client.devices.rests_until = Some(Instant::now() + PAUSE);
        let id = client.id;
        client.calls.push(Box::pin(async move { Done::Devices(list(id).await) }));
    }

    /// Does what a person asked for, and reads the list afterwards.
    pub(super) fn device_request(&self, client: &mut Client, request: DeviceRequest, reply: Reply<()>) {
        let stage = &self.snapshot.stage;
        let refusal = match () {
            () if stage.is_starting() => Some(AnswerError::Away),
            () if *stage != Stage::Ready || self.start.identifier.is_bot() => Some(AnswerError::NotNow),
            () if client.devices.waiting.len() >= WAITING => Some(AnswerError::Busy),
            () => None,
        };
        if let Some(refusal) = refusal {
            let _ = reply.send(Err(refusal));
            return;
        }
        if request == DeviceRequest::Read {
            client.devices.waiting.push(reply);
            Self::read_devices(client);
            return;
        }
        let id = client.id;
        client.calls.push(Box::pin(async move {
            let result = send(request, id).await;
            Done::DeviceRequested(reply, result, list(id).await)
        }));
    }

    /// The list was read, or Telegram did not give it.
    pub(super) fn on_devices(&self, client: &mut Client, list: DeviceList) {
        client.devices.is_reading = false;
        let result = self.hand_over(client, list);
        Self::on_probed(client, &result);
        for reply in std::mem::take(&mut client.devices.waiting) {
            let _ = reply.send(result.as_ref().map_err(|error| error.answer()).copied());
        }
    }

    /// A request was answered, and the list was read after it.
    pub(super) fn on_device_request(
        &self,
        client: &mut Client,
        reply: Reply<()>,
        result: &Result<(), CallError>,
        list: DeviceList,
    ) {
        let read = self.hand_over(client, list);
        Self::on_probed(client, &read);
        let _ = reply.send(result.as_ref().map_err(|error| error.answer()).copied());
    }

    fn hand_over(&self, client: &mut Client, list: DeviceList) -> Result<(), CallError> {
        match list {
            Ok(list) => {
                let now = self.context.settings.clock.now();
                (self.context.observer.devices)(self.start.account, devices_of(list, now));
                Ok(())
            }
            Err(error) => {
                tracing::debug!(account = %self.start.account, ?error, "the devices can't be read");
                if error.is_away() {
                    client.devices.due = Some(Instant::now() + RETRY);
                }
                Err(error)
            }
        }
    }
}

async fn send(request: DeviceRequest, id: i32) -> Result<(), CallError> {
    match request {
        DeviceRequest::Read => Ok(()),
        DeviceRequest::End(device) => call(functions::terminate_session(device.0, id)).await,
        DeviceRequest::EndOthers => call(functions::terminate_all_other_sessions(id)).await,
        DeviceRequest::Confirm(device) => call(functions::confirm_session(device.0, id)).await,
        DeviceRequest::SetIdleDays(days) => {
            let days = i32::try_from(days).unwrap_or(i32::MAX);
            call(functions::set_inactive_session_ttl(days, id)).await
        }
    }
}

async fn list(id: i32) -> DeviceList {
    call(functions::get_active_sessions(id)).await.map(|enums::Sessions::Sessions(list)| list)
}

fn devices_of(list: types::Sessions, read_at: Millis) -> Devices {
    let idle_days = u32::try_from(list.inactive_session_ttl_days).unwrap_or_default();
    Devices::new(list.sessions.into_iter().map(device_of).collect(), idle_days, read_at)
}

fn device_of(session: types::Session) -> Device {
    let at = |date: i32| Millis(i64::from(date) * 1000);
    let both = |first: &str, second: &str| tidy(&format!("{first} {second}"));
    Device {
        id: DeviceId(session.id),
        is_own: session.is_current,
        is_unconfirmed: session.is_unconfirmed,
        is_incomplete: session.is_password_pending,
        model: tidy(&session.device_model),
        system: both(&session.platform, &session.system_version),
        app: both(&session.application_name, &session.application_version),
        is_official: session.is_official_application,
        address: tidy(&session.ip_address),
        place: tidy(&session.location),
        signed_in: at(session.log_in_date),
        last_active: at(session.last_active_date),
    }
}
