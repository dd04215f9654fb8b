//! Open pages that change by themselves: server-sent events, in the form that htmx applies.
//!
//! A stream remembers which rows it showed, in order. While the ids and their order stay, only rows that
//! changed are sent; otherwise the whole body of the table, once, which the browser morphs. Changes are
//! gathered for a moment, rights are decided anew for every message, and a stream that fell behind simply
//! shows the newest state: what is sent is always the present, never a queue of the past.
//!
//! A stream never redirects: a browser would try again for ever. Whoever is signed out is told so, once.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderName;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Query;
use futures_util::Stream;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tower_sessions::Session;

use super::auth;
use super::extract::Allowed;
use super::pages::accounts;
use super::pages::step::Step;
use super::rows::{self, Query as RowQuery, View};
use super::shell::notices;
use crate::app::App;
use crate::domain::AccountId;
use crate::domain::access::{self, Actor};
use crate::domain::privilege::{AccountPrivileges, can};

/// How long changes are gathered into one message.
const GATHER: Duration = Duration::from_millis(80);
/// How often a stream looks whether its session still holds.
const SESSION_CHECK: Duration = Duration::from_secs(5);
/// Comments that keep proxies from closing a quiet stream.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

type Sender = mpsc::Sender<Result<Event, Infallible>>;

/// The live list of accounts, for one query.
pub async fn list(State(app): State<Arc<App>>, session: Session, Query(query): Query<RowQuery>) -> Response {
    let (sender, events) = mpsc::channel(2);
    match auth::current(&app, &session).await {
        Ok(Some(actor)) => {
            let mut page = ListPage::new(query);
            tokio::spawn(follow(app, session, actor, sender, move |app, actor| page.message(app, actor)));
        }
        Ok(None) => drop(sender.try_send(Ok(signed_out()))),
        Err(error) => return error.into_response(),
    }
    answer(ReceiverStream::new(events))
}

/// The live step of one account's page.
pub async fn one(
    State(app): State<Arc<App>>,
    session: Session,
    allowed: Result<Allowed<can::View>, super::error::AppError>,
) -> Response {
    let (sender, events) = mpsc::channel(2);
    match allowed {
        Ok(allowed) => {
            let account = allowed.entry.account.id;
            let mut shown = None;
            tokio::spawn(follow(app, session, allowed.actor, sender, move |app, actor| {
                account_message(app, actor, account, &mut shown)
            }));
        }
        Err(super::error::AppError::SignedOut) => drop(sender.try_send(Ok(signed_out()))),
        Err(error) => return error.into_response(),
    }
    answer(ReceiverStream::new(events))
}

fn answer(events: impl Stream<Item = Result<Event, Infallible>> + Send + 'static) -> Response {
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE);
    // Some proxies gather an answer before they pass it on, unless told not to.
    let unbuffered = [(HeaderName::from_static("x-accel-buffering"), "no")];
    (unbuffered, super::shell::no_store(), Sse::new(events).keep_alive(keep_alive)).into_response()
}

fn signed_out() -> Event {
    Event::default().event("signed-out").data("1")
}

/// Sends what `message` makes of the directory, now and after every change, until the reader, the session or
/// the program ends.
async fn follow(
    app: Arc<App>,
    session: Session,
    mut actor: Actor,
    sender: Sender,
    mut message: impl FnMut(&App, &Actor) -> Option<String> + Send,
) {
    let mut changes = app.directory.subscribe();
    let mut stopping = app.stopping.subscribe();
    let mut database = app.database_away.subscribe();
    let mut away = false;
    let mut check = tokio::time::interval(SESSION_CHECK);
    check.reset();
    loop {
        let version = *changes.borrow_and_update();
        let mut html = message(&app, &actor);
        let now_away = *database.borrow_and_update();
        if std::mem::replace(&mut away, now_away) != now_away {
            html.get_or_insert_default().push_str(&partial("#notices", "innerHTML", notices(now_away)));
        }
        if let Some(html) = html {
            let event = Event::default().id(format!("{}-{version}", app.epoch)).data(html);
            if sender.send(Ok(event)).await.is_err() {
                return;
            }
        }
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return },
            _ = database.changed() => {}
            () = stopped(&mut stopping) => return,
            () = sender.closed() => return,
            _ = check.tick() => match still_signed_in(&app, &session).await {
                Some(Some(present)) => actor = present,
                Some(None) => {
                    let _ = sender.send(Ok(signed_out())).await;
                    return;
                }
                None => {}
            },
        }
        tokio::time::sleep(GATHER).await;
    }
}

/// Resolves when the program is to stop. The guard of the value is dropped here: it may not cross an await.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

/// The session's person now; the outer None if the database can't tell.
async fn still_signed_in(app: &App, session: &Session) -> Option<Option<Actor>> {
    // A new handle: the stream's own has read the session once and would repeat that.
    let fresh = Session::new(
        session.id(),
        Arc::new(crate::store::WebSessions::new(app.db.clone(), app.clock.clone())),
        None,
    );
    auth::current(app, &fresh).await.ok()
}

/// What a list stream has shown.
struct ListPage {
    query: RowQuery,
    shown: Option<Shown>,
    summary: String,
    pager: String,
}

/// The rows that a browser has: with them one can tell what has to be sent.
struct Shown {
    rows: Vec<(AccountId, u64, AccountPrivileges)>,
    /// An empty table says whether there is nothing at all, or nothing that fits.
    nothing: bool,
}

impl ListPage {
    fn new(query: RowQuery) -> Self {
        Self { query, shown: None, summary: String::new(), pager: String::new() }
    }

    /// What has to be sent so that the browser shows the present; None if it does.
    fn message(&mut self, app: &App, actor: &Actor) -> Option<String> {
        let view = rows::view(&app.directory.listing(), actor, &self.query);
        let now = Shown {
            rows: view.rows.iter().map(|(entry, may)| (entry.account.id, entry.version, *may)).collect(),
            nothing: view.visible == 0,
        };
        let mut html = match &self.shown {
            Some(before) if before.same_accounts(&now) => changed_rows(&view, &before.rows),
            _ => partial("#rows", "innerMorph", &rows::body(&view)),
        };
        self.shown = Some(now);
        let summary = accounts::summary(&view, &self.query).unwrap_or_default();
        html.push_str(&changed("#summary", &mut self.summary, summary));
        let pager = accounts::pager(&view, &self.query).unwrap_or_default();
        html.push_str(&changed("#pager", &mut self.pager, pager));
        (!html.is_empty()).then_some(html)
    }
}

impl Shown {
    fn same_accounts(&self, now: &Self) -> bool {
        self.nothing == now.nothing && self.rows.iter().map(|row| row.0).eq(now.rows.iter().map(|row| row.0))
    }
}

/// A partial, if what goes there is not what was there.
fn changed(target: &str, before: &mut String, now: String) -> String {
    if *before == now {
        return String::new();
    }
    *before = now;
    partial(target, "innerMorph", before)
}

fn changed_rows(view: &View, before: &[(AccountId, u64, AccountPrivileges)]) -> String {
    let mut html = String::new();
    for ((entry, may), (id, version, had)) in view.rows.iter().zip(before) {
        if (entry.version, *may) != (*version, *had)
            && let Ok(row) = rows::row(entry, *may)
        {
            html.push_str(&partial(&format!("#account-{id}"), "outerMorph", &row));
        }
    }
    html
}

fn account_message(app: &App, actor: &Actor, account: AccountId, shown: &mut Option<u64>) -> Option<String> {
    let entry = app.directory.get(account)?;
    if access::decide::<can::View>(actor, &entry.account).is_err() {
        return shown
            .take()
            .map(|_| partial("#step", "innerHTML", "<p>You may no longer see this account.</p>"));
    }
    if shown.replace(entry.version) == Some(entry.version) {
        return None;
    }
    let step = Step::new(&entry, access::privileges(actor, &entry.account), app.clock.now());
    Some(partial("#step", "outerMorph", &askama::Template::render(&step).ok()?))
}

/// A piece of HTML and where it belongs, as htmx understands it.
fn partial(target: &str, swap: &str, html: &str) -> String {
    format!("<hx-partial hx-target=\"{target}\" hx-swap=\"{swap}\">{html}</hx-partial>\n")
}
