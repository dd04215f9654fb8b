//! Open pages that change without being loaded again: server-sent events, in the form that htmx applies.
//!
//! A stream remembers what it showed. Changes are gathered for a moment, rights are decided for every message, and a
//! stream that fell behind shows the newest state: what is sent is always the present, never a queue of the past. So a
//! browser that connects again needs nothing but the present, too.
//!
//! A stream never redirects: a browser would try again for ever. A page whose session has ended is told so, once.

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
use crate::web::auth::session::RequestSession;
use crate::web::error::AppError;
use crate::web::state::AppState;
use message::Message;
pub use position::Position;
pub(crate) use position::Shown;
pub use viewer::Viewer;

/// What a stream shows. The page itself keeps what it has sent.
pub(crate) trait LivePage: Send + 'static {
    /// Whether notices and the number of requests to decide, which every page has, come with it.
    const HAS_FRAME: bool = true;

    /// Whether a change may alter what is shown. Changes of rights always may, so they are not asked about.
    fn concerns(&self, change: Change) -> bool;

    /// What has to be sent so that the browser shows the present. Decides what the principal may see.
    fn render(&mut self, state: &AppState, principal: &Principal) -> impl Future<Output = Update> + Send;

    /// When it is rendered again if nothing changes.
    fn deadline(&self) -> Option<Instant> {
        None
    }
}

/// What a page has to send.
#[derive(Debug)]
pub(crate) enum Update {
    /// The browser shows the present.
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

/// Opens a stream of this page. What `open` refuses is refused before the stream begins.
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
        // The page has a place for these words.
        Err(AppError::Bad(status, words)) => return (status, Html(words)).into_response(),
        Err(error) => return without_page(error),
    }
    answer(events)
}

/// A stream of this page.
pub(crate) async fn stream(state: AppState, caller: RequestSession, page: impl LivePage) -> Response {
    open(state, caller, |_| Ok(page)).await
}

/// A failure by its status alone: the browser tries again, and the page says meanwhile that it does.
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

/// How long the first changes are gathered into one message: what happens to an account comes in small bursts.
const BURST: Duration = Duration::from_millis(5);
/// How long lies between two messages at least; what changes meanwhile is gathered into the next.
const GATHER: Duration = Duration::from_millis(30);
/// How often a quiet stream looks whether its session is still valid, and shows proxies that it is alive.
const SESSION_CHECK: Duration = Duration::from_secs(15);
