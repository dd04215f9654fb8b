//! `/accounts`: every account that the reader may view, live.

use askama::Template;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum_extra::extract::Query;

use crate::web::auth::session::CurrentUser;
use crate::web::error::AppError;
use crate::web::form::RequestType;
use crate::web::fragment::partial;
use crate::web::layout::{Layout, html};
use crate::web::pages::accounts::query::{AccountsQuery, NO_OWNER};
use crate::web::pages::accounts::rows::{self, Choices, View};
use crate::web::paths;
use crate::web::state::AppState;
use crate::web::stream::position;
use crate::web::words::accounts as words;
use crate::web::words::connections;

#[derive(Template)]
#[template(path = "pages/accounts/list.html", blocks = ["list"])]
struct Accounts<'a> {
    layout: Layout,
    query: AccountsQuery,
    view: &'a View,
    choices: Choices,
    rows: String,
    summary: &'a str,
    pager: &'a str,
    /// The address of the stream that goes on from here.
    events: String,
}

impl Accounts<'_> {
    fn sorted(&self, sort: &str) -> &'static str {
        if self.query.sort == sort { "ascending" } else { "none" }
    }
}

/// Above the table: how many accounts there are in each stage. It is live too.
#[derive(Template)]
#[template(path = "parts/summary.html")]
struct Summary<'a> {
    view: &'a View,
    query: &'a AccountsQuery,
}

pub fn summary(view: &View, query: &AccountsQuery) -> Result<String, askama::Error> {
    Summary { view, query }.render()
}

/// Below the table: which part of the list it shows. It is live too.
#[derive(Template)]
#[template(path = "parts/pager.html")]
struct Pager<'a> {
    view: &'a View,
    query: &'a AccountsQuery,
}

pub fn pager(view: &View, query: &AccountsQuery) -> Result<String, askama::Error> {
    Pager { view, query }.render()
}

/// `/` is the list.
pub async fn home() -> Redirect {
    Redirect::to(paths::ACCOUNTS)
}

/// The list; for a search as people type, the list alone.
pub async fn list(
    app: AppState,
    request_type: RequestType,
    CurrentUser(actor): CurrentUser,
    Query(query): Query<AccountsQuery>,
) -> Result<Response, AppError> {
    let (rules, listing) = app.live.policy_and_accounts();
    let (_list, list) = app.lists.current(&app, &actor, &query);
    let view = &list.view;
    let rows = rows::body(&app.rows, view);
    let choices = match request_type {
        RequestType::Partial => Choices::default(),
        RequestType::Full => rows::choices(&listing, &app.live.accounts.groups(), &rules, &actor, &query),
    };
    let layout = Layout::of(&app, &actor);
    let (summary, pager) = (&list.summary, &list.pager);
    let events = query.events_url(&position::brought(&app, list.position));
    let page = Accounts { layout, query, view, choices, rows, summary, pager, events };
    match request_type {
        RequestType::Partial => found(&page),
        RequestType::Full => html(&page),
    }
}

/// The list that a search led to, its length for screen readers, and its address.
fn found(page: &Accounts<'_>) -> Result<Response, AppError> {
    let count = partial("#found", "innerHTML", &words::matching(page.view.matching));
    let html = page.as_list().render()? + &count;
    Ok(([("hx-replace-url", page.query.url(page.view.page))], Html(html)).into_response())
}
