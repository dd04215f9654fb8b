//! One task per account. It owns everything about the account's client: stage, requests, messages.
//!
//! A task outlives its TDLib clients: a client ends when its host dies, when Telegram ends the session or when people
//! disconnect the account; only then the task ends, too. Changes are published as a [`Snapshot`]; secrets leave the task
//! only as the answer to a request.

pub mod calls;
pub mod codes;
pub mod crash_guard;
pub mod device_login;
pub mod devices;
pub mod login;
pub mod picture;
pub mod requests;
pub mod run;
pub mod two_step;
pub mod updates;

use std::collections::VecDeque;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tdlib_rs::types;
use tokio::sync::{Semaphore, mpsc, watch};

use crate::domain::account::Problem;
use crate::domain::picture::PhotoId;
use crate::domain::two_step::TwoStepState;
use crate::domain::{Millis, Network, NewDevice, SessionEndReason, Snapshot, Stage, StageToken};
use crate::telegram::client::calls::CallError;
use crate::telegram::client::codes::ReadChat;
use crate::telegram::client::devices::DeviceList;
use crate::telegram::client::picture::Download;
use crate::telegram::client::two_step::TwoStepAnswer;
use crate::telegram::handle::{AnswerError, ClientStart, Command, LoginCode, Mailbox, Reply};
use crate::telegram::process::HostHandle;
use crate::telegram::proxy::ProxyUse;
use crate::telegram::routes::Routes;
use crate::telegram::settings::{HubSettings, Observer};
use crash_guard::CrashGuard;

/// How often a locked folder is retried at once: its former host may still be closing. TDLib itself waits ten seconds for
/// a lock each time.
const LOCK_TRIES: u32 = 2;
/// The pause between later retries. Another server may use the folder, until it notices that it is no longer the active
/// one.
const LOCKED_PAUSE: Duration = Duration::from_secs(10);

/// The pause before a client is restarted although its host works, so that restarts don't slow down other accounts.
const BREATH: Duration = Duration::from_secs(1);

/// How a client ended.
enum End {
    /// People disconnected the account.
    Stopped,
    /// Its host died, or TDLib hung.
    HostDied,
    /// TDLib closed it without a request and without a reason.
    ClosedItself,
    /// Updates arrived faster than they were processed.
    Overflowed,
    /// Another process still uses its folder.
    Locked,
    /// It can't start; the reason as a sentence.
    Failed(String),
    /// Its host crashed each time it was loaded.
    Quarantined,
    /// A login was given up.
    StartedOver,
    /// The session is over.
    SessionEnded(SessionEndReason),
}

/// The result of a call that ran concurrently with the client task.
enum Done {
    Configured(Result<(), CallError>),
    ProxyChanged(Result<(), CallError>),
    /// Something was submitted.
    Asked(Reply<()>, Result<(), CallError>),
    CodeRequested(Reply<()>, Result<(), CallError>),
    Me(Box<Result<types::User, CallError>>),
    LoggedOut(Result<(), CallError>),
    Probed(Result<(), CallError>),
    /// The chat with Telegram, if it had to be read, and the time at Telegram.
    Codes(Option<ReadChat>, Option<Millis>),
    /// The answer of Telegram to the token of a device that was to be logged in.
    DeviceLoggedIn(Reply<NewDevice>, Box<Result<types::Session, CallError>>),
    Devices(DeviceList),
    /// What a person asked for about the devices, and the list after it.
    DeviceRequested(Reply<()>, Result<(), CallError>, DeviceList),
    TwoStep(Reply<TwoStepState>, TwoStepAnswer),
    /// The download of this photo.
    Picture(PhotoId, Download),
}

/// What the tasks of all accounts of a hub share.
pub(super) struct ClientContext {
    pub(super) settings: HubSettings,
    pub(super) routes: Arc<Routes>,
    /// How many clients may be starting at once.
    pub(super) limiter: Arc<Semaphore>,
    pub(super) observer: Observer,
}

/// One of a hub's td-hosts.
#[derive(Clone)]
pub(super) struct HostSlot {
    pub(super) number: usize,
    /// The running host; none while it is being restarted.
    pub(super) host: watch::Receiver<Option<HostHandle>>,
}

pub(super) struct ClientTask {
    context: Arc<ClientContext>,
    slot: HostSlot,
    start: ClientStart,
    mailbox: Mailbox,
    /// How it is to reach Telegram.
    proxies: watch::Receiver<ProxyUse>,
    snapshot: Snapshot,
    /// The newest login codes, the newest first.
    codes: VecDeque<LoginCode>,
    /// Set while the client is to be closed: the caller that waits for it.
    closing: Option<Reply<()>>,
    /// How the last session ended; shown until a new login begins.
    ending: Option<SessionEndReason>,
    /// Which photo the picture shows that was handed over last; one that was not accepted counts, too.
    photo: Option<PhotoId>,
    /// Whether the folder should contain a session.
    was_ready: bool,
    /// Whether the snapshot has changed and is to be published once no more updates are waiting.
    unpublished: bool,
    /// Crashes of the host while this account was being loaded.
    crash_guard: CrashGuard,
}

impl ClientTask {
    pub(super) fn new(
        context: Arc<ClientContext>,
        slot: HostSlot,
        start: ClientStart,
        mailbox: Mailbox,
        proxies: watch::Receiver<ProxyUse>,
    ) -> Self {
        let mut seed = [0; 4];
        // Tokens of an earlier run must not be valid. They needn't be unpredictable, so a failure is acceptable.
        let _ = getrandom::fill(&mut seed);
        let token = StageToken(u64::from(u32::from_le_bytes(seed)) << 16);
        let known = start.known.as_ref();
        let snapshot = Snapshot {
            stage: Stage::Starting,
            token,
            profile: known.and_then(|known| known.profile.clone()),
            ..Snapshot::off()
        };
        Self {
            ending: known.and_then(|known| known.ending),
            was_ready: known.is_some_and(crate::domain::account::Known::was_ready),
            photo: start.photo,
            context,
            slot,
            start,
            mailbox,
            proxies,
            snapshot,
            codes: VecDeque::new(),
            closing: None,
            unpublished: false,
            crash_guard: CrashGuard::default(),
        }
    }

    pub(super) async fn run(mut self) {
        let mailbox = Arc::clone(&self.mailbox);
        let mut mailbox = mailbox.lock().await;
        let mut lock_tries = 0;
        loop {
            self.publish();
            let end = self.live(&mut mailbox).await;
            self.snapshot.busy = false;
            self.set_network(Network::Off);
            if !matches!(end, End::Locked) {
                lock_tries = 0;
            }
            match end {
                End::Stopped => break,
                End::HostDied => self.enter(Stage::Reconnecting),
                End::ClosedItself => {
                    self.enter(Stage::Reconnecting);
                    self.publish();
                    self.until(&mut mailbox, tokio::time::sleep(BREATH)).await;
                }
                End::Overflowed => {
                    self.enter(Stage::Reconnecting);
                    self.snapshot.problem = Some(Problem::Overflowed);
                    self.publish();
                    self.until(&mut mailbox, tokio::time::sleep(BREATH)).await;
                }
                End::Locked if lock_tries < LOCK_TRIES => {
                    lock_tries += 1;
                    self.enter(Stage::Starting);
                    tokio::time::sleep(Duration::from_millis(250)).await;
                }
                End::Locked => {
                    let reason = "Another program is using this account's folder. Telescope tries again until it is free.";
                    let wait = tokio::time::sleep(LOCKED_PAUSE);
                    self.rest(Stage::Failed(reason.into()), wait, &mut mailbox).await;
                }
                End::Failed(reason) => self.rest(Stage::Failed(reason), pending(), &mut mailbox).await,
                End::Quarantined => self.rest(Stage::Quarantined, pending(), &mut mailbox).await,
                End::StartedOver => self.enter(Stage::Starting),
                End::SessionEnded(ending) => self.session_ended(ending),
            }
            if self.closing.is_some() {
                break;
            }
        }
        let profile = self.snapshot.profile.take();
        self.snapshot = Snapshot { profile, ..Snapshot::off() };
        self.publish();
        mailbox.close();
        if let Some(waiting) = self.closing.take() {
            let _ = waiting.send(Ok(()));
        }
    }

    fn session_ended(&mut self, ending: SessionEndReason) {
        tracing::info!(account = %self.start.account, %ending, "the session is over");
        self.enter(Stage::Starting);
        self.snapshot.code_came = None;
        self.snapshot.code_sent = None;
        self.snapshot.frozen = None;
        self.codes.clear();
        self.ending = Some(ending);
        self.was_ready = false;
    }

    /// Stays in this stage until `wait` is over, or until people disconnect or reconnect the account.
    async fn rest(
        &mut self,
        stage: Stage,
        wait: impl Future<Output = ()>,
        mailbox: &mut mpsc::Receiver<Command>,
    ) {
        if self.snapshot.stage != stage {
            tracing::warn!(account = %self.start.account, ?stage, "an account's client can't run");
        }
        self.enter(stage);
        self.publish();
        tokio::pin!(wait);
        loop {
            let command = tokio::select! {
                () = &mut wait => return,
                command = mailbox.recv() => command,
            };
            match command {
                Some(Command::Close(reply)) => {
                    self.closing = Some(reply);
                    return;
                }
                Some(Command::Again) => {
                    self.crash_guard = CrashGuard::default();
                    self.enter(Stage::Starting);
                    return;
                }
                Some(command) => command.refuse(AnswerError::Away),
                None => return,
            }
        }
    }

    fn enter(&mut self, stage: Stage) {
        if self.snapshot.stage != stage {
            tracing::info!(account = %self.start.account, stage = stage.name(), "stage");
            self.snapshot.token.0 += 1;
        }
        self.snapshot.problem = None;
        self.snapshot.flood_until = None;
        self.snapshot.stage = stage;
    }

    fn publish(&mut self) {
        self.unpublished = false;
        (self.context.observer.snapshot)(self.start.account, self.snapshot.clone());
    }
}
