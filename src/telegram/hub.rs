//! The hub: numbers clients, routes what TDLib says to the accounts' actors, keeps hosts and actors running.
//!
//! There is one per process, since tdlib-rs' transport is one per process.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinHandle;

use super::frame::Frame;
use super::handle::{AccountHandle, ClientStart, Mailbox};
use super::process::{self, HostHandle};
use crate::clock::Clock;
use crate::domain::backoff::Backoff;
use crate::domain::{AccountId, Secret, Snapshot, Stage};
use crate::telegram::client::ClientTask;

/// What the hub has to know of the installation.
#[derive(Debug, Clone)]
pub struct HubSettings {
    /// The program that has the subcommand `td-host`: normally Telescope itself.
    pub program: PathBuf,
    /// The TDLib library.
    pub library: PathBuf,
    /// How many td-hosts share the accounts.
    pub hosts: usize,
    /// How many clients may be starting at once.
    pub starts_at_once: usize,
    /// Telegram's test environment instead of the real one.
    pub test_environment: bool,
    /// From my.telegram.org.
    pub api_id: i32,
    /// From my.telegram.org.
    pub api_hash: Secret,
    /// The SOCKS5 proxy for every connection.
    pub proxy: Option<Proxy>,
    /// Bytes of memory at which a td-host is started anew at a quiet time.
    pub memory_limit: Option<u64>,
    /// The time.
    pub clock: Clock,
}

/// A SOCKS5 proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Its IP address: TDLib would ask public servers for a name's.
    pub address: std::net::SocketAddr,
    /// User name and password, if it wants them.
    pub login: Option<(String, Secret)>,
}

/// Called with every new snapshot of an account. Must be quick.
pub type Observer = Box<dyn Fn(AccountId, Snapshot) + Send + Sync>;

/// The hub; cheap to clone.
#[derive(Clone)]
pub struct Hub(Arc<Inner>);

pub(super) struct Inner {
    pub settings: HubSettings,
    pub routes: Arc<Routes>,
    pub starting: Arc<Semaphore>,
    pub observer: Observer,
    links: Vec<watch::Receiver<Option<HostHandle>>>,
    stop: watch::Sender<bool>,
    accounts: Mutex<HashMap<AccountId, AccountHandle>>,
    hosts: Mutex<Vec<JoinHandle<()>>>,
}

impl Inner {
    /// The slot that an account's client runs in. Stable while the number of hosts is.
    pub(super) fn link_for(
        &self,
        account: AccountId,
    ) -> Option<(usize, watch::Receiver<Option<HostHandle>>)> {
        use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(account);
        let slot = usize::try_from(hash % self.links.len().max(1) as u64).unwrap_or(0);
        Some((slot, self.links.get(slot)?.clone()))
    }
}

impl Hub {
    /// Installs the transport and starts the hosts. Fails if this process has a hub already.
    pub fn start(settings: HubSettings, observer: Observer) -> anyhow::Result<Self> {
        let routes = Arc::new(Routes::default());
        let wire = Arc::clone(&routes);
        tdjson::transport::install(Box::new(move |client, request| wire.request(client, request)))?;
        std::thread::Builder::new().name("tdlib-rs".into()).spawn(pump_answers)?;

        let stop = watch::Sender::new(false);
        let mut links = Vec::new();
        let mut hosts = Vec::new();
        for slot in 0..settings.hosts.max(1) {
            let link = watch::Sender::new(None);
            links.push(link.subscribe());
            hosts.push(tokio::spawn(process::supervise(
                process::HostConfig {
                    program: settings.program.clone(),
                    library: settings.library.clone(),
                    number: slot,
                    memory_limit: settings.memory_limit,
                },
                Arc::clone(&routes),
                link,
                stop.subscribe(),
            )));
        }
        Ok(Self(Arc::new(Inner {
            starting: Arc::new(Semaphore::new(settings.starts_at_once.max(1))),
            settings,
            routes,
            observer,
            links,
            stop,
            accounts: Mutex::default(),
            hosts: Mutex::new(hosts),
        })))
    }

    /// Starts an account's client, if it does not run, or once more, if it could not run.
    pub fn connect(&self, start: ClientStart) {
        let mut accounts = self.accounts();
        if let Some(handle) = accounts.get(&start.account).filter(|handle| handle.is_running()) {
            handle.again();
            return;
        }
        let (handle, mailbox) = AccountHandle::new();
        accounts.insert(start.account, handle);
        tokio::spawn(supervise_account(Arc::clone(&self.0), start, mailbox));
    }

    /// Stops an account's client and waits until its files are closed. The session at Telegram stays.
    pub async fn disconnect(&self, account: AccountId) {
        let handle = self.accounts().remove(&account);
        if let Some(handle) = handle {
            handle.close().await;
        }
    }

    /// The running client of an account.
    pub fn account(&self, account: AccountId) -> Option<AccountHandle> {
        self.accounts().get(&account).filter(|handle| handle.is_running()).cloned()
    }

    /// Closes every client, then the hosts. Takes some ten seconds at most.
    pub async fn stop(&self) {
        let handles: Vec<AccountHandle> = self.accounts().drain().map(|(_, handle)| handle).collect();
        tracing::info!(accounts = handles.len(), "closing the clients");
        let closing = futures_util::future::join_all(handles.iter().map(AccountHandle::close));
        let _ = tokio::time::timeout(Duration::from_secs(10), closing).await;
        self.0.stop.send_replace(true);
        let hosts = std::mem::take(&mut *self.0.hosts.lock());
        for host in hosts {
            let _ = host.await;
        }
    }

    fn accounts(&self) -> MutexGuard<'_, HashMap<AccountId, AccountHandle>> {
        self.0.accounts.lock()
    }
}

/// Runs an account's actor; a panic in it is this account's matter alone, and it starts again.
async fn supervise_account(hub: Arc<Inner>, start: ClientStart, mailbox: Mailbox) {
    let account = start.account;
    let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(60));
    loop {
        let actor = ClientTask::new(Arc::clone(&hub), start.clone(), mailbox.clone());
        match tokio::spawn(actor.run()).await {
            Ok(()) => return,
            Err(error) => {
                tracing::error!(%account, %error, "an account's actor failed and starts again");
                let stage = Stage::Reconnecting;
                (hub.observer)(account, Snapshot { stage, ..Snapshot::off() });
                tokio::time::sleep(backoff.fail()).await;
            }
        }
    }
}

/// tdlib-rs matches answers to requests only while somebody loops its `receive`. It panics on what it does
/// not understand; that is caught, because this thread serves all accounts.
fn pump_answers() {
    loop {
        if std::panic::catch_unwind(AssertUnwindSafe(tdlib_rs::receive)).is_err() {
            tracing::error!("tdlib-rs could not read an answer");
        }
    }
}

/// Which client belongs to which actor and which host.
#[derive(Default)]
pub(super) struct Routes(Mutex<HashMap<i32, Route>>);

struct Route {
    slot: usize,
    frames: mpsc::Sender<Frame>,
    updates: mpsc::Sender<String>,
}

impl Routes {
    /// Makes a client on a host; its updates go to `updates`.
    pub(super) fn open(&self, slot: usize, link: &HostHandle, updates: mpsc::Sender<String>) -> i32 {
        let client = tdlib_rs::create_client();
        self.routes().insert(client, Route { slot, frames: link.frames.clone(), updates });
        client
    }

    /// Forgets a client; its open requests are answered with an error.
    pub(super) fn close(&self, client: i32) {
        self.routes().remove(&client);
        tdjson::transport::fail_client(client, "the client has ended");
    }

    /// Sends a request on its way; false if it can't be.
    pub(super) fn request(&self, client: i32, request: &str) -> bool {
        let frames = self.routes().get(&client).map(|route| route.frames.clone());
        frames.is_some_and(|frames| frames.try_send(Frame { client, json: request.to_owned() }).is_ok())
    }

    /// Hands an update to its actor. An actor that does not keep up loses its stream and starts its client
    /// anew, rather than holding up the others or missing something unseen.
    pub(super) fn update(&self, frame: Frame) {
        let client = frame.client;
        let updates = self.routes().get(&client).map(|route| route.updates.clone());
        if updates.is_some_and(|updates| updates.try_send(frame.json).is_err()) {
            tracing::warn!(client, "an account's updates overflowed");
            let _ = self.request(client, r#"{"@type":"close"}"#);
            self.close(client);
        }
    }

    /// A host died: its clients are gone, and whoever waits for an answer gets an error.
    pub(super) fn host_is_gone(&self, slot: usize) {
        let gone: Vec<i32> = {
            let mut routes = self.routes();
            let gone = routes.iter().filter(|(_, route)| route.slot == slot).map(|(id, _)| *id).collect();
            routes.retain(|_, route| route.slot != slot);
            gone
        };
        for client in gone {
            tdjson::transport::fail_client(client, "the process that runs TDLib has ended");
        }
    }

    fn routes(&self) -> MutexGuard<'_, HashMap<i32, Route>> {
        self.0.lock()
    }
}
