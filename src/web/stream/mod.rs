//! Open pages that change by themselves: server-sent events, in the form that htmx applies.
//!
//! A stream remembers what it showed. Changes are gathered for a moment, rights are decided anew for every
//! message, and a stream that fell behind simply shows the newest state: what is sent is always the present, never
//! a queue of the past. So whoever connects again needs nothing but the present, too.
//!
//! A stream never redirects: a browser would try again for ever. Whoever is signed out is told so, once.

pub mod limit;
pub mod viewer;

pub use viewer::Viewer;

use std::convert::Infallible;
use std::time::Duration;

use axum::http::HeaderName;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Response};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;

use crate::domain::access::Principal;
use crate::live::events::Change;
use crate::web::auth::session::RequestSession;
use crate::web::error::AppError;
use crate::web::fragment::partial;
use crate::web::layout::{Outages, pending_count};
use crate::web::state::{AppState, State};

/// How long the first changes are gathered into one message: what happens to an account comes in small bursts.
const BURST: Duration = Duration::from_millis(5);
/// How long lies between two messages at least; what changes meanwhile is gathered into the next.
const GATHER: Duration = Duration::from_millis(80);
/// How often a quiet stream looks whether its session still holds.
pub(crate) const SESSION_CHECK: Duration = Duration::from_secs(15);
/// Comments that keep proxies from closing a quiet stream.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

pub(crate) type Sender = mpsc::Sender<Result<Event, Infallible>>;
type Events = mpsc::Receiver<Result<Event, Infallible>>;

/// A stream of what `message` says for its viewer.
pub(crate) async fn stream(
    app: AppState,
    caller: RequestSession,
    message: impl FnMut(&State, &Principal) -> Option<String> + Send + 'static,
) -> Response {
    let (sender, events) = mpsc::channel(2);
    match begin(&app, &caller, &sender).await {
        Ok(Some(viewer)) => drop(tokio::spawn(follow(app, viewer, sender, message))),
        Ok(None) => {}
        Err(silence) => return silence,
    }
    answer(events)
}

/// Whom a stream is for; nobody, who is then told so; or a failure, mostly without words: the browser tries again
/// by itself and says meanwhile that it does.
pub(crate) async fn begin(
    app: &State,
    caller: &RequestSession,
    sender: &Sender,
) -> Result<Option<Viewer>, Response> {
    match Viewer::of(app, caller).await {
        Ok(None) => {
            let _ = sender.try_send(Ok(signed_out()));
            Ok(None)
        }
        Ok(viewer) => Ok(viewer),
        Err(AppError::Bad(status, words)) => Err((status, Html(words)).into_response()),
        Err(error) => Err((AppError::into_response(error).status(), Html("")).into_response()),
    }
}

pub(crate) fn answer(events: Events) -> Response {
    // Some proxies gather an answer before they pass it on, unless told not to.
    let unbuffered = [(HeaderName::from_static("x-accel-buffering"), "no")];
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE);
    (unbuffered, Sse::new(ReceiverStream::new(events)).keep_alive(keep_alive)).into_response()
}

fn signed_out() -> Event {
    Event::default().event("signed-out").data("1")
}

/// Sends what `message` makes of the directory, now and after every change, until the reader, the session or
/// the program ends.
async fn follow(
    app: AppState,
    mut viewer: Viewer,
    sender: Sender,
    mut message: impl FnMut(&State, &Principal) -> Option<String> + Send,
) {
    let mut changes = app.live.events.subscribe();
    let mut away = None;
    let mut reveals = None;
    let mut check = tokio::time::interval(SESSION_CHECK);
    check.reset();
    let mut present = true;
    let mut next = Instant::now();
    // Also after waking for another reason: the message has what changed meanwhile.
    while present && viewer.is_present(&app).await {
        while changes.try_next().is_some() {}
        let version = app.live.accounts.listing().version;
        let mut html = message(&app, &viewer.actor);
        let now_away = Outages::now(&app);
        if away.replace(now_away) != Some(now_away) {
            let notices = partial("#notices", "innerHTML", &now_away.notices());
            html.get_or_insert_default().push_str(&notices);
        }
        let to_decide =
            app.live.approvals.load().pending_for(&app.live.policy.current(), &viewer.actor, app.clock.now());
        if reveals != to_decide {
            // Nobody is told any more how many wait who may not decide any more.
            let count = partial("#reveals-waiting", "innerHTML", &pending_count(to_decide.unwrap_or(0)));
            html.get_or_insert_default().push_str(&count);
            reveals = to_decide;
        }
        if let Some(html) = html {
            let event = Event::default().id(format!("{}-{version}", app.epoch)).data(html);
            if sender.send(Ok(event)).await.is_err() {
                return;
            }
            next = Instant::now() + GATHER;
        }
        tokio::select! {
            _ = changes.wait_for(|change| change != Change::Audit) => {
                tokio::time::sleep_until(next.max(Instant::now() + BURST)).await;
                present = viewer.is_present(&app).await;
            }
            () = app.stopping.cancelled() => return,
            () = sender.closed() => return,
            () = viewer.has_news() => present = viewer.look_again(&app).await,
            _ = check.tick() => present = viewer.look_again(&app).await,
        }
    }
    say_goodbye(&app, &viewer, &sender).await;
}

/// Tells a page that nobody is signed in any more; not if only the proof is too old, which the page's next question
/// may renew.
pub(crate) async fn say_goodbye(app: &State, viewer: &Viewer, sender: &Sender) {
    if !viewer.has_lapsed(app) {
        let _ = sender.send(Ok(signed_out())).await;
    }
}
