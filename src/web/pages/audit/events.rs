//! The live trail: new entries that fit what a page asks for appear above those that it shows.

use std::collections::VecDeque;
use std::sync::Arc;

use axum::response::sse::Event;
use axum::response::{Html, IntoResponse, Response};
use axum_extra::extract::Query;
use tokio::sync::{broadcast, mpsc};

use crate::domain::access::decide_system;
use crate::domain::privilege::can;
use crate::live::events::Change;
use crate::store::audit::Search;
use crate::store::{self, StoreError};
use crate::web::auth::session::RequestSession;
use crate::web::error::AppError;
use crate::web::fragment::partial;
use crate::web::layout::Outages;
use crate::web::pages::audit::feed::Batch;
use crate::web::pages::audit::line;
use crate::web::pages::audit::list::{self, Wanted};
use crate::web::state::{AppState, State};
use crate::web::stream::viewer::Viewer;
use crate::web::stream::{SESSION_CHECK, Sender, answer, begin, say_goodbye};

/// Rows that a page may grow to before it is shown anew from its newest entries.
const LONG: usize = 300;

/// The stream, for one search.
pub async fn trail(app: AppState, caller: RequestSession, Query(wanted): Query<Wanted>) -> Response {
    let (sender, events) = mpsc::channel(2);
    let viewer = match begin(&app, &caller, &sender).await {
        Ok(Some(viewer)) => viewer,
        Ok(None) => return answer(events),
        Err(silence) => return silence,
    };
    let quiet = |error: AppError| (error.into_response().status(), Html("")).into_response();
    if let Err(refusal) = decide_system::<can::ReadAudit>(&app.live.policy.current(), &viewer.actor) {
        return quiet(refusal.into());
    }
    let Ok((search, None)) = wanted.read() else {
        // The page of a search that makes no sense, or of what is older, does not change.
        return quiet(AppError::NotFound);
    };
    match app.audit_feed.subscribe(&app).await {
        Ok(news) => drop(tokio::spawn(follow(app, viewer, sender, news, Page::new(wanted, search)))),
        Err(error) => return quiet(error.into()),
    }
    answer(events)
}

/// What a page shows.
struct Page {
    wanted: Wanted,
    search: Search,
    /// The last entry that was looked at, whether it fits or not.
    seen: Option<i64>,
    /// How many rows it has.
    rows: usize,
}

impl Page {
    fn new(wanted: Wanted, search: Search) -> Self {
        Self { wanted, search, seen: None, rows: 0 }
    }

    /// The whole page as it is now.
    async fn anew(&mut self, app: &State) -> Result<Option<String>, StoreError> {
        let conn = &mut app.db.read().await?;
        let head = store::audit::head(conn).await?;
        let Some(shown) = list::look(conn, &self.search, None).await? else { return Ok(None) };
        let rows = line::rows(&shown.lines).unwrap_or_default();
        let pager = list::pager(&self.wanted, &shown).unwrap_or_default();
        self.rows = shown.lines.len();
        self.seen = Some(head.seq);
        let empty = if shown.lines.is_empty() { list::NOTHING } else { "" };
        Ok(Some(
            partial("#trail", "innerMorph", &rows)
                + &partial("#trail-empty", "innerHTML", empty)
                + &partial("#trail-pager", "innerHTML", &pager),
        ))
    }

    /// What a batch adds; an error if the page has to be shown anew instead.
    fn add(&mut self, batch: &Batch) -> Result<Option<String>, Anew> {
        let seen = self.seen.ok_or(Anew)?;
        if batch.last <= seen {
            return Ok(None);
        }
        if batch.too_many || batch.after > seen {
            return Err(Anew);
        }
        let mut rows = VecDeque::new();
        for row in &batch.rows {
            if row.entry.seq > seen && self.search.fits(&row.entry, row.phone.as_ref()) {
                rows.push_front(row.html.as_str());
            }
        }
        self.rows += rows.len();
        if self.rows > LONG {
            return Err(Anew);
        }
        self.seen = Some(batch.last);
        if rows.is_empty() {
            return Ok(None);
        }
        let rows: String = rows.into_iter().collect();
        Ok(Some(partial("#trail", "afterbegin", &rows) + &partial("#trail-empty", "innerHTML", "")))
    }
}

/// That a page has to be shown as a whole.
#[derive(Debug)]
struct Anew;

/// Sends what comes, until the reader, the session, the right or the program ends.
async fn follow(
    app: AppState,
    mut viewer: Viewer,
    sender: Sender,
    mut news: broadcast::Receiver<Arc<Batch>>,
    mut page: Page,
) {
    let mut changes = app.live.events.subscribe();
    let mut check = tokio::time::interval(SESSION_CHECK);
    check.reset();
    let mut next = Err(Anew);
    let mut present = true;
    while present {
        if decide_system::<can::ReadAudit>(&app.live.policy.current(), &viewer.actor).is_err() {
            let gone = partial("#trail", "innerHTML", "");
            let _ = sender.send(Ok(Event::default().data(gone))).await;
            return;
        }
        let html = match next {
            Ok(html) => html,
            Err(Anew) => page.anew(&app).await.unwrap_or_else(|error| {
                tracing::debug!(%error, "an open page of the trail has to wait");
                page.seen = None;
                None
            }),
        };
        if let Some(html) = html {
            let event = Event::default().id(format!("{}-{}", app.epoch, page.seen.unwrap_or(0))).data(html);
            if sender.send(Ok(event)).await.is_err() {
                return;
            }
        }
        next = Ok(None);
        tokio::select! {
            came = news.recv() => {
                next = match came {
                    Ok(batch) => page.add(&batch),
                    Err(broadcast::error::RecvError::Lagged(_)) => Err(Anew),
                    Err(broadcast::error::RecvError::Closed) => return,
                };
                present = viewer.is_present(&app).await;
            }
            _ = changes.wait_for(|change| change == Change::Health) => next = Ok(Some(notices(&app))),
            () = app.stopping.cancelled() => return,
            () = sender.closed() => return,
            () = viewer.has_news() => present = viewer.look_again(&app).await,
            _ = check.tick() => {
                present = viewer.look_again(&app).await;
                if page.seen.is_none() {
                    next = Err(Anew);
                }
            }
        }
    }
    say_goodbye(&app, &viewer, &sender).await;
}

fn notices(app: &State) -> String {
    partial("#notices", "innerHTML", &Outages::now(app).notices())
}
