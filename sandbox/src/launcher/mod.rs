//! Runs any TDLib program against the sandbox.
//!
//! The order matters. The listeners for browsers are bound in the host's network. Then the process moves to an empty
//! network with nothing but loopback, and only then starts threads, the server and the program. Sockets keep the network
//! in which they were created, so browsers reach both pages, while the program and its TDLib reach only the sandbox.

mod command;
mod network;
mod patch;
mod supervise;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

pub use patch::PatchError;
use patch::patched_library;

use crate::storage::{self, StorageError};

/// Ports inside the empty network, where they are always free.
const SOCKS_PORT: u16 = 1080;
const MTPROTO_PORT: u16 = 4430;
/// The port of Telegram's servers.
const TELEGRAM_PORT: u16 = 443;

/// The options of `telescope-sandbox run`.
#[derive(Debug, Clone, clap::Args)]
pub struct RunOptions {
    /// Directory for keys, accounts, sessions and messages
    #[arg(long, default_value = "data/sandbox")]
    pub data: PathBuf,
    /// Address of the program's web page: bound outside, passed as descriptor 3 (LISTEN_FDS)
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Option<SocketAddr>,
    /// Address of the page with the test phones
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8889")]
    pub phones: SocketAddr,
    /// The stock TDLib; a patched copy of it is used
    #[arg(long, value_name = "PATH", default_value = "natives/linux/lib/libtdjson.so")]
    pub library: PathBuf,
    /// Stay in the host's network if the kernel allows no other; TDLib can then reach the real Telegram
    #[arg(long)]
    pub with_network: bool,
    /// Serve at Telegram's own addresses, too, for proxies and for programs without one
    #[arg(long, conflicts_with = "with_network")]
    pub telegram_addresses: bool,
    /// Maximum lifetime of temporary keys, in seconds
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(i32).range(1..))]
    pub temporary_keys: Option<i32>,
    /// The program and its arguments
    #[arg(required = true, last = true)]
    pub command: Vec<std::ffi::OsString>,
}

/// Why the program was not run to its end.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// An address is in use or not available.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, io::Error),
    /// The kernel allows no network namespace.
    #[error(
        "cannot create an isolated network: {0}. Use --with-network to run in the host's network, where TDLib can \
         reach the real Telegram"
    )]
    Network(String),
    /// The data directory cannot be used.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The library cannot be patched.
    #[error(transparent)]
    Patch(#[from] PatchError),
    /// The server exits repeatedly.
    #[error("the server exits repeatedly; see its log above")]
    ServerExits,
    /// An operating system error.
    #[error("{0}: {1}")]
    System(&'static str, io::Error),
}

/// What the two child processes need.
struct Prepared {
    data: PathBuf,
    library: PathBuf,
    public_key: PathBuf,
    page: Option<TcpListener>,
    phones: TcpListener,
    socks: TcpListener,
    mtproto: TcpListener,
    temporary_keys: Option<i32>,
}

/// Runs the program until it exits, and returns its exit status. Has to be called before any thread exists.
pub fn run(options: RunOptions) -> Result<u8, LaunchError> {
    let prepared = prepare(&options)?;
    tracing::info!("test phones: http://{}", local(&prepared.phones)?);
    if let Some(page) = &prepared.page {
        tracing::info!("page: http://{}", local(page)?);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| LaunchError::System("cannot start the runtime", error))?;
    runtime.block_on(supervise::supervise(&prepared, &options.command))
}

fn prepare(options: &RunOptions) -> Result<Prepared, LaunchError> {
    storage::create_directory(&options.data)?;
    let data = absolute(&options.data)?;
    let rsa = storage::rsa_key(&data)?;
    let library = patched_library(&options.library, &rsa.public_pem(), &data)?;
    let page = options.listen.map(bind).transpose()?;
    let phones = bind(options.phones)?;
    leave_network(options.with_network)?;
    let mtproto = if options.telegram_addresses {
        network::become_telegram().map_err(|error| LaunchError::Network(error.to_string()))?;
        bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, TELEGRAM_PORT)))?
    } else {
        bind_inside(MTPROTO_PORT)?
    };
    Ok(Prepared {
        public_key: data.join(storage::PUBLIC_KEY),
        data,
        library,
        page,
        phones,
        socks: bind_inside(SOCKS_PORT)?,
        mtproto,
        temporary_keys: options.temporary_keys,
    })
}

/// Some kernels fail halfway, when the old network is already lost. So another process tries first.
fn leave_network(may_stay: bool) -> Result<(), LaunchError> {
    let trial = std::env::current_exe().and_then(|own| Command::new(own).arg(TRY_NETWORK).output());
    let trial = trial.map_err(|error| LaunchError::System("cannot check for network namespaces", error))?;
    if trial.status.success() {
        return network::leave().map_err(|error| LaunchError::Network(error.to_string()));
    }
    let reason = String::from_utf8_lossy(&trial.stderr).trim().to_owned();
    if !may_stay {
        return Err(LaunchError::Network(reason));
    }
    tracing::warn!(reason, "staying in the host's network; TDLib can reach the real Telegram");
    Ok(())
}

/// The hidden command of the process that tries it.
pub const TRY_NETWORK: &str = "try-network";

/// Moves to an empty network, or returns why that is impossible.
pub fn try_network() -> Result<(), String> {
    network::leave().map_err(|error| error.to_string())
}

fn absolute(path: &Path) -> Result<PathBuf, LaunchError> {
    path.canonicalize().map_err(|error| StorageError::new(path, error).into())
}

fn bind(address: SocketAddr) -> Result<TcpListener, LaunchError> {
    TcpListener::bind(address).map_err(|error| LaunchError::Listen(address, error))
}

/// A fixed port, so that clients that store the address find the server again; another one if it is in use.
fn bind_inside(port: u16) -> Result<TcpListener, LaunchError> {
    let fixed = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    bind(fixed).or_else(|_| bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))))
}

fn local(listener: &TcpListener) -> Result<SocketAddr, LaunchError> {
    listener.local_addr().map_err(|error| LaunchError::System("cannot get the address of a listener", error))
}
