//! The life cycle of a client, from waiting for a host to its end.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tdlib_rs::functions;
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};
use tokio::time::Instant;

use crate::domain::{SessionEndReason, Stage};
use crate::telegram::client::calls::{call, configure};
use crate::telegram::client::devices::DeviceReads;
use crate::telegram::client::picture::{self, Wanted};
use crate::telegram::client::{ClientTask, Done, End};
use crate::telegram::handle::{AnswerError, Command, LoginCodes, Reply};
use crate::telegram::process::HostHandle;
use crate::telegram::proxy;

/// TDLib updates that may be queued for a client task.
const UPDATES: usize = 1024;
/// Updates that are processed in a row before requests and timers are handled.
const BURST: u32 = 64;
/// How long a client may take to close.
const CLOSE_TIME: Duration = Duration::from_secs(8);
/// How long a caller waits for Telegram to confirm that a session has ended.
pub(super) const LOG_OUT_TIME: Duration = Duration::from_secs(25);
/// How long TDLib may be logging out before its client is restarted, after which it continues.
const HANGS: Duration = Duration::from_secs(60);

/// A running client.
pub(super) struct Client {
    pub id: i32,
    pub calls: FuturesUnordered<BoxFuture<'static, Done>>,
    pub closed: Option<End>,
    /// The caller that waits for the session's end, and until when.
    pub logging_out: Option<(Reply<()>, Instant)>,
    /// Why the session is ending, if known.
    pub ending: Option<SessionEndReason>,
    /// Whether the login is being given up, to begin another one.
    pub is_starting_over: bool,
    /// When Telegram last confirmed this session.
    pub heard: Instant,
    /// Whether a probe of the session is in progress.
    pub probing: bool,
    /// Since when TDLib has been logging out.
    pub leaving_since: Option<Instant>,
    /// Who waits for the account's login codes.
    pub asking: Vec<Reply<LoginCodes>>,
    /// When another code may be requested, after Telegram had no other way to send one.
    pub code_again: Option<Instant>,
    /// The photo whose picture is to be fetched.
    pub photo: Option<Wanted>,
    pub devices: DeviceReads,
    /// The chat with Telegram has been read; newer messages are announced.
    pub chat_read: bool,
    /// The deadline for closing, once the client was told to close.
    close_by: Option<Instant>,
}

impl Client {
    fn new(id: i32) -> Self {
        Self {
            id,
            calls: FuturesUnordered::new(),
            closed: None,
            logging_out: None,
            ending: None,
            is_starting_over: false,
            heard: Instant::now(),
            probing: false,
            leaving_since: None,
            asking: Vec::new(),
            code_again: None,
            photo: None,
            devices: DeviceReads::default(),
            chat_read: false,
            close_by: None,
        }
    }

    /// Tells TDLib to close the client.
    pub(super) fn close(&mut self) {
        self.close_by = Some(Instant::now() + CLOSE_TIME);
        tokio::spawn(call(functions::close(self.id)));
    }
}

impl ClientTask {
    /// Runs a client until it ends.
    pub(super) async fn live(&mut self, mailbox: &mut mpsc::Receiver<Command>) -> End {
        let mut link = self.slot.host.clone();
        let Some(present) = self.until(mailbox, wait_for_host(&mut link)).await.flatten() else {
            return End::Stopped;
        };
        self.crash_guard.new_host(present.crashed);
        if self.crash_guard.is_quarantined() {
            return End::Quarantined;
        }
        let context = Arc::clone(&self.context);
        // A suspect takes all permits, so that it is loaded alone.
        let share = if self.crash_guard.is_suspect() { context.settings.starts_at_once.max(1) } else { 1 };
        let share = u32::try_from(share).unwrap_or(1);
        let starting = Arc::clone(&context.limiter).acquire_many_owned(share);
        let Some(permit) = self.until(mailbox, starting).await else {
            return End::Stopped;
        };
        self.crash_guard.loading(present.generation);
        let (sender, mut updates) = mpsc::channel(UPDATES);
        let id = context.routes.open(self.slot.number, &present, sender);
        let mut client = Client::new(id);
        let start = self.start.clone();
        let for_settings = Arc::clone(&context);
        let mut proxies = self.proxies.clone();
        let selected = proxies.borrow_and_update().clone();
        client.calls.push(Box::pin(async move {
            let configured = configure(&for_settings.settings, &start, &selected, id).await;
            if configured.is_ok() {
                proxy::forget_others(id).await;
            }
            Done::Configured(configured)
        }));
        // One at a time, so that the last selection stays.
        let mut selects_proxy = true;
        let mut permit = permit.ok();
        let mut burst = 0;
        let end = loop {
            if let Some(end) = client.closed.take() {
                break end;
            }
            self.let_others_start(&mut permit);
            if self.unpublished && (updates.is_empty() || burst >= BURST) {
                self.publish();
            }
            let next_alarm = self.next_alarm(&client);
            tokio::select! {
                biased;
                update = updates.recv(), if burst < BURST => match update {
                    Some(json) => {
                        burst += 1;
                        self.on_update(&mut client, &json);
                    }
                    None if is_host(&link, present.generation) => break End::Overflowed,
                    None => break End::HostDied,
                },
                Some(done) = client.calls.next() => {
                    selects_proxy &= !matches!(done, Done::Configured(_) | Done::ProxyChanged(_));
                    self.on_done(&mut client, done);
                }
                command = mailbox.recv() => match command {
                    Some(Command::Close(reply)) => {
                        self.closing = Some(reply);
                        client.close();
                    }
                    Some(command) => self.on_command(&mut client, command),
                    None => break End::Stopped,
                },
                Ok(()) = proxies.changed(), if !selects_proxy => {
                    selects_proxy = true;
                    let to = proxies.borrow_and_update().clone();
                    client.calls.push(Box::pin(async move { Done::ProxyChanged(proxy::change(&to, id).await) }));
                }
                () = host_is_another(&mut link, present.generation) => break End::HostDied,
                () = alarm(next_alarm) => self.on_alarm(&mut client),
                // No request or timer is pending: process more updates.
                () = std::future::ready(()), if burst > 0 => burst = 0,
            }
        };
        if !matches!(end, End::HostDied) {
            self.crash_guard.interrupted();
        }
        if let Some((waiting, _)) = client.logging_out.take() {
            let over = matches!(end, End::SessionEnded(_));
            let _ = waiting.send(if over { Ok(()) } else { Err(AnswerError::Away) });
        }
        if matches!(end, End::Locked | End::Failed(_) | End::HostDied) {
            // Otherwise the client would stay open in a running host, and might keep the folder locked.
            context.routes.request(id, r#"{"@type":"close"}"#);
        }
        context.routes.close(id);
        end
    }

    /// Releases the permit once this account is loaded, so that the next one can start.
    fn let_others_start(&mut self, permit: &mut Option<OwnedSemaphorePermit>) {
        if permit.is_some() && !self.snapshot.stage.is_starting() {
            *permit = None;
            self.crash_guard.loaded();
        }
    }

    /// The next deadline of the client.
    fn next_alarm(&self, client: &Client) -> Option<Instant> {
        if client.close_by.is_some() {
            return client.close_by;
        }
        let answer = client.logging_out.as_ref().map(|(_, by)| *by);
        let hangs = client.leaving_since.map(|since| since + HANGS);
        let probe = self.start.probe.filter(|_| self.snapshot.stage == Stage::Ready && !client.probing);
        let picture = client.photo.as_ref().and_then(Wanted::due);
        let devices = client.devices.due().filter(|_| self.snapshot.stage == Stage::Ready);
        let probe = probe.map(|period| client.heard + period);
        [answer, hangs, client.code_again, picture, devices, probe].into_iter().flatten().min()
    }

    /// Handles the deadlines that have passed.
    fn on_alarm(&mut self, client: &mut Client) {
        let now = Instant::now();
        if client.close_by.is_some_and(|by| by <= now) {
            // TDLib hangs; the client stays open until its host exits.
            client.closed = Some(if self.closing.is_some() { End::Stopped } else { End::HostDied });
            return;
        }
        if let Some((waiting, _)) = client.logging_out.take_if(|(_, by)| *by <= now) {
            let _ = waiting.send(Err(AnswerError::Away));
        }
        if client.leaving_since.is_some_and(|since| since + HANGS <= now) {
            tracing::warn!(account = %self.start.account, "logging out hangs; restarting the client");
            client.leaving_since = None;
            client.close();
        }
        if client.code_again.take_if(|at| *at <= now).is_some() {
            self.allow_another_code();
        }
        if client.photo.as_ref().and_then(Wanted::due).is_some_and(|due| due <= now) {
            picture::fetch(client);
        }
        let is_ready = self.snapshot.stage == Stage::Ready;
        if is_ready && client.devices.due().is_some_and(|due| due <= now) {
            Self::read_devices(client);
        }
        let probe = self.start.probe.is_some_and(|period| client.heard + period <= now);
        if probe && is_ready && !client.probing {
            self.probe(client);
        }
    }

    /// Awaits a future while refusing requests; None once the client is to be closed.
    pub(super) async fn until<T>(
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
}

/// Waits for the slot's host; None if there will be none.
async fn wait_for_host(link: &mut watch::Receiver<Option<HostHandle>>) -> Option<HostHandle> {
    link.wait_for(Option::is_some).await.ok()?.clone()
}

/// Whether the slot's host is of that generation.
fn is_host(link: &watch::Receiver<Option<HostHandle>>, generation: u64) -> bool {
    link.borrow().as_ref().is_some_and(|link| link.generation == generation)
}

/// Resolves when the slot's host is no longer of this generation.
async fn host_is_another(link: &mut watch::Receiver<Option<HostHandle>>, generation: u64) {
    let _ = link.wait_for(|link| link.as_ref().is_none_or(|link| link.generation != generation)).await;
}

/// Resolves at that time, or never.
async fn alarm(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
