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

use super::raw::{self, HeadScanner};

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

/// What received bytes belong to.
enum Received {
    NextHead,
    Head,
    /// A body, or what was sent before the response.
    Rest,
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

    /// Bytes arrived: between two requests they begin the next head. Says what they belong to.
    fn received(&self) -> Received {
        let mut phase = self.phase.lock();
        match *phase {
            Phase::Idle(_) => {
                *phase = Phase::Head(Instant::now() + self.head);
                Received::NextHead
            }
            Phase::Head(_) => Received::Head,
            Phase::Busy => Received::Rest,
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
    scanner: HeadScanner,
    /// A response that is sent in place of hyper's own, and how much of it was sent.
    replaced: Option<(Vec<u8>, usize)>,
}

impl<S> TimedStream<S> {
    pub(crate) fn new(inner: S, activity: Arc<Activity>) -> Self {
        let timer = Box::pin(sleep_until(activity.deadline().unwrap_or_else(Instant::now)));
        Self { inner: Box::pin(inner), activity, timer, scanner: HeadScanner::default(), replaced: None }
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
            match self.activity.received() {
                Received::NextHead => self.scanner = HeadScanner::default(),
                Received::Head => {}
                Received::Rest => return Poll::Ready(Ok(())),
            }
            let (_, arrived) = buf.filled_mut().split_at_mut(before);
            self.scanner.scan(arrived);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite> TimedStream<S> {
    /// Sends a replacement if these bytes are a response that no handler made; None if they are to be sent unchanged.
    fn poll_replaced(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Option<Poll<io::Result<usize>>> {
        if self.replaced.is_none() {
            self.replaced = raw::instead_of(bytes).map(|answer| (answer, 0));
        }
        let (answer, sent) = self.replaced.as_mut()?;
        while let Some(rest) = answer.get(*sent..).filter(|rest| !rest.is_empty()) {
            match self.inner.as_mut().poll_write(cx, rest) {
                Poll::Ready(Ok(0)) => return Some(Poll::Ready(Err(io::ErrorKind::WriteZero.into()))),
                Poll::Ready(Ok(more)) => *sent += more,
                Poll::Ready(Err(error)) => return Some(Poll::Ready(Err(error))),
                Poll::Pending => return Some(Poll::Pending),
            }
        }
        self.replaced = None;
        Some(Poll::Ready(Ok(bytes.len())))
    }
}

impl<S: AsyncWrite> AsyncWrite for TimedStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.poll_replaced(cx, buf) {
            Some(sent) => sent,
            None => self.inner.as_mut().poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [only] = bufs
            && let Some(sent) = self.poll_replaced(cx, only)
        {
            return sent;
        }
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
