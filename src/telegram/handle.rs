//! The handle of a client task: its commands and their answers.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, mpsc, oneshot};

use crate::domain::account::Known;
use crate::domain::picture::PhotoId;
use crate::domain::refusal::LoginRefusal;
use crate::domain::stage::{LoginAction, LoginInput};
use crate::domain::two_step::{TwoStepRequest, TwoStepState};
use crate::domain::{AccountId, DeviceRequest, Identifier, LoginLink, Millis, NewDevice, Secret, StageToken};
use crate::telegram::proxy::ProxyUse;

/// Commands that may be queued for a client task.
const MAILBOX: usize = 16;

/// Everything needed to start an account's client.
#[derive(Clone, Debug)]
pub struct ClientStart {
    pub account: AccountId,
    /// Its phone number, or the id of a bot.
    pub identifier: Identifier,
    /// TDLib's folder, which must exist.
    pub folder: PathBuf,
    /// The key of the folder's files, in base64.
    pub key: Secret,
    /// The last known state of the account.
    pub known: Option<Known>,
    /// Which photo the stored picture of its user shows.
    pub photo: Option<PhotoId>,
    /// Whether the list of its devices was read not long ago.
    pub devices_known: bool,
    /// How long a session may be without traffic before it is probed.
    pub probe: Option<Duration>,
    /// How it reaches Telegram when it starts.
    pub proxy: ProxyUse,
}

/// A login code that Telegram sent to the account.
#[derive(Clone, Debug)]
pub struct LoginCode {
    /// The id of its message. Telegram numbers messages in the order of their arrival.
    pub id: i64,
    /// When Telegram sent it, by Telegram's clock.
    pub sent: Millis,
    /// The code, with its leading zeros.
    pub code: Secret,
}

/// The newest login codes of an account.
#[derive(Clone, Debug)]
pub struct LoginCodes {
    pub newest_first: Vec<LoginCode>,
    /// The time at Telegram, which may differ from ours.
    pub now: Millis,
    /// Whether those are known that arrived before the account's client started.
    pub complete: bool,
}

/// Why a command failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerError {
    /// The form belongs to an earlier stage.
    Stale,
    /// Another request is in progress.
    Busy,
    /// Not possible in the account's present stage.
    NotNow,
    /// Telegram refused.
    Refused(LoginRefusal),
    /// There was no answer; the request may still take effect.
    Away,
    /// No client runs.
    NotRunning,
}

pub(super) type Reply<T> = oneshot::Sender<Result<T, AnswerError>>;

pub(super) enum Command {
    Act(StageToken, LoginAction, Reply<()>),
    Provide(StageToken, LoginInput, Reply<()>),
    LoginCodes(Reply<LoginCodes>),
    Devices(DeviceRequest, Reply<()>),
    /// A person looks at the devices.
    LookAtDevices,
    LogDeviceIn(LoginLink, Reply<NewDevice>),
    TwoStep(TwoStepRequest, Reply<TwoStepState>),
    LogOut(Reply<()>),
    /// Restarts a client that could not run.
    Again,
    Close(Reply<()>),
}

impl Command {
    pub(super) fn refuse(self, error: AnswerError) {
        match self {
            Self::Act(_, _, reply)
            | Self::Provide(_, _, reply)
            | Self::Devices(_, reply)
            | Self::LogOut(reply)
            | Self::Close(reply) => {
                let _ = reply.send(Err(error));
            }
            Self::Again | Self::LookAtDevices => {}
            Self::LoginCodes(reply) => drop(reply.send(Err(error))),
            Self::LogDeviceIn(_, reply) => drop(reply.send(Err(error))),
            Self::TwoStep(_, reply) => drop(reply.send(Err(error))),
        }
    }
}

/// The receiving end of a handle; shared so that it survives a panic of the client task.
pub(super) type Mailbox = Arc<Mutex<mpsc::Receiver<Command>>>;

/// Sends commands to an account's client task. Cheap to clone.
#[derive(Clone)]
pub struct AccountHandle(mpsc::Sender<Command>);

impl AccountHandle {
    pub(super) fn new() -> (Self, Mailbox) {
        let (sender, receiver) = mpsc::channel(MAILBOX);
        (Self(sender), Arc::new(Mutex::new(receiver)))
    }

    /// Whether the client task is running.
    pub fn is_running(&self) -> bool {
        !self.0.is_closed()
    }

    /// Requests something of Telegram in the stage identified by `token`: the only way to request a code, see
    /// `ops::login`.
    pub async fn act(&self, token: StageToken, action: LoginAction) -> Result<(), AnswerError> {
        self.ask(|reply| Command::Act(token, action, reply)).await
    }

    /// Submits the input that the stage identified by `token` waits for.
    pub async fn submit(&self, token: StageToken, provided: LoginInput) -> Result<(), AnswerError> {
        self.ask(|reply| Command::Provide(token, provided, reply)).await
    }

    /// The newest login codes that Telegram sent to the account.
    pub async fn login_codes(&self) -> Result<LoginCodes, AnswerError> {
        self.ask(Command::LoginCodes).await
    }

    /// Asks something of Telegram about the account's devices. The list is handed over before this returns, if it could be
    /// read.
    pub async fn devices(&self, request: DeviceRequest) -> Result<(), AnswerError> {
        self.ask(|reply| Command::Devices(request, reply)).await
    }

    /// Reads the list of devices soon, if it was not just read.
    pub fn look_at_devices(&self) {
        let _ = self.0.try_send(Command::LookAtDevices);
    }

    /// Logs the device in that shows the QR code with this link. Returns which one it is.
    pub async fn log_device_in(&self, link: LoginLink) -> Result<NewDevice, AnswerError> {
        self.ask(|reply| Command::LogDeviceIn(link, reply)).await
    }

    /// Asks Telegram about the account's two-step password.
    pub async fn two_step(&self, request: TwoStepRequest) -> Result<TwoStepState, AnswerError> {
        self.ask(|reply| Command::TwoStep(request, reply)).await
    }

    /// Ends the session at Telegram and waits until it has ended.
    pub async fn log_out(&self) -> Result<(), AnswerError> {
        self.ask(Command::LogOut).await
    }

    /// Restarts the client if it could not run.
    pub(super) fn again(&self) {
        let _ = self.0.try_send(Command::Again);
    }

    /// Closes the client and waits for it. The session at Telegram stays.
    pub async fn close(&self) {
        let (reply, closed) = oneshot::channel();
        if self.0.send(Command::Close(reply)).await.is_ok() {
            let _ = closed.await;
        }
    }

    async fn ask<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, AnswerError> {
        let (reply, answer) = oneshot::channel();
        self.0.try_send(command(reply)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => AnswerError::Busy,
            mpsc::error::TrySendError::Closed(_) => AnswerError::NotRunning,
        })?;
        answer.await.unwrap_or(Err(AnswerError::Away))
    }
}
