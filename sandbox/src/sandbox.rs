//! Starts and stops a server.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::net::TcpListener as AsyncListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::backend::Backend;
use crate::crypto::rsa::{KeyGenerationError, RsaKey};
use crate::handle::Handle;
use crate::mtproto::salts;
use crate::phones;
use crate::server::stream::{self, Listener};
use crate::server::{Server, Settings};
use crate::storage::{self, StateFile, StorageError};

/// Connections per listener that are open at the same time; more are closed at once.
const MAX_CONNECTIONS: usize = 8192;
/// The pause when the process has no file descriptors left. Connections that close give theirs back.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// How a server is started. `Options::default()` keeps everything in memory and takes free ports of loopback.
#[derive(Debug, Default)]
pub struct Options {
    /// The directory for the RSA key and the state. `None`: nothing is stored.
    pub data: Option<PathBuf>,
    /// The listener for SOCKS5.
    pub socks: Option<TcpListener>,
    /// The listener for clients without a proxy.
    pub mtproto: Option<TcpListener>,
    /// The listener for the page with the test phones. `None`: there is no page.
    pub phones: Option<TcpListener>,
    /// Seconds for which a salt is the current one; half an hour by default.
    pub salt_period: Option<i64>,
    /// The longest lifetime of a temporary key, in seconds; by default as long as the client asks for.
    pub temporary_keys: Option<i32>,
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory cannot be used.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// No RSA key could be generated.
    #[error(transparent)]
    Key(#[from] KeyGenerationError),
    /// A listener cannot be used.
    #[error("cannot listen: {0}")]
    Listen(#[from] io::Error),
}

/// A running server. It stops when this is dropped; what is in its data directory stays.
#[derive(Debug)]
pub struct Sandbox {
    handle: Handle,
    socks: SocketAddr,
    mtproto: SocketAddr,
    phones: Option<SocketAddr>,
    file: Option<StateFile>,
    tasks: TaskTracker,
    cancel: CancellationToken,
    _cancel_on_drop: DropGuard,
}

impl std::ops::Deref for Sandbox {
    type Target = Handle;

    fn deref(&self) -> &Handle {
        &self.handle
    }
}

fn listen(listener: Option<TcpListener>) -> io::Result<AsyncListener> {
    let listener = match listener {
        Some(listener) => listener,
        None => TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?,
    };
    listener.set_nonblocking(true)?;
    AsyncListener::from_std(listener)
}

/// The key of servers that store nothing. Generating one takes a second, so those of one process share it.
fn shared_key() -> Result<RsaKey, KeyGenerationError> {
    static KEY: OnceLock<RsaKey> = OnceLock::new();
    match KEY.get() {
        Some(key) => Ok(key.clone()),
        None => {
            let key = RsaKey::generate()?;
            Ok(KEY.get_or_init(|| key).clone())
        }
    }
}

impl Sandbox {
    /// Starts a server in the current tokio runtime.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let (socks, mtproto) = (listen(options.socks)?, listen(options.mtproto)?);
        let phones = options.phones.map(|listener| listen(Some(listener))).transpose()?;
        let (rsa, backend, file) = match options.data {
            None => (shared_key()?, Backend::default(), None),
            Some(directory) => {
                let rsa = storage::rsa_key(&directory)?;
                let file = StateFile::open(&directory)?;
                (rsa, file.read()?, Some(file))
            }
        };
        let settings = Settings {
            mtproto_address: Some(mtproto.local_addr()?),
            salt_period: options.salt_period.unwrap_or(salts::PERIOD),
            max_temporary_key_lifetime: options.temporary_keys,
            is_stored: file.is_some(),
        };
        let server = Arc::new(Server::new(rsa, backend, settings));
        let cancel = CancellationToken::new();
        let sandbox = Self {
            handle: Handle::new(Arc::clone(&server)),
            socks: socks.local_addr()?,
            mtproto: mtproto.local_addr()?,
            phones: phones.as_ref().map(AsyncListener::local_addr).transpose()?,
            file,
            tasks: TaskTracker::new(),
            _cancel_on_drop: cancel.clone().drop_guard(),
            cancel,
        };
        sandbox.accept_from(socks, Listener::Socks);
        sandbox.accept_from(mtproto, Listener::Direct);
        if let Some(file) = sandbox.file.clone() {
            sandbox.tasks.spawn(server.persist(file, sandbox.cancel.clone()));
        }
        if let Some(listener) = phones {
            let serve = phones::serve(sandbox.handle(), listener);
            sandbox.tasks.spawn(sandbox.cancel.clone().run_until_cancelled_owned(serve));
        }
        Ok(sandbox)
    }

    fn accept_from(&self, listener: AsyncListener, kind: Listener) {
        let accept = accept(self.handle.server(), listener, kind, self.tasks.clone(), self.cancel.clone());
        self.tasks.spawn(self.cancel.clone().run_until_cancelled_owned(accept));
    }

    /// The address for clients with a SOCKS5 proxy.
    pub fn socks_address(&self) -> SocketAddr {
        self.socks
    }

    /// The address for clients without a proxy.
    pub fn mtproto_address(&self) -> SocketAddr {
        self.mtproto
    }

    /// The address of the page with the test phones.
    pub fn phones_address(&self) -> Option<SocketAddr> {
        self.phones
    }

    /// Stops the server, and saves what is not saved at every moment, such as the counters.
    pub async fn stop(self) -> Result<(), StartError> {
        self.cancel.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        if let Some(file) = &self.file {
            self.handle.server().save(file)?;
        }
        Ok(())
    }

    /// A handle for other tasks.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }
}

async fn accept(
    server: Arc<Server>,
    listener: AsyncListener,
    kind: Listener,
    tasks: TaskTracker,
    cancel: CancellationToken,
) {
    // Counts the open connections of this listener.
    let connections = TaskTracker::new();
    // Connections of the two listeners have even and odd ids.
    let mut id = u64::from(kind == Listener::Direct);
    loop {
        match listener.accept().await {
            Ok(_) if server.network.down_for(tokio::time::Instant::now()).is_some() => {}
            Ok((stream, _)) if connections.len() < MAX_CONNECTIONS => {
                id += 2;
                let serve = stream::serve(Arc::clone(&server), stream, kind, id);
                let serve = cancel.clone().run_until_cancelled_owned(serve);
                tasks.spawn(connections.track_future(serve));
            }
            Ok(_) => {}
            Err(_) => tokio::time::sleep(ACCEPT_RETRY).await,
        }
    }
}
