//! `/audit`: what happened, newest first.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use axum_extra::extract::Query;

pub use super::form::Wanted;
pub use super::line::Line;

use super::form::{Family, Fault, families};
use crate::domain::audit::{AuditEvent, Outcome};
use crate::domain::privilege::can;
use crate::store::audit::{Filter, Found, Search};
use crate::store::{self, Conn, StoreError};
use crate::web::error::AppError;
use crate::web::extract::May;
use crate::web::layout::{Layout, html_with};
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::words::text;

/// Entries on a page.
pub const PAGE: usize = 100;
/// Seconds for which the page says above all that the trail is not what it was; the entry stays.
const MISMATCH_SHOWN: i64 = 30 * 24 * 60 * 60;
/// What stands in place of the table's rows where there are none.
pub const NOTHING: &str = "<p class=\"quiet\">Nothing like that happened.</p>";
/// What is said of a search that so much fits that it can't be looked for.
pub const TOO_MANY: &str = "Too many fit. Say more of the person or of the number.";

#[derive(Template)]
#[template(path = "pages/audit/list.html")]
struct AuditPage {
    layout: Layout,
    wanted: Wanted,
    faults: Vec<Fault>,
    families: Vec<Family>,
    outcomes: &'static [Outcome],
    rows: String,
    empty: bool,
    pager: String,
    mismatch: Option<Mismatch>,
}

impl AuditPage {
    /// What is wrong with a field.
    fn fault(&self, field: &str) -> Option<&str> {
        self.faults.iter().find(|(faulty, _)| *faulty == field).map(|(_, words)| words.as_str())
    }
}

/// What stands below the table: the way to what is older.
#[derive(Template)]
#[template(path = "parts/trail_pager.html")]
struct Pager {
    /// Before which entry the next page begins, and its address.
    older: Option<(i64, String)>,
    cut: bool,
}

/// That the trail was found not to be what it was, not long ago.
#[derive(Debug)]
struct Mismatch {
    /// The entry that says so.
    seq: i64,
    at: String,
    words: &'static str,
}

impl Mismatch {
    async fn newest(app: &State, conn: &mut Conn<'_>) -> Result<Option<Self>, StoreError> {
        let filter = Filter {
            code: Some(AuditEvent::TRAIL_MISMATCH.to_owned()),
            from: Some(app.clock.now().plus_seconds(-MISMATCH_SHOWN)),
            ..Filter::default()
        };
        let newest = store::audit::page(conn, &filter, 1).await?.pop();
        Ok(newest.map(|entry| Self {
            seq: entry.seq,
            at: text::moment(entry.at),
            words: text::trail_fault(entry.details.as_deref()),
        }))
    }
}

/// A page of the trail, as it is shown.
#[derive(Debug, Default)]
pub struct Shown {
    /// The lines, the newest first.
    pub lines: Vec<Line>,
    /// Before which number the next page begins.
    pub next: Option<i64>,
    /// Whether the page ends because enough was looked at.
    pub cut: bool,
}

/// Looks for what is wanted; none if too much fits.
pub async fn look(
    conn: &mut Conn<'_>,
    search: &Search,
    before: Option<i64>,
) -> Result<Option<Shown>, StoreError> {
    let Some(narrowed) = search.narrow(conn).await? else { return Ok(None) };
    let Found { entries, next, cut } = narrowed.page(conn, before, PAGE).await?;
    let numbers = super::line::numbers(conn, &entries).await?;
    let lines = entries.into_iter().map(|entry| Line::with(entry, &numbers)).collect();
    Ok(Some(Shown { lines, next, cut }))
}

/// The way to what is older.
pub fn pager(wanted: &Wanted, shown: &Shown) -> Result<String, askama::Error> {
    let older = shown.next.map(|next| (next, wanted.older(next)));
    Pager { older, cut: shown.cut }.render()
}

/// The page. What is wrong with a search is said beside its field, and nothing is looked for.
pub async fn list(
    app: AppState,
    may: May<can::ReadAudit>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, AppError> {
    page(&app, &may, wanted).await
}

/// The page for what was typed, also for an export of what makes no sense.
pub async fn page(app: &State, may: &May<can::ReadAudit>, wanted: Wanted) -> Result<Response, AppError> {
    let mut conn = app.db.read().await?;
    let looked = match wanted.read() {
        Ok((search, before)) => look(&mut conn, &search, before).await?.ok_or_else(|| {
            let field = if search.actor.is_some() { "actor" } else { "account" };
            vec![(field, TOO_MANY.to_owned())]
        }),
        Err(faults) => Err(faults),
    };
    let mismatch = Mismatch::newest(app, &mut conn).await?;
    drop(conn);
    let (shown, faults) = match looked {
        Ok(shown) => (shown, Vec::new()),
        Err(faults) => (Shown::default(), faults),
    };
    let status = if faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = AuditPage {
        layout: Layout::of(app, &may.actor),
        rows: super::line::rows(&shown.lines)?,
        empty: shown.lines.is_empty(),
        pager: pager(&wanted, &shown)?,
        families: families(),
        outcomes: Outcome::ALL,
        wanted,
        faults,
        mismatch,
    };
    html_with(status, &page)
}
