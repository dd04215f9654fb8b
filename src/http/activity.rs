//! What a connection is doing, and its deadline: the head of a request must arrive soon, but a connection between two
//! requests may stay open, for the connection pools of proxies. hyper has only one timeout for both.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use hyper::body::{Frame, SizeHint};
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// The activity of one connection, shared by its stream and its requests.
#[derive(Debug)]
pub(crate) struct Activity {
    phase: Mutex<Phase>,
    head: Duration,
    keep_alive: Duration,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    /// A head is being received, with this deadline.
    Head(Instant),
    /// A request is being answered.
    Busy,
    /// Between two requests, with this deadline.
    Idle(Instant),
}

impl Activity {
    pub(crate) fn new(head: Duration, keep_alive: Duration) -> Arc<Self> {
        Arc::new(Self { phase: Mutex::new(Phase::Head(Instant::now() + head)), head, keep_alive })
    }

    /// A complete head has arrived.
    pub(crate) fn request_began(&self) {
        *self.phase.lock() = Phase::Busy;
    }

    fn request_ended(&self) {
        *self.phase.lock() = Phase::Idle(Instant::now() + self.keep_alive);
    }

    /// Bytes arrived; between two requests they begin the next head.
    fn received(&self) {
        let mut phase = self.phase.lock();
        if let Phase::Idle(_) = *phase {
            *phase = Phase::Head(Instant::now() + self.head);
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match *self.phase.lock() {
            Phase::Head(until) | Phase::Idle(until) => Some(until),
            Phase::Busy => None,
        }
    }
}

/// A stream that ends when its connection's deadline passes while nothing arrives.
pub(crate) struct TimedStream<S> {
    inner: Pin<Box<S>>,
    activity: Arc<Activity>,
    timer: Pin<Box<Sleep>>,
}

impl<S> TimedStream<S> {
    pub(crate) fn new(inner: S, activity: Arc<Activity>) -> Self {
        let timer = Box::pin(sleep_until(activity.deadline().unwrap_or_else(Instant::now)));
        Self { inner: Box::pin(inner), activity, timer }
    }
}

impl<S: AsyncRead> AsyncRead for TimedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        // The deadline also applies to a client that sends its head byte by byte.
        if let Some(deadline) = self.activity.deadline() {
            if self.timer.deadline() != deadline {
                self.timer.as_mut().reset(deadline);
            }
            if self.timer.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
        }
        ready!(self.inner.as_mut().poll_read(cx, buf))?;
        if buf.filled().len() > before {
            self.activity.received();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite> AsyncWrite for TimedStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.inner.as_mut().poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.inner.as_mut().poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner.as_mut().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.inner.as_mut().poll_shutdown(cx)
    }
}

/// The body of a response. The connection is idle once it was sent or dropped.
pub(crate) struct TimedBody {
    inner: Body,
    activity: Arc<Activity>,
}

impl TimedBody {
    pub(crate) fn new(inner: Body, activity: Arc<Activity>) -> Self {
        Self { inner, activity }
    }
}

impl hyper::body::Body for TimedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.inner).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for TimedBody {
    fn drop(&mut self) {
        self.activity.request_ended();
    }
}
