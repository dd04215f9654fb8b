//! Talking to an account's actor: what can be asked of it, and what it answers.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, mpsc, oneshot};

use crate::domain::account::Known;
use crate::domain::refusal::LoginRefusal;
use crate::domain::stage::LoginInput;
use crate::domain::{AccountId, Millis, Phone, Secret, StageToken};

/// Requests of people that may wait for an actor.
const MAILBOX: usize = 16;

/// What it takes to start an account's client.
#[derive(Clone, Debug)]
pub struct ClientStart {
    /// The account.
    pub account: AccountId,
    /// Its number.
    pub phone: Phone,
    /// TDLib's folder; exists.
    pub folder: PathBuf,
    /// Opens the folder's files; base64.
    pub key: Secret,
    /// What was known of the account when its client last ran.
    pub known: Option<Known>,
    /// How long a session may be silent before Telegram is asked whether it still holds.
    pub probe: Option<Duration>,
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

/// Why an actor did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerError {
    /// The form belongs to a stage that is over.
    Stale,
    /// Another request of a person is on its way.
    Busy,
    /// The account's stage does not take this.
    NotNow,
    /// Telegram said no.
    Refused(LoginRefusal),
    /// There was no answer; what was requested may still happen.
    Away,
    /// No client runs.
    NotRunning,
}

pub(super) type Reply<T> = oneshot::Sender<Result<T, AnswerError>>;

pub(super) enum Command {
    AskForCode(StageToken, Reply<()>),
    Provide(StageToken, LoginInput, Reply<()>),
    LoginCodes(Reply<LoginCodes>),
    LogOut(Reply<()>),
    /// Wakes an actor that rests because its client could not run.
    Again,
    Close(Reply<()>),
}

impl Command {
    /// Answers with an error.
    pub(super) fn refuse(self, error: AnswerError) {
        match self {
            Self::AskForCode(_, reply)
            | Self::Provide(_, _, reply)
            | Self::LogOut(reply)
            | Self::Close(reply) => {
                let _ = reply.send(Err(error));
            }
            Self::Again => {}
            Self::LoginCodes(reply) => drop(reply.send(Err(error))),
        }
    }
}

/// The receiving end of a handle; shared so that it outlives an actor's panic.
pub(super) type Mailbox = Arc<Mutex<mpsc::Receiver<Command>>>;

/// Talks to an account's actor. Cheap to clone.
#[derive(Clone)]
pub struct AccountHandle(mpsc::Sender<Command>);

impl AccountHandle {
    pub(super) fn new() -> (Self, Mailbox) {
        let (sender, receiver) = mpsc::channel(MAILBOX);
        (Self(sender), Arc::new(Mutex::new(receiver)))
    }

    /// Whether its actor has not ended.
    pub fn is_running(&self) -> bool {
        !self.0.is_closed()
    }

    /// Asks Telegram for a login code, in the stage named by `token`. The only function that leads to one; see
    /// `ops::login`.
    pub async fn ask_for_code(&self, token: StageToken) -> Result<(), AnswerError> {
        self.ask(|reply| Command::AskForCode(token, reply)).await
    }

    /// Provides what the stage named by `token` waits for.
    pub async fn submit(&self, token: StageToken, provided: LoginInput) -> Result<(), AnswerError> {
        self.ask(|reply| Command::Provide(token, provided, reply)).await
    }

    /// The newest login codes that Telegram sent to the account.
    pub async fn login_codes(&self) -> Result<LoginCodes, AnswerError> {
        self.ask(Command::LoginCodes).await
    }

    /// Ends the session at Telegram, and answers when it is over.
    pub async fn log_out(&self) -> Result<(), AnswerError> {
        self.ask(Command::LogOut).await
    }

    /// Tries once more, if the client rests because it could not run.
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
