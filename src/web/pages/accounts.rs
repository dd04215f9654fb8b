//! `/accounts`: every account the visitor may see, live.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::{Redirect, Response};
use axum_extra::extract::Query;

use crate::app::App;
use crate::web::auth::CurrentUser;
use crate::web::error::AppError;
use crate::web::rows::{self, Query as RowQuery, View};
use crate::web::shell::{Shell, html};

#[derive(Template)]
#[template(path = "pages/accounts.html")]
struct Accounts {
    shell: Shell,
    query: RowQuery,
    view: View,
    rows: String,
    summary: String,
    pager: String,
}

impl Accounts {
    fn sorted(&self, sort: &str) -> &'static str {
        if self.query.sort == sort { "ascending" } else { "none" }
    }
}

/// What stands above the table: how many there are, and of what stage. It is live too.
#[derive(Template)]
#[template(path = "parts/summary.html")]
struct Summary<'a> {
    view: &'a View,
    query: &'a RowQuery,
}

/// The counts above the table.
pub fn summary(view: &View, query: &RowQuery) -> Result<String, askama::Error> {
    Summary { view, query }.render()
}

/// What stands below the table: which part of the list it is. It is live too.
#[derive(Template)]
#[template(path = "parts/pager.html")]
struct Pager<'a> {
    view: &'a View,
    query: &'a RowQuery,
}

/// The way through the pages of the list.
pub fn pager(view: &View, query: &RowQuery) -> Result<String, askama::Error> {
    Pager { view, query }.render()
}

/// `/` is the list.
pub async fn home() -> Redirect {
    Redirect::to("/accounts")
}

/// The list.
pub async fn list(
    State(app): State<Arc<App>>,
    CurrentUser(actor): CurrentUser,
    Query(query): Query<RowQuery>,
) -> Result<Response, AppError> {
    let view = rows::view(&app.directory.listing(), &actor, &query);
    let rows = rows::body(&view);
    let summary = summary(&view, &query)?;
    let pager = pager(&view, &query)?;
    html(&Accounts { shell: Shell::of(&app, &actor), query, view, rows, summary, pager })
}
