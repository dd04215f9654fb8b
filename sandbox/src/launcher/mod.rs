//! Runs any TDLib program against the sandbox.
//!
//! The order matters. The page's listener and the phones' listener are bound while the host's network is still
//! there; then the process leaves that network for an empty one, in which nothing but loopback exists; only then
//! do threads start, the server, and the program. Sockets keep the network they were made in, so a browser
//! outside reaches the page, while the program and its TDLib reach nothing but the sandbox.

mod command;
mod network;
mod patch;
mod supervise;

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

pub use patch::{PatchError, patched_library};

use crate::disk::{self, DiskError};

/// Ports inside of the empty network, where nobody else can have taken them.
const SOCKS_PORT: u16 = 1080;
const MTPROTO_PORT: u16 = 4430;

/// What `telescope-sandbox run` was told.
#[derive(Debug, Clone, clap::Args)]
pub struct RunOptions {
    /// Where keys, accounts, sessions and messages are kept
    #[arg(long, default_value = "data/sandbox")]
    pub data: PathBuf,
    /// The program's page: bound outside, handed over as descriptor 3 (LISTEN_FDS)
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Option<SocketAddr>,
    /// The page with the pretend phones
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8889")]
    pub phones: SocketAddr,
    /// The stock TDLib, of which a patched copy is made
    #[arg(long, value_name = "PATH", default_value = "natives/linux/lib/libtdjson.so")]
    pub library: PathBuf,
    /// Keep the host's network where the kernel allows no other; TDLib may then reach the real Telegram
    #[arg(long)]
    pub with_network: bool,
    /// The longest that a temporary key may live, whatever TDLib asks for
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(i32).range(1..))]
    pub temporary_keys: Option<i32>,
    /// The program and its arguments
    #[arg(required = true, last = true)]
    pub command: Vec<std::ffi::OsString>,
}

/// Why nothing was run.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// An address outside is taken or not ours.
    #[error("{0} cannot be listened on: {1}")]
    Listen(SocketAddr, io::Error),
    /// The kernel keeps us in the host's network.
    #[error(
        "the program must not reach the internet, but this kernel allows no network of its own ({0}); \
         --with-network runs it in the host's network all the same"
    )]
    Network(String),
    /// The data directory.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The library.
    #[error(transparent)]
    Patch(#[from] PatchError),
    /// The server ends again and again.
    #[error("the server does not stay alive; its own words are above")]
    ServerGivesUp,
    /// Anything the operating system refused.
    #[error("{0}: {1}")]
    System(&'static str, io::Error),
}

/// All that the children need.
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

/// Runs the program until it ends, and gives its exit status. To be called before any thread exists.
pub fn run(options: RunOptions) -> Result<u8, LaunchError> {
    let prepared = prepare(&options)?;
    tracing::info!("phones: http://{}", local(&prepared.phones)?);
    if let Some(page) = &prepared.page {
        tracing::info!("page: http://{}", local(page)?);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| LaunchError::System("no runtime", error))?;
    runtime.block_on(supervise::supervise(&prepared, &options.command))
}

fn prepare(options: &RunOptions) -> Result<Prepared, LaunchError> {
    disk::make_directory(&options.data)?;
    let data = absolute(&options.data)?;
    let rsa = disk::rsa_key(&data)?;
    let library = patched_library(&options.library, &rsa.public_pem(), &data)?;
    let page = options.listen.map(bind).transpose()?;
    let phones = bind(options.phones)?;
    leave_network(options.with_network)?;
    Ok(Prepared {
        public_key: data.join(disk::PUBLIC_KEY),
        data,
        library,
        page,
        phones,
        socks: bind_inside(SOCKS_PORT)?,
        mtproto: bind_inside(MTPROTO_PORT)?,
        temporary_keys: options.temporary_keys,
    })
}

/// Some kernels refuse only halfway, when there is no return. So another process tries first.
fn leave_network(may_stay: bool) -> Result<(), LaunchError> {
    let trial = std::env::current_exe().and_then(|own| Command::new(own).arg(TRY_NETWORK).output());
    let trial = trial.map_err(|error| LaunchError::System("the network was not tried", error))?;
    if trial.status.success() {
        return network::leave().map_err(|error| LaunchError::Network(error.to_string()));
    }
    let why = String::from_utf8_lossy(&trial.stderr).trim().to_owned();
    if !may_stay {
        return Err(LaunchError::Network(why));
    }
    tracing::warn!(why, "staying in the host's network; TDLib may reach the real Telegram");
    Ok(())
}

/// The hidden command of the process that tries.
pub const TRY_NETWORK: &str = "try-network";

/// Leaves the network and says nothing, or says in plain words why that is impossible.
pub fn try_network() -> Result<(), String> {
    network::leave().map_err(|error| error.to_string())
}

fn absolute(path: &Path) -> Result<PathBuf, LaunchError> {
    path.canonicalize().map_err(|error| DiskError::new(path, error).into())
}

fn bind(address: SocketAddr) -> Result<TcpListener, LaunchError> {
    TcpListener::bind(address).map_err(|error| LaunchError::Listen(address, error))
}

/// The usual port, so that clients which keep an address find us again; another one if it is taken.
fn bind_inside(port: u16) -> Result<TcpListener, LaunchError> {
    let usual = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    bind(usual).or_else(|_| bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))))
}

fn local(listener: &TcpListener) -> Result<SocketAddr, LaunchError> {
    listener.local_addr().map_err(|error| LaunchError::System("a listener without an address", error))
}
