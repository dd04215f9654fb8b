//! What all connections share: the world, the sessions, the table of methods, and the answers that a test has
//! put in the place of the usual ones.
//!
//! One lock guards the world and the sessions together, and it is never held across an await. Whoever changes
//! the world through `Server::change` has its consequences delivered (see `deliver`) before the lock is given back.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::{Notify, watch};

use crate::crypto::KeyId;
use crate::error::RpcError;
use crate::flood::Floods;
use crate::network::{Breakage, Network};
use crate::receive::Link;
use crate::rpc::{self, Challenges, Methods};
use crate::rsa::RsaKey;
use crate::session::MessageIds;
use crate::sessions::Sessions;
use crate::world::{Number, World};

/// Who calls a method: what an override gets to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The phone number that is signed in, or whose password is waited for, or that the request names.
    pub number: Option<Number>,
    /// The data centre that is called, 1 to 5.
    pub dc: i32,
    /// The caller's permanent key.
    pub key: KeyId,
    /// The client's number for its session.
    pub session: i64,
}

/// What an override decides.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer<T> {
    /// This is the answer.
    Give(T),
    /// The request is refused.
    Refuse(RpcError),
    /// The usual answer.
    Usual,
    /// No answer at all: the client has to live with the silence.
    Never,
}

/// An override without its types.
pub(crate) type Override = Arc<dyn Fn(&Session, &[u8]) -> Answer<Vec<u8>> + Send + Sync>;

/// What the lock guards.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) world: World,
    pub(crate) sessions: Sessions,
    pub(crate) challenges: Challenges,
}

/// The server behind all connections.
pub(crate) struct Server {
    pub(crate) rsa: RsaKey,
    pub(crate) methods: Methods,
    pub(crate) overrides: RwLock<HashMap<u32, Override>>,
    /// Where MTProto is spoken without a proxy.
    pub(crate) address: Option<SocketAddr>,
    /// Seconds for which a salt is the current one.
    pub(crate) salt_period: i64,
    /// The longest that a temporary key may live, in seconds.
    pub(crate) temporary_keys: Option<i32>,
    state: Mutex<State>,
    /// Rings when there is something to write to the disk.
    pub(crate) dirty: Notify,
    /// How many changes are safe on the disk. Always all of them when there is no disk.
    saved: watch::Sender<u64>,
    /// How many changes there were; pages that wait for news look at it.
    pub(crate) news: watch::Sender<u64>,
    /// Rings when a client was sent something.
    pub(crate) taken: Notify,
    /// Accounts that get more messages than anybody can read.
    pub(crate) floods: Floods,
    /// Faults of the network and of the clock.
    pub(crate) network: Network,
    refusals: Mutex<Vec<Refusal>>,
    unknown: Mutex<HashSet<String>>,
}

/// An error that was ordered: the next so many calls of a method get it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Such as `auth.sendCode`; `*` is any.
    pub method: String,
    /// Only calls for this number; `None` for all.
    pub number: Option<Number>,
    /// The error.
    pub error: RpcError,
    /// How many calls are still to be refused.
    pub times: u32,
}

/// Orders that are kept.
const MAX_REFUSALS: usize = 1000;

impl Server {
    pub(crate) fn new(
        rsa: RsaKey,
        world: World,
        address: Option<SocketAddr>,
        salt_period: i64,
        has_disk: bool,
    ) -> Self {
        Self {
            rsa,
            methods: Methods::all(),
            overrides: RwLock::default(),
            address,
            salt_period: salt_period.max(1),
            temporary_keys: None,
            state: Mutex::new(State { world, ..State::default() }),
            dirty: Notify::new(),
            saved: watch::Sender::new(if has_disk { 0 } else { u64::MAX }),
            news: watch::Sender::new(0),
            taken: Notify::new(),
            floods: Floods::default(),
            network: Network::default(),
            refusals: Mutex::default(),
            unknown: Mutex::default(),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and delivers what follows from it. The number is for [`saved`](Self::saved).
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> (T, u64) {
        let mut state = self.lock();
        let before = state.world.changes;
        let result = change(&mut state);
        let broken = state.deliver();
        let changes = state.world.changes;
        drop(state);
        for (breakage, ids) in broken {
            self.network.break_lines(breakage, |id| ids.contains(&id));
        }
        if changes != before {
            self.dirty.notify_one();
            self.news.send_replace(changes);
        }
        (result, changes)
    }

    /// Waits until this many changes are safe on the disk.
    pub(crate) async fn saved(&self, changes: u64) {
        let mut saved = self.saved.subscribe();
        // The sender lives as long as the server, so waiting can only end with success.
        let _ = saved.wait_for(|saved| *saved >= changes).await;
    }

    pub(crate) fn set_saved(&self, changes: u64) {
        self.saved.send_replace(changes);
    }

    /// Changes the world with the present time and waits until that is safe.
    pub(crate) async fn act<T>(&self, act: impl FnOnce(&mut World, i64) -> T) -> T {
        let now = self.now_seconds();
        let (result, changes) = self.change(|state| act(&mut state.world, now));
        self.saved(changes).await;
        result
    }

    /// Seconds since 1970, as this server believes.
    pub(crate) fn now_seconds(&self) -> i64 {
        i64::try_from(self.network.now().as_secs()).unwrap_or(i64::MAX)
    }

    /// Lets the clock be wrong by so many seconds. Ids of messages follow it.
    pub(crate) fn set_skew(&self, seconds: i64) {
        let mut state = self.lock();
        self.network.set_skew(seconds);
        state.sessions.ids = MessageIds::default();
    }

    /// Whose connection it is, as far as that is known.
    pub(crate) fn number_of(&self, link: &Link) -> Option<Number> {
        let (key, _) = link.session?;
        let world = &self.lock().world;
        rpc::number_of_key(world, world.permanent(key)?)
    }

    /// How long the link's key is still good; `None` if it never expires or there is none yet.
    pub(crate) fn key_life(&self, link: &Link) -> Option<Duration> {
        let (key, _) = link.session?;
        let now = self.now_seconds();
        let life = self.lock().world.key_life(key, now)?;
        Some(Duration::from_secs(u64::try_from(life).unwrap_or_default()))
    }

    /// Breaks all connections, or those of one number. Gives how many they are.
    pub(crate) fn break_lines(&self, breakage: Breakage, number: Option<&Number>) -> usize {
        let Some(number) = number else {
            return self.network.break_lines(breakage, |_| true);
        };
        let ids = self.lock().connections_of(number);
        self.network.break_lines(breakage, |id| ids.contains(&id))
    }

    pub(crate) fn override_of(&self, id: u32) -> Option<Override> {
        let overrides = self.overrides.read().unwrap_or_else(PoisonError::into_inner);
        overrides.get(&id).cloned()
    }

    /// Orders an error.
    pub(crate) fn order(&self, refusal: Refusal) {
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        if refusal.times > 0 && refusals.len() < MAX_REFUSALS {
            refusals.push(refusal);
        }
    }

    /// The error that was ordered for this call, if there is one; it counts as used.
    pub(crate) fn ordered(&self, method: &str, number: Option<&Number>) -> Option<RpcError> {
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        let matches = |refusal: &Refusal| {
            (refusal.method == "*" || refusal.method == method)
                && (refusal.number.is_none() || refusal.number.as_ref() == number)
        };
        let at = refusals.iter().position(matches)?;
        let refusal = refusals.get_mut(at)?;
        refusal.times -= 1;
        let (error, used_up) = (refusal.error.clone(), refusal.times == 0);
        if used_up {
            refusals.remove(at);
        }
        Some(error)
    }

    /// The errors that are still ordered.
    pub(crate) fn orders(&self) -> Vec<Refusal> {
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Logs each method that is not implemented once.
    pub(crate) fn note_unknown(&self, method: &str) {
        let mut unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        if unknown.len() < 2000 && unknown.insert(method.to_owned()) {
            tracing::info!(method, "not implemented here");
        }
    }
}
