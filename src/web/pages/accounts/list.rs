//! `/accounts`: every account the visitor may see, live.

use askama::Template;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum_extra::extract::Query;

use crate::web::auth::session::CurrentUser;
use crate::web::error::AppError;
use crate::web::form::RequestType;
use crate::web::fragment::partial;
use crate::web::layout::{Layout, html};
use crate::web::pages::accounts::query::{LINES, NOBODY, Query as RowQuery};
use crate::web::pages::accounts::rows::{self, Choices, View};
use crate::web::state::AppState;

#[derive(Template)]
#[template(path = "pages/accounts/list.html", blocks = ["list"])]
struct Accounts {
    layout: Layout,
    query: RowQuery,
    view: View,
    choices: Choices,
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

/// The list; to a search that goes on while somebody types, the list alone.
pub async fn list(
    app: AppState,
    request_type: RequestType,
    CurrentUser(actor): CurrentUser,
    Query(query): Query<RowQuery>,
) -> Result<Response, AppError> {
    let listing = app.live.accounts.listing();
    let rules = app.live.policy.current();
    let view = rows::view(&listing, &rules, &actor, &query);
    let rows = rows::body(&view);
    let summary = summary(&view, &query)?;
    let pager = pager(&view, &query)?;
    let fragment = request_type.is_partial();
    let choices = match fragment {
        true => Choices::default(),
        false => rows::choices(&listing, &app.live.accounts.groups(), &rules, &actor, &query),
    };
    let layout = Layout::of(&app, &actor);
    let page = Accounts { layout, query, view, choices, rows, summary, pager };
    if fragment { found(&page) } else { html(&page) }
}

/// The list that a search led to, how long it is, for those who do not see it, and where it is found again.
fn found(page: &Accounts) -> Result<Response, AppError> {
    let words = match page.view.matching {
        1 => "One account fits.".to_owned(),
        many => format!("{many} accounts fit."),
    };
    let html = page.as_list().render()? + &partial("#found", "innerHTML", &words);
    Ok(([("hx-replace-url", page.query.url(page.view.page))], Html(html)).into_response())
}
