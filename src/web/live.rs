//! Open pages that change by themselves: server-sent events, in the form that htmx applies.
//!
//! A stream remembers which rows it showed, in order. While the ids and their order stay, only rows that
//! changed are sent; otherwise the whole body of the table, once, which the browser morphs. Changes are
//! gathered for a moment, rights are decided anew for every message, and a stream that fell behind simply
//! shows the newest state: what is sent is always the present, never a queue of the past.
//!
//! A stream never redirects: a browser would try again for ever. Whoever is signed out is told so, once.

use std::convert::Infallible;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::http::HeaderName;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Response};
use axum_extra::extract::Query;
use tokio::sync::{broadcast, mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tower_sessions::Session;
use tower_sessions::session::Id;

use super::auth;
use super::error::AppError;
use super::extract::AccountPath;
use super::fragment::partial;
use super::pages::account::Facts;
use super::pages::accounts;
use super::pages::step::Step;
use super::rows::{self, Query as RowQuery, View};
use super::shell::notices;
use crate::app::App;
use crate::domain::access::{self, Actor};
use crate::domain::privilege::{AccountPrivileges, can};
use crate::domain::{AccountId, Millis};
use crate::store::WebSessions;

/// How long changes are gathered into one message.
const GATHER: Duration = Duration::from_millis(80);
/// How often a stream looks whether its session still holds.
const SESSION_CHECK: Duration = Duration::from_secs(15);
/// Comments that keep proxies from closing a quiet stream.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Where a stream's events go.
pub(super) type Sender = mpsc::Sender<Result<Event, Infallible>>;

/// The live list of accounts, for one query.
pub async fn list(State(app): State<Arc<App>>, session: Session, Query(query): Query<RowQuery>) -> Response {
    let mut page = ListPage::new(query);
    stream(app, session, move |app, actor| page.message(app, actor)).await
}

/// The live parts of one account's page. Whoever may not see the account learns that there is none, as he would
/// from the page; that is decided with every message, so it is not asked here.
pub async fn one(State(app): State<Arc<App>>, session: Session, path: AccountPath) -> Response {
    let mut page = AccountPage { account: path.account, shown: String::new() };
    stream(app, session, move |app, actor| page.message(app, actor)).await
}

async fn stream(
    app: Arc<App>,
    session: Session,
    message: impl FnMut(&App, &Actor) -> Option<String> + Send + 'static,
) -> Response {
    let (sender, events) = mpsc::channel(2);
    // Before the session is looked at: an end in between must not be missed.
    let ends = ENDED.subscribe();
    match auth::current(&app, &session).await {
        Ok(Some(actor)) => {
            let viewer = Viewer { actor, seen: app.clock.now(), session: session.id(), ends };
            tokio::spawn(follow(app, viewer, sender, message));
        }
        Ok(None) => drop(sender.try_send(Ok(signed_out()))),
        Err(error) => return in_silence(error),
    }
    answer(events)
}

/// Events as an answer.
pub(super) fn answer(events: mpsc::Receiver<Result<Event, Infallible>>) -> Response {
    // Some proxies gather an answer before they pass it on, unless told not to.
    let unbuffered = [(HeaderName::from_static("x-accel-buffering"), "no")];
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE);
    (unbuffered, Sse::new(ReceiverStream::new(events)).keep_alive(keep_alive)).into_response()
}

/// A failure without words: the browser tries again by itself and says meanwhile that it does.
pub(super) fn in_silence(error: AppError) -> Response {
    (error.into_response().status(), Html("")).into_response()
}

/// Tells the page that nobody is signed in any more.
pub(super) fn signed_out() -> Event {
    Event::default().event("signed-out").data("1")
}

/// The sessions that end, by id: their streams end with them. Ids are random, so one list serves all.
static ENDED: LazyLock<broadcast::Sender<Id>> = LazyLock::new(|| broadcast::Sender::new(64));

/// Tells of the sessions that end from now on.
pub(super) fn watch_ends() -> broadcast::Receiver<Id> {
    ENDED.subscribe()
}

/// Resolves when the session ends, or when so many ended at once that it may be among them.
pub(super) async fn ends(session: Option<Id>, ended: &mut broadcast::Receiver<Id>) {
    loop {
        match ended.recv().await {
            Ok(id) if Some(id) != session => {}
            Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => return,
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// Ends the streams of a session.
pub fn end(session: Id) {
    // An error only means that nobody listens.
    let _ = ENDED.send(session);
}

/// Whom a stream is for.
struct Viewer {
    actor: Actor,
    /// When the database was last asked who this is.
    seen: Millis,
    session: Option<Id>,
    ends: broadcast::Receiver<Id>,
}

impl Viewer {
    /// Asks the database who this is now; false once nobody is signed in. While the database is away, whoever
    /// was signed in still is: nobody can have signed out.
    async fn look_again(&mut self, app: &App) -> bool {
        // A new handle: a session's own has read once and would repeat that.
        let store = Arc::new(WebSessions::new(app.db.clone(), app.clock.clone()));
        match auth::current(app, &Session::new(self.session, store, None)).await {
            Ok(Some(actor)) => {
                self.actor = actor;
                self.seen = app.clock.now();
                true
            }
            Ok(None) => false,
            Err(_) => true,
        }
    }

    /// Makes sure that rights are at most a second old.
    async fn is_present(&mut self, app: &App) -> bool {
        app.clock.now().seconds_since(self.seen) < 1 || self.look_again(app).await
    }

    /// Resolves when this session ends, or when so many ended at once that this one may be among them.
    async fn ends(&mut self) {
        ends(self.session, &mut self.ends).await;
    }
}

/// Sends what `message` makes of the directory, now and after every change, until the reader, the session or
/// the program ends.
async fn follow(
    app: Arc<App>,
    mut viewer: Viewer,
    sender: Sender,
    mut message: impl FnMut(&App, &Actor) -> Option<String> + Send,
) {
    let mut changes = app.directory.subscribe();
    let mut stopping = app.stopping.subscribe();
    let mut database = app.database_away.subscribe();
    let mut away = None;
    let mut check = tokio::time::interval(SESSION_CHECK);
    check.reset();
    let mut present = true;
    while present {
        let version = *changes.borrow_and_update();
        let mut html = message(&app, &viewer.actor);
        let now_away = *database.borrow_and_update();
        if away.replace(now_away) != Some(now_away) {
            html.get_or_insert_default().push_str(&partial("#notices", "innerHTML", notices(now_away)));
        }
        if let Some(html) = html {
            let event = Event::default().id(format!("{}-{version}", app.epoch)).data(html);
            if sender.send(Ok(event)).await.is_err() {
                return;
            }
        }
        tokio::select! {
            changed = changes.changed() => {
                if changed.is_err() {
                    return;
                }
                tokio::time::sleep(GATHER).await;
                present = viewer.is_present(&app).await;
            }
            _ = database.changed() => {}
            () = stopped(&mut stopping) => return,
            () = sender.closed() => return,
            () = viewer.ends() => present = viewer.look_again(&app).await,
            _ = check.tick() => present = viewer.look_again(&app).await,
        }
    }
    let _ = sender.send(Ok(signed_out())).await;
}

/// Resolves when the program is to stop. The guard of the value is dropped here: it may not cross an await.
pub(super) async fn stopped(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stopping| *stopping).await;
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

/// What an account's stream has shown.
struct AccountPage {
    account: AccountId,
    shown: String,
}

impl AccountPage {
    fn message(&mut self, app: &App, actor: &Actor) -> Option<String> {
        let html = match app.directory.get(self.account) {
            Some(entry) if access::decide::<can::View>(actor, &entry.account).is_ok() => {
                let step = Step::new(&entry, access::privileges(actor, &entry.account));
                partial("#step", "outerMorph", &step.render().ok()?)
                    + &partial("#facts", "outerMorph", &Facts { entry: &entry }.render().ok()?)
            }
            _ => partial("#step", "outerMorph", &Gone.render().ok()?) + &partial("#facts", "delete", ""),
        };
        if html == self.shown {
            return None;
        }
        self.shown.clone_from(&html);
        Some(html)
    }
}

/// What is left of an account that one may no longer see.
#[derive(Template)]
#[template(path = "parts/gone.html")]
struct Gone;
