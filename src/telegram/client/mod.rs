//! One task per account. It owns everything about the account's client: stage, requests, messages.
//!
//! A task outlives its clients: a client ends when its host dies, when Telegram ends the session or when people disconnect
//! it, and only in the last case does the task end too. Changes are published as a [`Snapshot`]; secrets leave the task only
//! as the answer to a request.

pub mod calls;
pub mod codes;
pub mod crash_guard;
pub mod requests;
pub mod run;
pub mod updates;

use std::collections::VecDeque;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, watch};

use crate::domain::account::{Problem, Profile};
use crate::domain::{Millis, Network, SessionEndReason, Snapshot, Stage, StageToken};
use crate::telegram::client::calls::CallError;
use crate::telegram::client::codes::ReadChat;
use crate::telegram::handle::{AnswerError, ClientStart, Command, LoginCode, Mailbox, Reply};
use crate::telegram::process::HostHandle;
use crate::telegram::routes::Routes;
use crate::telegram::settings::{HubSettings, Observer};
use crash_guard::CrashGuard;

/// How often a locked folder is tried again at once: its former host may still be closing. TDLib itself waits ten
/// seconds for a lock each time.
const LOCK_TRIES: u32 = 2;
/// The pause between the tries after that. Another server may have the folder, and gives it up when it learns that
/// it is not the active one any more.
const LOCKED_PAUSE: Duration = Duration::from_secs(10);

/// The pause before an account's client is restarted for no fault of its host's, for the sake of the others.
const BREATH: Duration = Duration::from_secs(1);

/// How a client's life ended.
enum End {
    /// People wanted it.
    Stopped,
    /// Its host died, or TDLib hung.
    HostDied,
    /// TDLib closed it without being told to, and without a word.
    ClosedItself,
    /// More came than it could take in.
    Overflowed,
    /// Its folder is still in use by a process that is ending.
    Locked,
    /// It can't start.
    Failed(String),
    /// It made its host crash each time it was loaded.
    Quarantined,
    /// The session is over.
    SessionEnded(SessionEndReason),
}

/// The outcome of a call that ran beside the actor.
enum Done {
    Configured(Result<(), CallError>),
    /// Something was submitted.
    Asked(Reply<()>, Result<(), CallError>),
    CodeRequested(Reply<()>, Result<(), CallError>),
    Me(Result<Profile, CallError>),
    LoggedOut(Result<(), CallError>),
    Probed(Result<(), CallError>),
    /// The chat with Telegram, if it had to be read, and the time at Telegram.
    Codes(Option<ReadChat>, Option<Millis>),
}

/// What the tasks of all accounts of a hub share.
pub(super) struct ClientContext {
    pub(super) settings: HubSettings,
    pub(super) routes: Arc<Routes>,
    /// How many clients may be starting at once.
    pub(super) limiter: Arc<Semaphore>,
    pub(super) observer: Observer,
}

/// The place of one td-host among those of a hub.
#[derive(Clone)]
pub(super) struct HostSlot {
    pub(super) number: usize,
    /// The present host; none while it is being restarted.
    pub(super) host: watch::Receiver<Option<HostHandle>>,
}

pub(super) struct ClientTask {
    context: Arc<ClientContext>,
    slot: HostSlot,
    start: ClientStart,
    mailbox: Mailbox,
    snapshot: Snapshot,
    /// The newest login codes, the newest first.
    codes: VecDeque<LoginCode>,
    /// Set while people want the client closed: who waits for it.
    closing: Option<Reply<()>>,
    /// How the former session ended; shown until a login goes on.
    ending: Option<SessionEndReason>,
    /// Whether the folder should hold a session.
    was_ready: bool,
    /// The snapshot has changed and is told of when no more updates wait.
    unpublished: bool,
    /// Deaths of the host while this account was loaded.
    crash_guard: CrashGuard,
}

impl ClientTask {
    pub(super) fn new(
        context: Arc<ClientContext>,
        slot: HostSlot,
        start: ClientStart,
        mailbox: Mailbox,
    ) -> Self {
        let mut seed = [0; 4];
        // Tokens of an earlier run must not fit; that they differ suffices, so a failure is no matter.
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
            context,
            slot,
            start,
            mailbox,
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
            self.snapshot.network = Network::Off;
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

    /// Stays as it is until `wait` is over, or until people disconnect or connect again.
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
        (self.context.observer)(self.start.account, self.snapshot.clone());
    }
}
