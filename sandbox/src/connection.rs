//! One TCP connection: bytes in, packets out, until either side has enough.
//!
//! A single task reads, answers and delivers updates, so a client that does not read only stops itself.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::receive::{Fault, Link, Output, PATIENCE};
use crate::server::Server;
use crate::socks;
use crate::transport::{Codec, Packet};

/// A greeting must be complete within this time, and so must a write.
const GREETING: Duration = Duration::from_secs(30);
const WRITE: Duration = Duration::from_secs(60);

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
    let ended = talk(&server, &mut stream, &mut link).await;
    if let Some(session) = link.session {
        server.lock().sessions.detach(&session, id);
    }
    if let Err(error) = ended {
        tracing::debug!(id, %error, "connection closed");
    }
}

async fn talk(server: &Server, stream: &mut TcpStream, link: &mut Link) -> io::Result<()> {
    let Some(mut codec) = greet(stream).await? else {
        return Ok(());
    };
    link.dc = codec.dc.and_then(|dc| dc.checked_abs()).map(|dc| i32::from(dc) % 10_000).filter(|dc| *dc > 0);
    let bell = Arc::clone(&link.bell);
    let mut buffer = vec![0; 16 * 1024];
    let mut heard = Instant::now();
    loop {
        while let Some(packet) = codec.next_packet().map_err(invalid)? {
            heard = Instant::now();
            answer(server, stream, &mut codec, link, &packet).await?;
        }
        tokio::select! {
            read = stream.read(&mut buffer) => match read? {
                0 => return Ok(()),
                count => codec.feed(buffer.get(..count).unwrap_or_default()),
            },
            () = bell.notified() => {
                let (out, changes) = server.ring(link);
                server.saved(changes).await;
                write(stream, &mut codec, out).await?;
            }
            () = tokio::time::sleep_until(heard + link.patience.min(PATIENCE)) => return Ok(()),
        }
    }
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

async fn answer(
    server: &Server,
    stream: &mut TcpStream,
    codec: &mut Codec,
    link: &mut Link,
    packet: &Packet,
) -> io::Result<()> {
    let before = link.session;
    let result = server.receive(link, &packet.data, packet.quick_ack);
    if let Some(before) = before
        && Some(before) != link.session
    {
        server.lock().sessions.detach(&before, link.id);
    }
    match result {
        Ok((out, changes)) => {
            server.saved(changes).await;
            write(stream, codec, out).await
        }
        Err(Fault::Code(code)) => {
            write(stream, codec, vec![Output::Packet(code.to_le_bytes().to_vec())]).await?;
            Err(invalid(format!("refused with {code}")))
        }
        Err(Fault::Malformed) => Err(invalid("a malformed packet")),
    }
}

async fn write(stream: &mut TcpStream, codec: &mut Codec, out: Vec<Output>) -> io::Result<()> {
    let mut bytes = Vec::new();
    for output in out {
        match output {
            Output::Packet(packet) => bytes.extend(codec.encode(&packet)),
            Output::QuickAck(hash) => bytes.extend(codec.encode_quick_ack(&hash).unwrap_or_default()),
        }
    }
    if bytes.is_empty() {
        return Ok(());
    }
    timeout(WRITE, stream.write_all(&bytes)).await.map_err(|_| invalid("the client does not read"))?
}
