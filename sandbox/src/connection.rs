//! One TCP connection: bytes in, packets out, until either side has enough.
//!
//! A single task reads, answers and delivers updates, so a client that does not read only stops itself. Faults
//! that were ordered for the connection happen here too.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::crypto::random;
use crate::network::Breakage;
use crate::receive::{Fault, Link, Output, PATIENCE};
use crate::server::Server;
use crate::socks;
use crate::transport::{Codec, Packet};

/// A greeting must be complete within this time, and so must a write.
const GREETING: Duration = Duration::from_secs(30);
const WRITE: Duration = Duration::from_secs(60);
/// Bytes that wait for the end of a silence; whoever makes more of them is left.
const MAX_HELD: usize = 8 * 1024 * 1024;

/// What a client is told when its key is not known, or not any more.
const UNKNOWN_KEY: i32 = -404;

/// What the client speaks before MTProto.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Front {
    /// SOCKS5.
    Socks,
    /// Nothing.
    Direct,
}

/// Serves a connection until it ends.
pub(crate) async fn serve(server: Arc<Server>, mut stream: TcpStream, front: Front, id: u64) {
    let _ = stream.set_nodelay(true);
    if front == Front::Socks {
        match timeout(GREETING, socks::accept(&mut stream)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return tracing::debug!(id, %error, "no SOCKS client"),
            Err(_) => return,
        }
    }
    let mut link = Link::new(id);
    server.network.join(id, &link.bell);
    let ended = talk(&server, &mut stream, &mut link).await;
    server.network.leave(id);
    if let Some(session) = link.session {
        server.lock().sessions.detach(&session, id);
    }
    if let Err(error) = ended {
        tracing::debug!(id, %error, "connection closed");
    }
}

async fn talk(server: &Server, stream: &mut TcpStream, link: &mut Link) -> io::Result<()> {
    let Some(codec) = greet(stream).await? else {
        return Ok(());
    };
    link.dc = codec.dc.and_then(|dc| dc.checked_abs()).map(|dc| i32::from(dc) % 10_000).filter(|dc| *dc > 0);
    Talk { server, stream, codec, link, held: Vec::new(), held_bytes: 0 }.go_on().await
}

/// Reads until the transport is known.
async fn greet(stream: &mut TcpStream) -> io::Result<Option<Codec>> {
    let mut start = Vec::with_capacity(64);
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(codec) = Codec::detect(&start).map_err(invalid)? {
            return Ok(Some(codec));
        }
        let mut buffer = [0; 512];
        let read = tokio::time::timeout_at(deadline, stream.read(&mut buffer)).await;
        match read.map_err(|_| invalid("nothing was said"))?? {
            0 => return Ok(None),
            count => start.extend_from_slice(buffer.get(..count).unwrap_or_default()),
        }
    }
}

fn invalid(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// Ends after this time; never without one.
async fn sleep_for(time: Option<Duration>) {
    match time {
        Some(time) => tokio::time::sleep(time).await,
        None => std::future::pending().await,
    }
}

/// A connection whose transport is known.
struct Talk<'a> {
    server: &'a Server,
    stream: &'a mut TcpStream,
    codec: Codec,
    link: &'a mut Link,
    /// What is to be said when the silence ends, framed already.
    held: Vec<Vec<u8>>,
    held_bytes: usize,
}

impl Talk<'_> {
    async fn go_on(&mut self) -> io::Result<()> {
        let bell = Arc::clone(&self.link.bell);
        let mut buffer = vec![0; 16 * 1024];
        let mut heard = Instant::now();
        loop {
            while let Some(packet) = self.codec.next_packet().map_err(invalid)? {
                heard = Instant::now();
                self.answer(&packet).await?;
            }
            let silent = self.silent_until();
            let key_expires = sleep_for(self.server.key_life(self.link));
            let silence_ends = sleep_for(silent.map(|until| until.saturating_duration_since(Instant::now())));
            tokio::select! {
                read = self.stream.read(&mut buffer) => match read? {
                    0 => return Ok(()),
                    count => self.codec.feed(buffer.get(..count).unwrap_or_default()),
                },
                () = bell.notified() => match self.server.network.take_order(self.link.id) {
                    Some(breakage) => self.break_now(breakage).await?,
                    None => self.deliver().await?,
                },
                () = silence_ends => self.deliver().await?,
                () = key_expires => return self.refuse(UNKNOWN_KEY).await,
                () = tokio::time::sleep_until(heard + self.link.patience.min(PATIENCE)) => return Ok(()),
            }
        }
    }

    fn silent_until(&self) -> Option<Instant> {
        self.server.network.silent_until(Instant::now(), || self.server.number_of(self.link))
    }

    /// Says what the session has to send, unless nothing may be said.
    async fn deliver(&mut self) -> io::Result<()> {
        if self.silent_until().is_some() {
            return Ok(());
        }
        let (out, changes) = self.server.ring(self.link);
        self.say(out, changes).await
    }

    async fn answer(&mut self, packet: &Packet) -> io::Result<()> {
        let before = self.link.session;
        let result = self.server.receive(self.link, &packet.data, packet.quick_ack);
        if let Some(before) = before
            && Some(before) != self.link.session
        {
            self.server.lock().sessions.detach(&before, self.link.id);
        }
        match result {
            Ok((out, changes)) => self.say(out, changes).await,
            Err(Fault::Code(code)) => self.refuse(code).await,
            Err(Fault::Malformed) => Err(invalid("a malformed packet")),
        }
    }

    /// Says a number that every transport has for it, and ends.
    async fn refuse(&mut self, code: i32) -> io::Result<()> {
        self.say(vec![Output::Packet(code.to_le_bytes().to_vec())], 0).await?;
        Err(invalid(format!("refused with {code}")))
    }

    /// Writes what is to be said once the changes are safe; in a silence it is kept for later.
    async fn say(&mut self, out: Vec<Output>, changes: u64) -> io::Result<()> {
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
            let little = self.held_bytes <= MAX_HELD;
            return if little { Ok(()) } else { Err(invalid("too much to say after the silence")) };
        }
        self.held_bytes = 0;
        let bytes = std::mem::take(&mut self.held).concat();
        self.write(&bytes).await
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let written = timeout(WRITE, self.stream.write_all(bytes)).await;
        written.map_err(|_| invalid("the client does not read"))?
    }

    /// Does to the connection what was ordered. Only garbage leaves it open: the client has to judge it.
    async fn break_now(&mut self, breakage: Breakage) -> io::Result<()> {
        match breakage {
            Breakage::Drop => return Err(invalid("closed on order")),
            Breakage::UnknownKey => return self.refuse(UNKNOWN_KEY).await,
            Breakage::Garbage | Breakage::Truncate => {}
        }
        // The frames are one stream: those that wait for the end of a silence come before this one.
        let mut bytes = std::mem::take(&mut self.held).concat();
        self.held_bytes = 0;
        bytes.extend(self.codec.encode(&random::<256>()));
        if breakage == Breakage::Garbage {
            return self.write(&bytes).await;
        }
        bytes.truncate(bytes.len() - 128);
        self.write(&bytes).await?;
        Err(invalid("broken on order"))
    }
}
