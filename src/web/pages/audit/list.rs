//! `/audit`: the audit log, newest entries first.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use axum_extra::extract::Query;

use super::mismatch::Mismatch;
use super::query::{AuditQuery, Family, RANGES, families};
use super::row::{AuditRow, render, rows};
use crate::domain::audit::Outcome;
use crate::domain::privilege::can;
use crate::store::audit::{Found, Search};
use crate::store::{self, Conn, StoreError};
use crate::web::error::AppError;
use crate::web::extract::May;
use crate::web::form::{FieldError, FormState};
use crate::web::layout::{Layout, html_with};
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::stream::position;
use crate::web::words::audit;
use crate::web::words::audit_page::TOO_MANY_MATCHES;

/// Entries on a page.
pub const PAGE: usize = 100;

#[derive(Template)]
#[template(path = "pages/audit/list.html")]
struct AuditPage {
    layout: Layout,
    form: FormState<AuditQuery>,
    families: Vec<Family>,
    outcomes: &'static [Outcome],
    rows: String,
    empty: bool,
    pager: String,
    /// The address of the stream.
    events: String,
    mismatch: Option<Mismatch>,
}

/// The link to older entries, below the table.
#[derive(Template)]
#[template(path = "parts/audit_pager.html")]
struct Pager {
    /// The number of the entry before which the next page begins, and the page's URL.
    older: Option<(i64, String)>,
    cut: bool,
}

/// In place of the table's rows.
#[derive(Template)]
#[template(path = "parts/audit_empty.html")]
pub struct Empty;

/// A page of entries.
#[derive(Default)]
pub struct Results {
    pub rows: Vec<AuditRow>,
    /// The number of the entry before which the next page begins.
    pub next: Option<i64>,
    /// Whether the page ends because enough entries were searched.
    pub cut: bool,
}

/// Searches the log; none if too much matches.
pub async fn search(
    conn: &mut Conn<'_>,
    search: &Search,
    before: Option<i64>,
) -> Result<Option<Results>, StoreError> {
    let Some(narrowed) = search.narrow(conn).await? else { return Ok(None) };
    let Found { entries, next, cut } = narrowed.page(conn, before, PAGE).await?;
    let rows = rows(conn, entries).await?;
    Ok(Some(Results { rows, next, cut }))
}

/// The search as the page shows its results: a row for each thing that was done.
pub fn folded(search: Search) -> Search {
    Search { folded: true, ..search }
}

pub fn pager(query: &AuditQuery, results: &Results) -> Result<String, askama::Error> {
    let older = results.next.map(|next| (next, query.older(next)));
    Pager { older, cut: results.cut }.render()
}

pub async fn list(
    app: AppState,
    may: May<can::ReadAudit>,
    Query(query): Query<AuditQuery>,
) -> Result<Response, AppError> {
    page(&app, &may, query).await
}

/// The page for a search. What is wrong with it is shown beside its field, and nothing is searched.
pub async fn page(app: &State, may: &May<can::ReadAudit>, query: AuditQuery) -> Result<Response, AppError> {
    let mut conn = app.db.read().await?;
    let found = match query.parse(app.clock.now()) {
        Ok((filters, before)) => {
            search(&mut conn, &folded(filters.clone()), before).await?.ok_or_else(|| {
                let field = if filters.actor.is_some() { "actor" } else { "account" };
                vec![FieldError::on(field, TOO_MANY_MATCHES)]
            })
        }
        Err(errors) => Err(errors),
    };
    let mismatch = Mismatch::newest(&mut conn, &may.actor).await?;
    let newest = store::audit::head(&mut conn).await?.seq.unsigned_abs();
    drop(conn);
    let (status, results, errors) = match found {
        Ok(results) => (StatusCode::OK, results, Vec::new()),
        Err(errors) => (StatusCode::UNPROCESSABLE_ENTITY, Results::default(), errors),
    };
    let layout = Layout::of(app, &may.actor);
    let page = AuditPage {
        rows: render(&results.rows, layout.manages_access)?,
        layout,
        empty: results.rows.is_empty(),
        pager: pager(&query, &results)?,
        families: families(),
        outcomes: Outcome::ALL,
        events: position::events_url(app, &format!("{}?{}", paths::AUDIT_EVENTS, query.encoded()), newest),
        form: FormState { values: query, errors },
        mismatch,
    };
    html_with(status, &page)
}
