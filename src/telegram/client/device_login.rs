//! Logging a device in by its QR code: the account's session tells Telegram that the device belongs to the account.

use tdlib_rs::{enums, functions, types};

use crate::domain::device_login::plain;
use crate::domain::{LoginLink, NewDevice, Stage};
use crate::telegram::client::calls::{CallError, call};
use crate::telegram::client::run::Client;
use crate::telegram::client::{ClientTask, Done};
use crate::telegram::handle::{AnswerError, Reply};

impl ClientTask {
    pub(super) fn log_device_in(&mut self, client: &mut Client, link: LoginLink, reply: Reply<NewDevice>) {
        let stage = &self.snapshot.stage;
        if *stage != Stage::Ready {
            let refusal = if stage.is_starting() { AnswerError::Away } else { AnswerError::NotNow };
            let _ = reply.send(Err(refusal));
            return;
        }
        let id = client.id;
        client.calls.push(Box::pin(async move {
            let link = link.secret().expose().to_owned();
            let confirmed = call(functions::confirm_qr_code_authentication(link, id)).await;
            let session = confirmed.map(|enums::Session::Session(session)| session);
            Done::DeviceLoggedIn(reply, Box::new(session))
        }));
    }
}

/// Tells the person who asked. A refusal is about their picture, so it is no problem of the account.
pub(super) fn answer(
    client: &mut Client,
    reply: Reply<NewDevice>,
    result: Result<types::Session, CallError>,
) {
    client.heard = tokio::time::Instant::now();
    let _ = reply.send(result.map(described).map_err(|error| error.answer()));
}

fn described(session: types::Session) -> NewDevice {
    let joined = |parts: [&str; 2]| plain(&parts.join(" "));
    NewDevice {
        device: match plain(&session.device_model) {
            model if model.is_empty() => joined([&session.platform, &session.system_version]),
            model => model,
        },
        app: joined([&session.application_name, &session.application_version]),
        official: session.is_official_application,
        address: plain(&session.ip_address),
        place: plain(&session.location),
        needs_password: session.is_password_pending,
    }
}
