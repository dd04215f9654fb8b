//! The td-hosts of a hub. They can start before the hub: loading TDLib takes as long as reading the database.

use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::process::{self, HostConfig, HostHandle};
use super::routes::Routes;
use crate::domain::AccountId;
use crate::telegram::client::HostSlot;

#[derive(Debug, Clone)]
pub struct HostSettings {
    /// The program that has the subcommand `td-host`: normally Telescope itself.
    pub program: PathBuf,
    /// The TDLib library.
    pub library: PathBuf,
    /// How many td-hosts share the accounts.
    pub count: usize,
    /// Bytes of memory at which a td-host is restarted at a quiet time.
    pub memory_limit: Option<u64>,
}

pub struct Hosts {
    settings: HostSettings,
    slots: Vec<HostSlot>,
    routes: Arc<Routes>,
    stop: watch::Sender<bool>,
    running: Mutex<Running>,
}

#[derive(Default)]
struct Running {
    /// Where hosts that were not started yet will be announced, by slot.
    waiting: Vec<watch::Sender<Option<HostHandle>>>,
    tasks: Vec<JoinHandle<()>>,
}

impl Hosts {
    /// None runs yet.
    pub fn new(settings: HostSettings) -> Self {
        let (waiting, slots) = (0..settings.count.max(1))
            .map(|number| {
                let host = watch::Sender::new(None);
                let slot = HostSlot { number, host: host.subscribe() };
                (host, slot)
            })
            .unzip();
        Self {
            settings,
            slots,
            routes: Arc::default(),
            stop: watch::Sender::new(false),
            running: Mutex::new(Running { waiting, tasks: Vec::new() }),
        }
    }

    /// Starts those that were not started yet.
    pub fn start(&self) {
        let mut running = self.running.lock();
        for (number, host) in std::mem::take(&mut running.waiting).into_iter().enumerate() {
            let config = HostConfig {
                program: self.settings.program.clone(),
                library: self.settings.library.clone(),
                number,
                memory_limit: self.settings.memory_limit,
            };
            let stop = self.stop.subscribe();
            running.tasks.push(tokio::spawn(process::supervise(
                config,
                Arc::clone(&self.routes),
                host,
                stop,
            )));
        }
    }

    pub(super) async fn stop(&self) {
        self.stop.send_replace(true);
        let tasks = std::mem::take(&mut self.running.lock().tasks);
        for task in tasks {
            let _ = task.await;
        }
    }

    pub(super) const fn routes(&self) -> &Arc<Routes> {
        &self.routes
    }

    /// The slot that an account's client runs in. Stable while the number of hosts is.
    pub(super) fn slot_of(&self, account: AccountId) -> Option<HostSlot> {
        use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(account);
        let slot = usize::try_from(hash % self.slots.len().max(1) as u64).unwrap_or(0);
        self.slots.get(slot).cloned()
    }
}
