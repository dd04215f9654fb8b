//! One actor per account. It owns everything about the account's client: stage, requests, messages.
//!
//! An actor lives through several client lives: a client ends when its host dies, when Telegram ends the
//! session or when people disconnect it, and only in the last case does the actor end too. Whatever happens
//! here is published as a [`Snapshot`]; secrets stay inside and leave only as the answer to a question.

mod requests;
mod updates;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tdlib_rs::functions;
use tokio::sync::{mpsc, watch};

use super::client::{CallError, call, configure};
use super::handle::{AnswerError, ClientStart, Command, Mailbox, Reply, ServiceMessage};
use super::hub::Inner;
use super::process::Link;
use crate::domain::account::Profile;
use crate::domain::{Network, Snapshot, Stage, StageToken};

/// Updates of TDLib that may wait for an actor.
const UPDATES: usize = 1024;
/// How long a client may take to close.
const CLOSE_TIME: Duration = Duration::from_secs(8);
/// How often a locked folder is tried again at once: its former host may still be closing. TDLib itself waits ten
/// seconds for a lock each time.
const LOCK_TRIES: u32 = 2;
/// The pause between the tries after that. Another server may have the folder, and gives it up when it learns that
/// it is not the active one any more.
const LOCKED_PAUSE: Duration = Duration::from_secs(10);

/// How a client's life ended.
enum End {
    /// People wanted it.
    Stopped,
    /// Its host died, or its updates overflowed.
    HostDied,
    /// Its folder is still in use by a process that is ending.
    Locked,
    /// It can't start.
    Failed(String),
    /// Telegram ended the session.
    SessionEnded,
}

/// The outcome of a call that ran beside the actor.
enum Done {
    Configured(Result<(), CallError>),
    Asked(Reply<()>, Result<(), CallError>),
    Me(Result<Profile, CallError>),
}

pub(super) struct Actor {
    hub: Arc<Inner>,
    start: ClientStart,
    mailbox: Mailbox,
    snapshot: Snapshot,
    messages: VecDeque<ServiceMessage>,
    /// Set while people want the client closed: who waits for it.
    closing: Option<Reply<()>>,
}

/// One client while it lives.
struct Client {
    id: i32,
    calls: FuturesUnordered<BoxFuture<'static, Done>>,
    closed: Option<End>,
}

impl Actor {
    pub(super) fn new(hub: Arc<Inner>, start: ClientStart, mailbox: Mailbox) -> Self {
        let mut seed = [0; 4];
        // Tokens of an earlier run must not fit; that they differ suffices, so a failure is no matter.
        let _ = getrandom::fill(&mut seed);
        let token = StageToken(u64::from(u32::from_le_bytes(seed)) << 16);
        let snapshot = Snapshot { stage: Stage::Starting, token, ..Snapshot::off() };
        Self { hub, start, mailbox, snapshot, messages: VecDeque::new(), closing: None }
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
                End::Locked if lock_tries < LOCK_TRIES => {
                    lock_tries += 1;
                    self.enter(Stage::Starting);
                    tokio::time::sleep(Duration::from_millis(250)).await;
                }
                End::Locked => {
                    let reason = "Another program is using this account's folder. Telescope tries again until it is free.";
                    self.rest(reason, tokio::time::sleep(LOCKED_PAUSE), &mut mailbox).await;
                }
                End::Failed(reason) => self.rest(&reason, std::future::pending(), &mut mailbox).await,
                End::SessionEnded => {
                    self.enter(Stage::Starting);
                    self.snapshot.profile = None;
                    self.snapshot.code_came = None;
                    self.messages.clear();
                    self.snapshot.problem =
                        Some("Telegram has ended this session. To sign in again, ask for a code.".into());
                }
            }
            if self.closing.is_some() {
                break;
            }
        }
        self.snapshot = Snapshot::off();
        self.publish();
        mailbox.close();
        if let Some(waiting) = self.closing.take() {
            let _ = waiting.send(Ok(()));
        }
    }

    /// A client's whole life, from finding a host to its end.
    async fn live(&mut self, mailbox: &mut mpsc::Receiver<Command>) -> End {
        let Some((slot, mut link)) = self.hub.link_for(self.start.account) else {
            return End::Failed("There is no process to run TDLib in.".into());
        };
        let hub = Arc::clone(&self.hub);
        let Some(present) = self.until(mailbox, wait_for_host(&mut link)).await.flatten() else {
            return End::Stopped;
        };
        let Some(permit) = self.until(mailbox, hub.starting.acquire()).await else {
            return End::Stopped;
        };
        let (sender, mut updates) = mpsc::channel(UPDATES);
        let id = hub.routes.open(slot, &present, sender);
        let mut client = Client { id, calls: FuturesUnordered::new(), closed: None };
        let start = self.start.clone();
        let for_settings = Arc::clone(&hub);
        client.calls.push(Box::pin(async move {
            Done::Configured(configure(&for_settings.settings, &start, id).await)
        }));
        let mut permit = permit.ok();
        let mut give_up = None;
        let end = loop {
            if let Some(end) = client.closed.take() {
                break end;
            }
            if !matches!(self.snapshot.stage, Stage::Starting | Stage::Reconnecting) {
                permit = None;
            }
            let deadline = async {
                match give_up {
                    Some(at) => tokio::time::sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                update = updates.recv() => match update {
                    Some(json) => self.on_update(&mut client, &json),
                    None => break End::HostDied,
                },
                Some(done) = client.calls.next() => self.on_done(&mut client, done),
                command = mailbox.recv() => match command {
                    Some(Command::Close(reply)) => {
                        self.closing = Some(reply);
                        give_up = Some(tokio::time::Instant::now() + CLOSE_TIME);
                        tokio::spawn(call(functions::close(id)));
                    }
                    Some(command) => self.on_command(&mut client, command),
                    None => break End::Stopped,
                },
                () = host_is_another(&mut link, present.generation) => break End::HostDied,
                () = deadline => break End::Stopped,
            }
        };
        drop(permit);
        if matches!(end, End::Locked | End::Failed(_) | End::HostDied) {
            // In a host that lives, the client would stay for ever, and with it perhaps the folder's lock.
            hub.routes.request(id, r#"{"@type":"close"}"#);
        }
        hub.routes.close(id);
        end
    }

    /// Awaits something while answering people; None once they want the client closed.
    async fn until<T>(
        &mut self,
        mailbox: &mut mpsc::Receiver<Command>,
        wait: impl Future<Output = T>,
    ) -> Option<T> {
        tokio::pin!(wait);
        loop {
            tokio::select! {
                value = &mut wait => return Some(value),
                command = mailbox.recv() => match command {
                    Some(Command::Close(reply)) => {
                        self.closing = Some(reply);
                        return None;
                    }
                    Some(command) => command.refuse(AnswerError::Away),
                    None => return None,
                },
            }
        }
    }

    /// Stays failed until `wait` is over or people disconnect.
    async fn rest(
        &mut self,
        reason: &str,
        wait: impl Future<Output = ()>,
        mailbox: &mut mpsc::Receiver<Command>,
    ) {
        let failed = Stage::Failed(reason.to_owned());
        if self.snapshot.stage != failed {
            tracing::warn!(account = %self.start.account, reason, "an account's client can't run");
        }
        self.enter(failed);
        self.publish();
        let _ = self.until(mailbox, wait).await;
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

    fn publish(&self) {
        (self.hub.observer)(self.start.account, self.snapshot.clone());
    }
}

/// Waits for the slot's host; None if there will be none.
async fn wait_for_host(link: &mut watch::Receiver<Option<Link>>) -> Option<Link> {
    link.wait_for(Option::is_some).await.ok()?.clone()
}

/// Resolves when the host of this generation is gone.
async fn host_is_another(link: &mut watch::Receiver<Option<Link>>, generation: u64) {
    let _ = link.wait_for(|link| link.as_ref().is_none_or(|link| link.generation != generation)).await;
}
