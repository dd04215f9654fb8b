//! One TCP connection: bytes in, packets out, until either side closes it.
//!
//! A single task reads, answers and delivers updates, so a client that does not read holds up only itself. Faults that
//! were injected for the connection happen here too.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::Server;
use super::connection::{Connection, ConnectionError, MAX_IDLE, Output, UNKNOWN_KEY};
use crate::crypto::random;
use crate::network::ConnectionFault;
use crate::transport::socks;
use crate::transport::{Codec, Packet};

/// The time limit for the SOCKS5 exchange.
const SOCKS_TIMEOUT: Duration = Duration::from_secs(30);
const WRITE_TIMEOUT: Duration = Duration::from_secs(60);
/// Bytes that may wait for the end of a silence. A connection with more of them is closed.
const MAX_HELD: usize = 8 * 1024 * 1024;

/// What a listener speaks before MTProto.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listener {
    Socks,
    Direct,
}

/// Serves a connection until it ends.
pub(crate) async fn serve(server: Arc<Server>, mut stream: TcpStream, listener: Listener, id: u64) {
    let _ = stream.set_nodelay(true);
    if listener == Listener::Socks {
        match timeout(SOCKS_TIMEOUT, socks::accept(&mut stream)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return tracing::debug!(id, %error, "SOCKS5 exchange failed"),
            Err(_) => return,
        }
    }
    let mut connection = Connection::new(id);
    server.network.register(id, &connection.notify);
    let ended = run(&server, &mut stream, &mut connection).await;
    server.network.unregister(id);
    if let Some(session) = connection.session {
        server.lock().sessions.detach(&session, id);
    }
    if let Err(error) = ended {
        tracing::debug!(id, %error, "connection closed");
    }
}

async fn run(server: &Server, stream: &mut TcpStream, connection: &mut Connection) -> io::Result<()> {
    let Some(codec) = detect_transport(stream).await? else {
        return Ok(());
    };
    let dc = codec.dc.and_then(|dc| dc.checked_abs()).map(|dc| i32::from(dc) % 10_000);
    connection.dc = dc.filter(|dc| *dc > 0);
    Exchange { server, stream, codec, connection, held: Vec::new(), held_bytes: 0 }.run().await
}

/// Reads until the transport is known.
async fn detect_transport(stream: &mut TcpStream) -> io::Result<Option<Codec>> {
    let mut start = Vec::with_capacity(64);
    let deadline = Instant::now() + MAX_IDLE;
    loop {
        if let Some(codec) = Codec::detect(&start).map_err(invalid)? {
            return Ok(Some(codec));
        }
        let mut buffer = [0; 512];
        let read = tokio::time::timeout_at(deadline, stream.read(&mut buffer)).await;
        match read.map_err(|_| invalid("no transport header"))?? {
            0 => return Ok(None),
            count => start.extend_from_slice(buffer.get(..count).unwrap_or_default()),
        }
    }
}

fn invalid(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// Sleeps for this time; for ever without one.
async fn sleep_for(time: Option<Duration>) {
    match time {
        Some(time) => tokio::time::sleep(time).await,
        None => std::future::pending().await,
    }
}

/// A connection whose transport is known.
struct Exchange<'a> {
    server: &'a Server,
    stream: &'a mut TcpStream,
    codec: Codec,
    connection: &'a mut Connection,
    /// Framed output that is held back until the silence ends.
    held: Vec<Vec<u8>>,
    held_bytes: usize,
}

impl Exchange<'_> {
    async fn run(&mut self) -> io::Result<()> {
        let notify = Arc::clone(&self.connection.notify);
        let mut buffer = vec![0; 16 * 1024];
        let mut last_packet = Instant::now();
        loop {
            while let Some(packet) = self.codec.next_packet().map_err(invalid)? {
                last_packet = Instant::now();
                self.handle_packet(&packet).await?;
            }
            let silent = self.silent_until();
            let key_expires = sleep_for(self.server.key_lifetime(self.connection));
            let silence_ends = sleep_for(silent.map(|until| until.saturating_duration_since(Instant::now())));
            let idle_limit = last_packet + self.connection.idle_timeout.min(MAX_IDLE);
            tokio::select! {
                read = self.stream.read(&mut buffer) => match read? {
                    0 => return Ok(()),
                    count => self.codec.feed(buffer.get(..count).unwrap_or_default()),
                },
                () = notify.notified() => match self.server.network.take_fault(self.connection.id) {
                    Some(fault) => self.apply_fault(fault).await?,
                    None => self.deliver().await?,
                },
                () = silence_ends => self.deliver().await?,
                () = key_expires => return self.refuse(UNKNOWN_KEY).await,
                () = tokio::time::sleep_until(idle_limit) => return Ok(()),
            }
        }
    }

    fn silent_until(&self) -> Option<Instant> {
        self.server.network.silent_until(Instant::now(), || self.server.number_of(self.connection))
    }

    /// Sends what the session has queued, unless a silence holds it back.
    async fn deliver(&mut self) -> io::Result<()> {
        if self.silent_until().is_some() {
            return Ok(());
        }
        let (out, changes) = self.server.pending_output(self.connection);
        self.send(out, changes).await
    }

    async fn handle_packet(&mut self, packet: &Packet) -> io::Result<()> {
        let before = self.connection.session;
        let result = self.server.receive(self.connection, &packet.data, packet.quick_ack);
        if let Some(before) = before
            && Some(before) != self.connection.session
        {
            self.server.lock().sessions.detach(&before, self.connection.id);
        }
        match result {
            Ok((out, changes)) => self.send(out, changes).await,
            Err(ConnectionError::Transport(code)) => self.refuse(code).await,
            Err(ConnectionError::Malformed) => Err(invalid("malformed packet")),
        }
    }

    /// Sends a transport error and closes the connection.
    async fn refuse(&mut self, code: i32) -> io::Result<()> {
        self.send(vec![Output::Packet(code.to_le_bytes().to_vec())], 0).await?;
        Err(invalid(format!("transport error {code}")))
    }

    /// Writes output once the changes are saved, or holds it back while there is a silence.
    async fn send(&mut self, out: Vec<Output>, changes: u64) -> io::Result<()> {
        self.server.saved(changes).await;
        for output in out {
            let bytes = match output {
                Output::Packet(packet) => self.codec.encode(&packet),
                Output::QuickAck(hash) => self.codec.encode_quick_ack(&hash).unwrap_or_default(),
            };
            self.held_bytes += bytes.len();
            self.held.push(bytes);
        }
        if self.silent_until().is_some() {
            let fits = self.held_bytes <= MAX_HELD;
            return if fits { Ok(()) } else { Err(invalid("too much output held back by a silence")) };
        }
        let bytes = self.take_held();
        self.write(&bytes).await
    }

    fn take_held(&mut self) -> Vec<u8> {
        self.held_bytes = 0;
        std::mem::take(&mut self.held).concat()
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let written = timeout(WRITE_TIMEOUT, self.stream.write_all(bytes)).await;
        written.map_err(|_| invalid("the client does not read"))?
    }

    /// Does to the connection what was injected. Only garbage leaves it open: the client has to judge it.
    async fn apply_fault(&mut self, fault: ConnectionFault) -> io::Result<()> {
        match fault {
            ConnectionFault::Drop => return Err(invalid("closed by an injected fault")),
            ConnectionFault::UnknownKey => return self.refuse(UNKNOWN_KEY).await,
            ConnectionFault::Garbage | ConnectionFault::Truncate => {}
        }
        // Frames are one stream: those that were held back come before this one.
        let mut bytes = self.take_held();
        bytes.extend(self.codec.encode(&random::<256>()));
        if fault == ConnectionFault::Garbage {
            return self.write(&bytes).await;
        }
        bytes.truncate(bytes.len() - 128);
        self.write(&bytes).await?;
        Err(invalid("truncated by an injected fault"))
    }
}
