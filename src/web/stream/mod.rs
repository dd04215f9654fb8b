//! Live updates of open pages: server-sent events with HTML that htmx applies.
//!
//! A stream remembers what it sent. Changes are collected for a moment, permissions are checked for every message, and a
//! slow stream gets the newest state: it always sends the current state, never a backlog. So a
//! browser that reconnects needs only the current state, too.
//!
//! A stream never redirects: a browser would reconnect for ever. A page whose session has ended gets one event about it.

mod driver;
pub mod limit;
pub(crate) mod message;
pub mod position;
pub mod viewer;

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, header};
use axum::response::{Html, IntoResponse, Response};
use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;

use crate::domain::access::Principal;
use crate::live::events::Change;
use crate::web::auth::invite_browser::Caller;
use crate::web::auth::session::RequestSession;
use crate::web::error::AppError;
use crate::web::state::AppState;
use message::Message;
pub use position::Position;
pub(crate) use position::Shown;
pub use viewer::Viewer;

/// What a stream shows. The page itself keeps what it has sent.
pub(crate) trait LivePage: Send + 'static {
    /// Whether it includes the notices and the number of pending requests, which every page has.
    const HAS_FRAME: bool = true;

    /// Whether an event may change what is shown. Changes of permissions always may, so they are not passed.
    fn concerns(&self, change: Change) -> bool;

    /// What has to be sent so that the browser shows the current state, as far as the principal may see it.
    fn render(&mut self, state: &AppState, principal: &Principal) -> impl Future<Output = Update> + Send;

    /// When it is rendered again if nothing changes.
    fn deadline(&self) -> Option<Instant> {
        None
    }
}

/// What a page has to send.
#[derive(Debug)]
pub(crate) enum Update {
    /// The browser shows the current state.
    Nothing,
    Message(Message),
    /// Events that belong to no state of the page.
    Event(Bytes),
    /// The last events: the stream ends after them.
    Last(Vec<Bytes>),
}

impl Update {
    /// An update of a page that is one piece of HTML; nothing if it is shown already.
    pub(crate) fn replace(
        state: &AppState,
        shown: &mut Shown,
        html: &str,
        message: impl FnOnce(&str) -> String,
    ) -> Self {
        match shown.replace(html) {
            Some(position) => Self::Message(Message::new(&position::id(state, position), &message(html))),
            None => Self::Nothing,
        }
    }
}

/// Opens a stream of this page. A refusal by `open` is answered before the stream begins.
pub(crate) async fn open<P: LivePage>(
    state: AppState,
    caller: RequestSession,
    page: impl FnOnce(&Principal) -> Result<P, AppError>,
) -> Response {
    let (sender, events) = mpsc::channel(2);
    match Viewer::of(&state, &caller).await {
        Ok(None) => {
            let _ = sender.try_send(signed_out());
        }
        Ok(Some(viewer)) => match page(&viewer.principal) {
            Ok(page) => drop(tokio::spawn(driver::follow(state, viewer, sender, page))),
            Err(error) => return without_page(error),
        },
        // The page has an element for this message.
        Err(AppError::Bad(status, words)) => return (status, Html(words)).into_response(),
        Err(error) => return without_page(error),
    }
    answer(events)
}

/// A stream of this page for a browser that has begun with an invite.
pub(crate) async fn stream_of_invite(state: AppState, caller: Caller, page: impl LivePage) -> Response {
    let (sender, events) = mpsc::channel(2);
    match Viewer::of_invite(&state, caller).await {
        Ok(None) => {
            let _ = sender.try_send(signed_out());
        }
        Ok(Some(viewer)) => drop(tokio::spawn(driver::follow(state, viewer, sender, page))),
        Err(error) => return without_page(error),
    }
    answer(events)
}

/// A stream of this page.
pub(crate) async fn stream(state: AppState, caller: RequestSession, page: impl LivePage) -> Response {
    open(state, caller, |_| Ok(page)).await
}

/// A failure as a status alone: the browser reconnects, and the page says so meanwhile.
fn without_page(error: AppError) -> Response {
    (error.into_response().status(), Html("")).into_response()
}

fn answer(events: mpsc::Receiver<Bytes>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        // A proxy that compresses would hold events back.
        (header::CACHE_CONTROL, "no-cache, no-transform"),
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    let events = ReceiverStream::new(events).map(Ok::<_, std::convert::Infallible>);
    (headers, Body::from_stream(events)).into_response()
}

fn signed_out() -> Bytes {
    message::named("signed-out")
}

/// How long the first changes are collected into one message: an account's changes come in small bursts.
const BURST: Duration = Duration::from_millis(5);
/// The minimum time between two messages; changes meanwhile are collected into the next.
const GATHER: Duration = Duration::from_millis(30);
/// How often a quiet stream checks its session and sends a keep-alive for proxies.
const SESSION_CHECK: Duration = Duration::from_secs(15);
