//! Runs the td-hosts and one client task per account, and restarts those that fail.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Once};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{Semaphore, watch};

use super::handle::{AccountHandle, ClientStart, Mailbox};
use super::hosts::Hosts;
use super::proxy::ProxyUse;
use super::settings::{HubSettings, Observer};
use crate::domain::backoff::Backoff;
use crate::domain::{AccountId, Snapshot, Stage};
use crate::telegram::client::{ClientContext, ClientTask, HostSlot};

/// Cheap to clone. One process may have several: each has its own hosts and clients.
#[derive(Clone)]
pub struct Hub(Arc<Inner>);

struct Inner {
    context: Arc<ClientContext>,
    hosts: Hosts,
    accounts: Mutex<HashMap<AccountId, Running>>,
}

/// An account whose client was started.
struct Running {
    handle: AccountHandle,
    proxy: watch::Sender<ProxyUse>,
}

impl Hub {
    /// A hub for these td-hosts, which start with the first account at the latest.
    pub fn new(settings: HubSettings, hosts: Hosts, observer: Observer) -> anyhow::Result<Self> {
        receive_answers()?;
        let context = ClientContext {
            limiter: Arc::new(Semaphore::new(settings.starts_at_once.max(1))),
            settings,
            routes: Arc::clone(hosts.routes()),
            observer,
        };
        Ok(Self(Arc::new(Inner { context: Arc::new(context), hosts, accounts: Mutex::default() })))
    }

    /// Starts an account's client if it does not run, or again if it could not run.
    pub fn connect(&self, start: ClientStart) {
        self.0.hosts.start();
        let mut accounts = self.0.accounts.lock();
        if let Some(running) = accounts.get(&start.account).filter(|running| running.handle.is_running()) {
            running.use_proxy(start.proxy);
            running.handle.again();
            return;
        }
        let Some(slot) = self.0.hosts.slot_of(start.account) else { return };
        let (handle, mailbox) = AccountHandle::new();
        let (proxy, proxies) = watch::channel(start.proxy.clone());
        accounts.insert(start.account, Running { handle, proxy });
        let client = ClientParts { slot, start, mailbox, proxies };
        tokio::spawn(supervise_account(Arc::clone(&self.0.context), client));
    }

    /// Makes an account's client reach Telegram in this way from now on. The way is decided while no other one can be set,
    /// so that the last decision stays.
    pub fn use_proxy(&self, account: AccountId, decide: impl FnOnce() -> ProxyUse) {
        let accounts = self.0.accounts.lock();
        if let Some(running) = accounts.get(&account) {
            running.use_proxy(decide());
        }
    }

    /// Stops an account's client and waits until its files are closed. The session at Telegram stays.
    pub async fn disconnect(&self, account: AccountId) {
        let running = self.0.accounts.lock().remove(&account);
        if let Some(running) = running {
            running.handle.close().await;
        }
    }

    /// The running client of an account.
    pub fn account(&self, account: AccountId) -> Option<AccountHandle> {
        let accounts = self.0.accounts.lock();
        accounts.get(&account).map(|running| &running.handle).filter(|handle| handle.is_running()).cloned()
    }

    /// Closes every client, then the hosts. Takes some ten seconds at most.
    pub async fn stop(&self) {
        let handles: Vec<AccountHandle> =
            self.0.accounts.lock().drain().map(|(_, running)| running.handle).collect();
        tracing::info!(accounts = handles.len(), "closing the clients");
        let closing = futures_util::future::join_all(handles.iter().map(AccountHandle::close));
        let _ = tokio::time::timeout(Duration::from_secs(10), closing).await;
        self.0.hosts.stop().await;
    }
}

impl Running {
    fn use_proxy(&self, proxy: ProxyUse) {
        self.proxy.send_if_modified(|now| {
            let differs = *now != proxy;
            *now = proxy;
            differs
        });
    }
}

/// What a client task is made of.
struct ClientParts {
    slot: HostSlot,
    start: ClientStart,
    mailbox: Mailbox,
    proxies: watch::Receiver<ProxyUse>,
}

/// Runs an account's client task. A panic in it affects only this account; the task is restarted.
async fn supervise_account(context: Arc<ClientContext>, client: ClientParts) {
    let ClientParts { slot, start, mailbox, proxies } = client;
    let account = start.account;
    let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(60));
    loop {
        let (shared, proxies) = (Arc::clone(&context), proxies.clone());
        let task = ClientTask::new(shared, slot.clone(), start.clone(), mailbox.clone(), proxies);
        match tokio::spawn(task.run()).await {
            Ok(()) => return,
            Err(error) => {
                tracing::error!(%account, %error, "an account's client task failed and is restarted");
                let stage = Stage::Reconnecting;
                (context.observer.snapshot)(account, Snapshot { stage, ..Snapshot::off() });
                tokio::time::sleep(backoff.fail()).await;
            }
        }
    }
}

/// Starts the thread that receives answers for tdlib-rs, which matches them to requests only while its `receive` is called
/// in a loop. There is one queue of answers per process, as in tdjson's transport.
fn receive_answers() -> std::io::Result<()> {
    static STARTED: Once = Once::new();
    let mut started = Ok(());
    STARTED.call_once(|| {
        started = std::thread::Builder::new().name("tdlib-rs".into()).spawn(receive_loop).map(drop);
    });
    started
}

/// tdlib-rs panics on an answer that it can't read; that is caught, because this thread serves all accounts.
fn receive_loop() {
    loop {
        if std::panic::catch_unwind(AssertUnwindSafe(tdlib_rs::receive)).is_err() {
            tracing::error!("tdlib-rs could not read an answer");
        }
    }
}
