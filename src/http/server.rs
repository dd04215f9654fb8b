//! Serving HTTP on a listener, with limits on concurrent connections and on the time a client may take to send its request
//! and to read the response. Without them, a few thousand clients that send nothing, send one byte a minute, or never
//! read, would make the server unavailable to others.
//!
//! Connections beyond the limit are not refused: they wait in the listener's queue until others end. Others do end, since
//! idle and unread connections are closed.

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

/// The largest head of a request, in bytes and lines.
const HEAD_BYTES: usize = 64 * 1024;
const HEAD_LINES: usize = 100;
/// The pause after accepting a connection failed, for example because too many files are open.
const AFTER_FAILURE: Duration = Duration::from_millis(500);

/// The limits for connections.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Concurrent connections.
    pub connections: usize,
    /// How long the head of a request may take.
    pub head: Duration,
    /// How long a connection may be idle between requests. Must be longer than the idle timeout of proxies' connection
    /// pools: a proxy gets an error if it sends a request on a connection that is being closed.
    pub keep_alive: Duration,
    /// How long a client may not read a waiting response.
    pub unread: Duration,
}

impl Limits {
    /// Limits with defaults for the other fields.
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
    // Dropping this future drops every connection.
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
            // Errors are caused by the client: it disconnected, was silent, or did not speak HTTP.
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended");
            }
            drop(place);
        });
    }
    drop(listener);
    graceful.shutdown().await;
}

/// Accepts the next connection, once a permit is free.
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
                tracing::error!(%error, "connections can't be accepted");
                tokio::time::sleep(AFTER_FAILURE).await;
            }
        }
    }
}

/// Whether accepting failed only because the client has already disconnected.
fn is_of_one_client(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}
