//! The library's front: start a Telegram, make phones, override answers.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use tokio::task::JoinSet;

use crate::connection::{self, Front};
use crate::disk::{self, StateFile};
use crate::handle::Handle;
use crate::phones;
use crate::rsa::RsaKey;
use crate::salts;
use crate::server::Server;
use crate::world::{Number, World};

/// Connections that are open at the same time; more are closed at once.
const MAX_CONNECTIONS: usize = 8192;

/// How a server is started. `Options::default()` keeps everything in memory and takes free ports of loopback.
#[derive(Debug, Default)]
pub struct Options {
    /// The directory for the RSA key and the state. `None`: nothing is kept.
    pub data: Option<PathBuf>,
    /// Where SOCKS5 is spoken.
    pub socks: Option<TcpListener>,
    /// Where MTProto is spoken directly.
    pub mtproto: Option<TcpListener>,
    /// Where the page with the pretend phones is. `None`: nowhere.
    pub phones: Option<TcpListener>,
    /// Seconds for which a salt is the current one; half an hour if nothing is said.
    pub salt_period: Option<i64>,
    /// The longest that a temporary key may live, in seconds; as long as its client likes if nothing is said.
    pub temporary_keys: Option<i32>,
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory cannot be used.
    #[error(transparent)]
    Disk(#[from] disk::DiskError),
    /// No RSA key.
    #[error(transparent)]
    Key(#[from] crate::rsa::NoKey),
    /// A listener cannot be used.
    #[error("the sandbox cannot listen: {0}")]
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
    _tasks: JoinSet<()>,
}

impl std::ops::Deref for Sandbox {
    type Target = Handle;

    fn deref(&self) -> &Handle {
        &self.handle
    }
}

fn listen(listener: Option<TcpListener>) -> io::Result<tokio::net::TcpListener> {
    let listener = match listener {
        Some(listener) => listener,
        None => TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?,
    };
    listener.set_nonblocking(true)?;
    tokio::net::TcpListener::from_std(listener)
}

/// The key of servers that keep nothing. Making one takes a second, so those of one process share it.
fn passing_key() -> Result<RsaKey, crate::rsa::NoKey> {
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
    /// Starts a server inside the present tokio runtime.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let (socks, mtproto) = (listen(options.socks)?, listen(options.mtproto)?);
        let (socks_address, mtproto_address) = (socks.local_addr()?, mtproto.local_addr()?);
        let (rsa, world, file) = match options.data {
            None => (passing_key()?, World::default(), None),
            Some(directory) => {
                let rsa = disk::rsa_key(&directory)?;
                let file = StateFile::open(&directory)?;
                (rsa, file.read()?, Some(file))
            }
        };
        let period = options.salt_period.unwrap_or(salts::PERIOD);
        let mut server = Server::new(rsa, world, Some(mtproto_address), period, file.is_some());
        server.temporary_keys = options.temporary_keys;
        let server = Arc::new(server);
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(Arc::clone(&server), socks, Front::Socks));
        tasks.spawn(accept(Arc::clone(&server), mtproto, Front::Direct));
        if let Some(file) = file.clone() {
            tasks.spawn(disk::keep(Arc::clone(&server), file));
        }
        let handle = Handle { server };
        let phones = options.phones.map(|listener| listen(Some(listener))).transpose()?;
        let phones_address = phones.as_ref().map(tokio::net::TcpListener::local_addr).transpose()?;
        if let Some(listener) = phones {
            tasks.spawn(phones::serve(handle.clone(), listener));
        }
        Ok(Self {
            handle,
            phones: phones_address,
            file,
            socks: socks_address,
            mtproto: mtproto_address,
            _tasks: tasks,
        })
    }

    /// Where a client with a SOCKS5 proxy connects to.
    pub fn socks_address(&self) -> SocketAddr {
        self.socks
    }

    /// Where a client without a proxy connects to.
    pub fn mtproto_address(&self) -> SocketAddr {
        self.mtproto
    }

    /// Where the page with the pretend phones is.
    pub fn phones_address(&self) -> Option<SocketAddr> {
        self.phones
    }

    /// Stops the server and writes what need not be on the disk at every moment, such as the counters.
    pub fn stop(self) -> Result<(), StartError> {
        if let Some(file) = &self.file {
            disk::write(&self.handle.server, file)?;
        }
        Ok(())
    }

    /// A handle for other tasks.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }
}

async fn accept(server: Arc<Server>, listener: tokio::net::TcpListener, front: Front) {
    let mut connections = JoinSet::new();
    let mut count = u64::from(front == Front::Direct);
    loop {
        tokio::select! {
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok(_) if server.network.down_for(tokio::time::Instant::now()).is_some() => {}
                Ok((stream, _)) if connections.len() < MAX_CONNECTIONS => {
                    count += 2;
                    connections.spawn(connection::serve(Arc::clone(&server), stream, front, count));
                }
                Ok(_) => {}
                // Out of descriptors: those that are open go on, and give theirs back in time.
                Err(_) => tokio::time::sleep(std::time::Duration::from_millis(100)).await,
            }
        }
    }
}

/// Not a phone number that this Telegram takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a phone number is 5 to 15 digits, and a test number is 99966XYYYY with X from 1 to 5")]
pub struct NotANumber;

/// A phone number from its digits; spaces, dashes, brackets and a plus do not matter.
pub fn number(text: &str) -> Result<Number, NotANumber> {
    Number::parse(text).ok_or(NotANumber)
}
