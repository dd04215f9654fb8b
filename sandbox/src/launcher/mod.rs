//! `telescope-sandbox run -- COMMAND`: any TDLib program behind a Telegram of one's own, and off the network.
//!
//! The order matters. The pages are bound while the network is still there, so that a browser reaches them;
//! then the process leaves the network, before it has a second thread; then come the inner ports, the
//! server and the command. All of them inherit the empty network.

pub mod namespace;
pub mod patch;
pub mod supervise;

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;

use supervise::Surroundings;

/// The inner ports: fixed, because an empty namespace has no other users, and TDLib remembers its proxy.
const SOCKS_PORT: u16 = 1080;
const MTPROTO_PORT: u16 = 1443;

/// How to run a command in the sandbox.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// Where the sandbox keeps its world.
    pub data: PathBuf,
    /// Where the command's page listens.
    pub listen: SocketAddr,
    /// Where the phones' page listens.
    pub phones: SocketAddr,
    /// The stock TDLib.
    pub library: PathBuf,
    /// Go on where the kernel does not let us leave the network.
    pub with_network: bool,
    /// The command and its arguments.
    pub command: Vec<String>,
}

/// Runs a command in the sandbox. `public_pem` gives the server's public key; it may make the key first,
/// but may start no thread. The error is a sentence for the terminal.
pub fn run(options: &RunOptions, public_pem: impl FnOnce() -> Result<String, String>) -> Result<ExitCode, String> {
    let page = bind("--listen", options.listen)?;
    let phones = bind("--phones", options.phones)?;
    let isolated = match namespace::leave_network() {
        Ok(()) => true,
        Err(error) if options.with_network => {
            eprintln!("sandbox: the network stays ({error}); TDLib may try public hosts");
            false
        }
        Err(error) => {
            return Err(format!(
                "This system does not let a program leave the network ({error}). TDLib could then reach \
                 public hosts. Run as root, allow user namespaces, or add --with-network."
            ));
        }
    };
    let inner = |port: u16| bind("an inner port", SocketAddr::from(([127, 0, 0, 1], if isolated { port } else { 0 })));
    let (socks, mtproto) = (inner(SOCKS_PORT)?, inner(MTPROTO_PORT)?);
    let pem = public_pem()?;
    let library = options.data.join("libtdjson-patched.so");
    let public_key = options.data.join("public.pem");
    patch::patched_copy(&options.library, &pem, &library).map_err(|error| {
        format!("{}: {error}. `make natives` fetches TDLib.", options.library.display())
    })?;
    std::fs::write(&public_key, &pem).map_err(|error| format!("{}: {error}", public_key.display()))?;
    let surroundings =
        Surroundings { data: options.data.clone(), library, public_key, page, phones, socks, mtproto };
    tokio::runtime::Runtime::new()
        .and_then(|runtime| runtime.block_on(supervise::run(&surroundings, &options.command)))
        .map_err(|error| error.to_string())
}

fn bind(what: &str, address: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(address).map_err(|error| format!("{what}: can't listen on {address}: {error}"))
}
