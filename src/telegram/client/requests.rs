//! Requests to a client task, and their results.

use std::time::Duration;

use tdlib_rs::functions;

use crate::domain::account::Problem;
use crate::domain::refusal::LoginRefusal;
use crate::domain::{Network, SessionEndReason, Stage, login_code};
use crate::telegram::client::calls::{CallError, call};
use crate::telegram::client::run::{Client, LOG_OUT_TIME};
use crate::telegram::client::{ClientTask, Done, End, device_login, two_step};
use crate::telegram::handle::{AnswerError, Command, Reply};
use crate::telegram::login;

/// How long no other code is requested after Telegram had no way to send one: as long as the last code lives.
const NO_OTHER_WAY: Duration = Duration::from_secs(login_code::LIFE.unsigned_abs());

impl ClientTask {
    pub(super) fn on_done(&mut self, client: &mut Client, done: Done) {
        match done {
            Done::Configured(Ok(())) | Done::LoggedOut(Ok(())) | Done::ProxyChanged(Ok(())) => {}
            Done::ProxyChanged(Err(error)) => {
                // A client that starts gets the proxy before anything else.
                tracing::warn!(account = %self.start.account, ?error, "the proxy was not changed; restarting the client");
                client.close();
            }
            Done::Configured(Err(error)) if self.closing.is_none() => {
                client.closed = Some(start_failure(&error));
            }
            Done::Configured(Err(_)) => client.closed = Some(End::Stopped),
            Done::Me(me) => self.on_own_user(client, *me),
            Done::LoggedOut(Err(error)) => {
                if client.ending == Some(SessionEndReason::OtherAccount) {
                    // Checked again when the client has been restarted.
                    client.close();
                }
                client.ending = None;
                if let Some((waiting, _)) = client.logging_out.take() {
                    let answer = self.problem(&error);
                    self.publish();
                    let _ = waiting.send(Err(answer));
                }
            }
            Done::Probed(result) => Self::on_probed(client, &result),
            Done::Codes(read, now) => self.on_codes(client, read, now),
            Done::Devices(list) => self.on_devices(client, list),
            Done::DeviceRequested(reply, result, list) => {
                self.on_device_request(client, reply, &result, list);
            }
            Done::DeviceLoggedIn(reply, result) => device_login::answer(client, reply, *result),
            Done::TwoStep(reply, answer) => two_step::on_answer(client, reply, answer),
            Done::Picture(photo, download) => self.on_picture(client, photo, download),
            Done::Asked(reply, result) => self.answer(client, reply, result),
            Done::CodeRequested(reply, result) => {
                if result.is_ok() {
                    self.snapshot.code_sent = Some(self.context.settings.clock.now());
                }
                self.answer(client, reply, result);
            }
        }
    }

    /// A request of a person has come to its end.
    fn answer(&mut self, client: &mut Client, reply: Reply<()>, result: Result<(), CallError>) {
        client.heard = tokio::time::Instant::now();
        self.snapshot.busy = false;
        let answer = result.map_err(|error| self.problem(&error));
        if let Err(AnswerError::Refused(refusal)) = &answer
            && refusal.has_no_other_way()
        {
            self.wait_with_codes(client);
        }
        self.publish();
        let _ = reply.send(answer);
    }

    /// Telegram can send no other code to this number for now. Asking again would only bring the same answer.
    fn wait_with_codes(&mut self, client: &mut Client) {
        let now = self.context.settings.clock.now();
        if let Stage::WaitCode(sent) = &mut self.snapshot.stage {
            sent.next = None;
            sent.resend_from = None;
            sent.no_other_way_until = Some(now.plus_seconds(login_code::LIFE));
            client.code_again = Some(tokio::time::Instant::now() + NO_OTHER_WAY);
        }
    }

    /// The code that was sent last is of no use any more, so another login may be started.
    pub(super) fn allow_another_code(&mut self) {
        if let Stage::WaitCode(sent) = &mut self.snapshot.stage
            && sent.no_other_way_until.take().is_some()
        {
            self.snapshot.problem = None;
            self.publish();
        }
    }

    /// Shows an error to everyone who looks at the account, and tells the person who asked.
    pub(super) fn problem(&mut self, error: &CallError) -> AnswerError {
        if error.is_away() {
            self.snapshot.problem = Some(Problem::NoAnswer);
            return AnswerError::Away;
        }
        let refusal = LoginRefusal::of(error.code, &error.message);
        self.snapshot.problem = Some(Problem::Refused(refusal.clone()));
        self.snapshot.flood_until =
            refusal.wait_seconds().map(|seconds| self.context.settings.clock.now().plus_seconds(seconds));
        AnswerError::Refused(refusal)
    }

    pub(super) fn on_command(&mut self, client: &mut Client, command: Command) {
        match command {
            Command::LoginCodes(reply) => self.login_codes(client, reply),
            Command::Devices(request, reply) => self.device_request(client, request, reply),
            Command::LookAtDevices => self.want_devices(client),
            Command::LogDeviceIn(link, reply) => self.log_device_in(client, link, reply),
            Command::TwoStep(request, reply) => self.two_step(client, request, reply),
            Command::Act(_, _, reply) | Command::Provide(_, _, reply) if self.snapshot.busy => {
                let _ = reply.send(Err(AnswerError::Busy));
            }
            Command::Act(token, _, reply) | Command::Provide(token, _, reply)
                if token != self.snapshot.token =>
            {
                let _ = reply.send(Err(AnswerError::Stale));
            }
            Command::Act(_, action, reply) => self.act(client, action, reply),
            Command::Provide(_, provided, reply) => self.submit(client, provided, reply),
            Command::LogOut(reply) => self.log_out(client, reply),
            // It is running already.
            Command::Again => {}
            // Handled where it is received.
            Command::Close(reply) => drop(reply.send(Err(AnswerError::NotNow))),
        }
    }

    /// Notes how the connection is, and since when.
    pub(super) fn set_network(&mut self, network: Network) {
        if network != self.snapshot.network {
            self.snapshot.network = network;
            self.snapshot.network_since = Some(self.context.settings.clock.now());
        }
    }

    /// Ends the session, or a login in progress, at Telegram. The caller is answered when it has ended.
    fn log_out(&mut self, client: &mut Client, reply: Reply<()>) {
        if !self.snapshot.stage.can_log_out() || client.logging_out.is_some() {
            let _ = reply.send(Err(AnswerError::NotNow));
            return;
        }
        let id = client.id;
        client.ending = Some(SessionEndReason::LoggedOut);
        client.logging_out = Some((reply, tokio::time::Instant::now() + LOG_OUT_TIME));
        client.calls.push(Box::pin(async move { Done::LoggedOut(call(functions::log_out(id)).await) }));
    }

    /// Sends a cheap request to check whether the session is still valid: if it was ended elsewhere, the next request fails.
    /// The list of devices is such a request, and may have changed.
    pub(super) fn probe(&self, client: &mut Client) {
        client.probing = true;
        if !self.start.identifier.is_bot() {
            Self::read_devices(client);
            return;
        }
        let id = client.id;
        client.calls.push(Box::pin(async move {
            Done::Probed(call(functions::get_account_ttl(id)).await.map(drop))
        }));
    }

    pub(super) fn on_probed(client: &mut Client, result: &Result<(), CallError>) {
        client.probing = false;
        client.heard = tokio::time::Instant::now();
        let Err(error) = result else { return };
        if error.code == 401 {
            // TDLib closes the client without a request.
            client.ending.get_or_insert(login::ending_of(&error.message));
        } else if error.message == "AUTH_KEY_DUPLICATED" {
            // TDLib would keep a session that is no longer valid.
            client.ending.get_or_insert(SessionEndReason::KeyDuplicated);
            let id = client.id;
            client.calls.push(Box::pin(async move { Done::LoggedOut(call(functions::destroy(id)).await) }));
        }
    }

    /// Begins a person's request. Only one can run at a time; forms shown before it become stale.
    pub(super) fn begin_request(&mut self) {
        self.snapshot.busy = true;
        self.snapshot.problem = None;
        self.snapshot.flood_until = None;
        self.snapshot.token.0 += 1;
        self.publish();
    }
}

fn start_failure(error: &CallError) -> End {
    if error.message.contains("Can't lock file") {
        return End::Locked;
    }
    if error.is_away() {
        return End::HostDied;
    }
    if error.code == 401 {
        return End::Failed(
            "The files in this account's folder are damaged, or its key does not fit. Put the folder back from a \
             backup; without one, remove the account and add it again."
                .into(),
        );
    }
    End::Failed(format!("TDLib can't start (error {}).", error.code))
}
