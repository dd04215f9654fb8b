//! The library's front: start a Telegram, make phones, override answers.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock, PoisonError};

use grammers_tl_types::{Deserializable, Identifiable, RemoteCall, Serializable};
use tokio::task::JoinSet;

use crate::connection::{self, Front};
use crate::disk::{self, StateFile};
use crate::error::RpcError;
use crate::phones;
use crate::rpc;
use crate::rsa::RsaKey;
use crate::salts;
use crate::server::{Answer, Refusal, Server, Session};
use crate::srp::Password;
use crate::world::{Account, Counters, Message, Number, World};

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

/// A handle to a running server: cheap to clone, and all that is needed to act on it.
#[derive(Clone)]
pub struct Handle {
    pub(crate) server: Arc<Server>,
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Handle({:?})", self.server.rsa)
    }
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
        let server = Arc::new(Server::new(rsa, world, Some(mtproto_address), period, file.is_some()));
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

impl Handle {
    /// The public key as PKCS#1 PEM, for clients to trust.
    pub fn public_key_pem(&self) -> String {
        self.server.rsa.public_pem()
    }

    /// The number by which clients know the public key.
    pub fn key_fingerprint(&self) -> i64 {
        self.server.rsa.fingerprint()
    }

    /// Makes a phone with an account, if there is none of this number yet.
    pub async fn add_phone(&self, number: &Number) {
        self.server.act(|world, _| world.phone(number).is_some()).await;
    }

    /// Gives the person another first name. Clients that are connected hear of it at once.
    pub async fn set_first_name(&self, number: &Number, name: &str) {
        self.server.act(|world, _| world.set_first_name(number, name)).await;
    }

    /// Sets a two-step password.
    pub async fn set_password(&self, number: &Number, password: &str, hint: &str) {
        let password = Password::new(password, hint);
        self.server.act(|world, _| world.set_password(number, Some(password))).await;
    }

    /// Removes the two-step password.
    pub async fn remove_password(&self, number: &Number) {
        self.server.act(|world, _| world.set_password(number, None)).await;
    }

    /// Pretends that the account is signed in on another phone, so that codes come as messages from Telegram.
    pub async fn sign_in_elsewhere(&self, number: &Number) {
        self.server.act(|world, now| world.sign_in_elsewhere(number, now)).await;
    }

    /// Sends a message from Telegram to all sessions of the number, and keeps it in the chat's history.
    pub async fn push_message(&self, number: &Number, text: &str) -> Option<Message> {
        self.server.act(|world, now| world.post(number, text, now)).await
    }

    /// Ends one session by its hash.
    pub async fn end_session(&self, hash: i64) -> bool {
        self.server.act(|world, _| world.end_device(hash, "SESSION_REVOKED")).await
    }

    /// Ends all sessions of the number. Connected clients are made to notice.
    pub async fn revoke(&self, number: &Number) {
        self.server.act(|world, _| world.end_all(number, "SESSION_REVOKED")).await;
    }

    /// Says whether the number has an account, has none yet, or is banned.
    pub async fn set_account(&self, number: &Number, account: Account) {
        self.server.act(|world, _| world.set_account(number, account)).await;
    }

    /// How often each method was called.
    pub fn requests(&self) -> Counters {
        self.server.lock().world.counters.clone()
    }

    /// Lets the next so many calls of a method fail; with a number, only its calls.
    pub fn refuse(&self, method: &str, number: Option<&Number>, error: RpcError, times: u32) {
        self.server.order(Refusal { method: method.to_owned(), number: number.cloned(), error, times });
    }

    /// Looks at the whole state.
    pub fn look<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&self.server.lock().world)
    }

    /// Puts another answer in the place of a method's usual one. The last override of a method counts.
    pub fn on<F>(&self, decide: impl Fn(&Session, F) -> Answer<F::Return> + Send + Sync + 'static)
    where
        F: RemoteCall<Return: Serializable> + Deserializable + Identifiable,
    {
        let decide = move |session: &Session, body: &[u8]| match rpc::parse::<F>(body) {
            Err(error) => Answer::Refuse(error),
            Ok(request) => match decide(session, request) {
                Answer::Give(answer) => Answer::Give(answer.to_bytes()),
                Answer::Refuse(error) => Answer::Refuse(error),
                Answer::Usual => Answer::Usual,
                Answer::Never => Answer::Never,
            },
        };
        let mut overrides = self.server.overrides.write().unwrap_or_else(PoisonError::into_inner);
        overrides.insert(F::CONSTRUCTOR_ID, Arc::new(decide));
    }
}
