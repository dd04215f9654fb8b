//! Serving HTTP on a listener, within limits: so many connections at once, and so much time for a client to send its request
//! and to read the answer. Without them, a few thousand clients that send nothing, one byte a minute, or never read, would
//! lock all others out.
//!
//! Beyond the bound no connection is refused: it waits in the listener's queue until another one ends, and connections end,
//! since idle and unread ones are closed.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::activity::{Activity, TimedBody, TimedStream};
use super::listeners::Accepting;
use axum::Router;
use axum::extract::{ConnectInfo, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_io_timeout::TimeoutStream;

/// Bytes and lines of a request's head.
const HEAD_BYTES: usize = 64 * 1024;
const HEAD_LINES: usize = 100;
/// The pause after the system refused to accept a connection, for instance because too many files are open.
const AFTER_FAILURE: Duration = Duration::from_millis(500);

/// What connections may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at once.
    pub connections: usize,
    /// How long the head of a request may take.
    pub head: Duration,
    /// How long a connection may wait for its next request. Longer than the pools of the proxies in front: a proxy that
    /// sends a request into a connection which is being closed gets an error.
    pub keep_alive: Duration,
    /// How long a client may take none of an answer that waits for it.
    pub unread: Duration,
}

impl Limits {
    /// So many connections, which may wait that long for their next request.
    pub const fn new(connections: usize, keep_alive: Duration) -> Self {
        Self { connections, head: Duration::from_secs(30), keep_alive, unread: Duration::from_secs(60) }
    }
}

/// Serves until `stop` resolves and the open requests are answered.
pub async fn serve(
    listener: impl Into<Accepting>,
    router: Router,
    limits: Limits,
    stop: impl Future<Output = ()>,
) {
    let listener = listener.into();
    let places = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    // Dropped with this future, and every connection with it.
    let mut open = JoinSet::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        while open.try_join_next().is_some() {}
        let accepted = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            () = &mut stop => break,
        };
        let Some((stream, peer, place)) = accepted else { break };
        let _ = stream.set_nodelay(true);
        let activity = Activity::new(limits.head, limits.keep_alive);
        let pages = TowerToHyperService::new(router.clone());
        let requests = Arc::clone(&activity);
        let service = service_fn(move |mut request: Request<Incoming>| {
            requests.request_began();
            request.extensions_mut().insert(ConnectInfo(peer));
            let answer = pages.call(request);
            let activity = Arc::clone(&requests);
            async move { answer.await.map(|answer| answer.map(|body| TimedBody::new(body, activity))) }
        });
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(limits.unread));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(None)
            .max_buf_size(HEAD_BYTES)
            .max_headers(HEAD_LINES)
            .serve_connection(TokioIo::new(TimedStream::new(stream, activity)), service);
        let connection = graceful.watch(connection);
        open.spawn(async move {
            // What ends it otherwise is the client's matter: it went away, was silent, or spoke no HTTP.
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended");
            }
            drop(place);
        });
    }
    drop(listener);
    graceful.shutdown().await;
}

/// The next connection, once there is a place for it.
async fn accept(
    listener: &Accepting,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, std::net::SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return Some((stream, peer, place)),
            Err(error) if is_of_one_client(&error) => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be accepted");
                tokio::time::sleep(AFTER_FAILURE).await;
            }
        }
    }
}

/// Whether a failed accept says only that this client has gone already.
fn is_of_one_client(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}
