//! What all connections share: the state, the methods, and what tests override or inject.
//!
//! One lock guards the state, and it is never held across an await. Everything that changes the state goes through
//! [`Server::change`], which delivers the consequences (see `deliver`) before the lock is released.

pub(crate) mod connection;
mod deliver;
pub(crate) mod flood;
pub(crate) mod injected;
mod persist;
mod receive;
mod request;
mod service;
mod state;
pub(crate) mod stream;
mod validate;

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard, RwLock};
use tokio::sync::{Notify, watch};

use crate::backend::{Backend, PhoneNumber};
use crate::crypto::KeyId;
use crate::crypto::rsa::RsaKey;
use crate::error::RpcError;
use crate::mtproto::session::MessageIds;
use crate::network::{ConnectionFault, Network};
use crate::rpc::Methods;
use connection::Connection;
use injected::InjectedErrors;
use state::State;

/// Who calls a method: what an override gets to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The phone number that is signed in, or whose password is awaited, or that the request names.
    pub number: Option<PhoneNumber>,
    /// The data centre that is called, 1 to 5.
    pub dc: i32,
    /// The caller's permanent key.
    pub key: KeyId,
    /// The client's id of its session.
    pub session: i64,
}

/// What an override answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer<T> {
    /// This value.
    Value(T),
    /// This error.
    Error(RpcError),
    /// What the sandbox answers without an override.
    Default,
    /// Nothing: the client gets an acknowledgement and no result.
    NoReply,
}

/// An override whose types are erased.
pub(crate) type Override = Arc<dyn Fn(&Caller, &[u8]) -> Answer<Vec<u8>> + Send + Sync>;

/// The server behind all connections.
pub(crate) struct Server {
    pub(crate) rsa: RsaKey,
    methods: Methods,
    overrides: RwLock<HashMap<u32, Override>>,
    settings: Settings,
    state: Mutex<State>,
    /// Notified when there are changes that are not saved.
    unsaved: Notify,
    /// How many changes are saved. Always all of them when nothing is stored.
    saved: watch::Sender<u64>,
    /// How many changes there were.
    pub(crate) changes: watch::Sender<u64>,
    /// Notified when messages were sent to a client.
    sent: Notify,
    pub(crate) network: Network,
    pub(crate) injected_errors: InjectedErrors,
    unimplemented: Mutex<HashSet<String>>,
}

/// How a server behaves, fixed when it starts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    /// The address for clients without a proxy.
    pub(crate) mtproto_address: Option<SocketAddr>,
    /// Seconds for which a salt is the current one.
    pub(crate) salt_period: i64,
    /// The longest lifetime of a temporary key, in seconds.
    pub(crate) max_temporary_key_lifetime: Option<i32>,
    /// Whether changes have to be saved before clients hear of them.
    pub(crate) is_stored: bool,
}

/// Methods whose absence is logged.
const MAX_UNIMPLEMENTED: usize = 2000;

impl Server {
    pub(crate) fn new(rsa: RsaKey, backend: Backend, settings: Settings) -> Self {
        Self {
            rsa,
            methods: Methods::all(),
            overrides: RwLock::default(),
            settings: Settings { salt_period: settings.salt_period.max(1), ..settings },
            state: Mutex::new(State { backend, ..State::default() }),
            unsaved: Notify::new(),
            saved: watch::Sender::new(if settings.is_stored { 0 } else { u64::MAX }),
            changes: watch::Sender::new(0),
            sent: Notify::new(),
            network: Network::default(),
            injected_errors: InjectedErrors::default(),
            unimplemented: Mutex::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Reads the backend.
    pub(crate) fn inspect<T>(&self, inspect: impl FnOnce(&Backend) -> T) -> T {
        inspect(&self.lock().backend)
    }

    /// Changes the state and delivers what follows from it. The number is for [`saved`](Self::saved).
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> (T, u64) {
        let mut state = self.lock();
        let before = state.backend.changes;
        let result = change(&mut state);
        let faults = state.deliver();
        let changes = state.backend.changes;
        drop(state);
        for (fault, ids) in faults {
            self.network.break_connections(fault, |id| ids.contains(&id));
        }
        if changes != before {
            self.unsaved.notify_one();
            self.changes.send_replace(changes);
        }
        (result, changes)
    }

    /// Waits until this many changes are saved.
    async fn saved(&self, changes: u64) {
        let mut saved = self.saved.subscribe();
        // The sender lives as long as the server, so waiting can only end with success.
        let _ = saved.wait_for(|saved| *saved >= changes).await;
    }

    /// Changes the backend, which is told the current time, and waits until the change is saved.
    pub(crate) async fn update<T>(&self, update: impl FnOnce(&mut Backend, i64) -> T) -> T {
        let now = self.now_seconds();
        let (result, changes) = self.change(|state| update(&mut state.backend, now));
        self.saved(changes).await;
        result
    }

    /// Seconds since 1970 by the server's clock.
    fn now_seconds(&self) -> i64 {
        i64::try_from(self.network.now().as_secs()).unwrap_or(i64::MAX)
    }

    /// Sets the clock fast by this many seconds. The ids of messages follow it.
    pub(crate) fn set_clock_skew(&self, seconds: i64) {
        let mut state = self.lock();
        self.network.set_skew(seconds);
        state.sessions.ids = MessageIds::default();
    }

    /// The phone number that a connection is signed in as, or is about to be.
    fn number_of(&self, connection: &Connection) -> Option<PhoneNumber> {
        let (key, _) = connection.session?;
        let backend = &self.lock().backend;
        backend.number_of_key(backend.permanent(key)?)
    }

    /// How long the connection's key stays valid; `None` if it does not expire or there is none yet.
    fn key_lifetime(&self, connection: &Connection) -> Option<Duration> {
        let (key, _) = connection.session?;
        let now = self.now_seconds();
        let lifetime = self.lock().backend.key_lifetime(key, now)?;
        Some(Duration::from_secs(u64::try_from(lifetime).unwrap_or_default()))
    }

    /// Breaks all connections, or those of one number. Returns their count.
    pub(crate) fn break_connections(&self, fault: ConnectionFault, number: Option<&PhoneNumber>) -> usize {
        let Some(number) = number else {
            return self.network.break_connections(fault, |_| true);
        };
        let ids = self.lock().connections_of(number);
        self.network.break_connections(fault, |id| ids.contains(&id))
    }

    pub(crate) fn set_override(&self, method: u32, answer: Override) {
        self.overrides.write().insert(method, answer);
    }

    fn override_of(&self, method: u32) -> Option<Override> {
        self.overrides.read().get(&method).cloned()
    }

    /// Logs each method that is not implemented once.
    fn log_unimplemented(&self, method: &str) {
        let mut unimplemented = self.unimplemented.lock();
        if unimplemented.len() < MAX_UNIMPLEMENTED && unimplemented.insert(method.to_owned()) {
            tracing::info!(method, "method not implemented");
        }
    }
}
