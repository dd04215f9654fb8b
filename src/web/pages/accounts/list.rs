//! `/accounts`: every account that the reader may view, live.

use std::sync::Arc;

use askama::Template;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum_extra::extract::Query;

use crate::domain::access::{Principal, privileges};
use crate::domain::privilege::AccountPrivilege;
use crate::live::accounts::Entry;
use crate::ops::invites;
use crate::web::auth::session::{self, CurrentUser, RequestSession};
use crate::web::error::AppError;
use crate::web::form::RequestType;
use crate::web::fragment::partial;
use crate::web::layout::{Layout, html};
use crate::web::pages::accounts::query::{AccountsQuery, NO_OWNER};
use crate::web::pages::accounts::rows::{Choices, View};
use crate::web::pages::devices;
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::stream::position;
use crate::web::words::accounts as words;
use crate::web::words::{connections, jobs, stages};

#[derive(Template)]
#[template(path = "pages/accounts/list.html", blocks = ["list"])]
struct Accounts<'a> {
    layout: Layout,
    query: AccountsQuery,
    view: &'a View,
    /// Whether the reader can add an account of their own.
    brings_own: bool,
    /// Whether there are devices that the reader manages.
    manages_devices: bool,
    choices: Arc<Choices>,
    /// What the reader can do with accounts of the page: names and labels.
    actions: Vec<(&'static str, &'static str)>,
    rows: &'a str,
    summary: &'a str,
    pager: &'a str,
    /// The URL of the stream that continues from here.
    events: String,
}

impl Accounts<'_> {
    fn sorted(&self, sort: &str) -> &'static str {
        match self.query.sort_column() == sort {
            true if self.query.is_descending() => "descending",
            true => "ascending",
            false => "none",
        }
    }
}

/// Above the table: how many accounts there are in each stage. It is live too.
#[derive(Template)]
#[template(path = "parts/summary.html")]
struct Summary<'a> {
    view: &'a View,
    query: &'a AccountsQuery,
}

impl Summary<'_> {
    /// The label of the stage that is asked for, if no account that matches is in it.
    fn empty_stage(&self) -> Option<&'static str> {
        let is_shown = self.view.stages.iter().any(|stage| stage.name == self.query.stage);
        stages::label_of(&self.query.stage).filter(|_| !is_shown)
    }
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

/// `/` is the list, or the requests of others for people who are here to decide them.
pub async fn home(app: AppState, caller: RequestSession) -> Redirect {
    let actor = session::current(&app, &caller).await.ok().flatten();
    let decides = actor.is_some_and(|actor| is_here_to_decide(&app, &actor));
    Redirect::to(if decides { paths::APPROVALS } else { paths::ACCOUNTS })
}

/// Whether this person may approve and has nothing else to do first: requests are pending, or there are no accounts to
/// see. Administrators may do everything, so that they may approve says nothing.
fn is_here_to_decide(app: &State, actor: &Principal) -> bool {
    match actor {
        Principal::User(person) if person.admin => return false,
        Principal::User(_) | Principal::Invite(_) | Principal::Cli | Principal::System(_) => {}
    }
    let policy = app.live.policy.current();
    let pending = app.live.approvals.load().pending_for(&policy, actor, app.clock.now());
    let sees = |entry: &Arc<Entry>| privileges(&policy, actor, &entry.account).has(AccountPrivilege::View);
    pending.is_some_and(|pending| pending > 0 || !app.live.accounts.listing().iter().any(sees))
}

/// The list; for a search while typing, only the list.
pub async fn list(
    app: AppState,
    request_type: RequestType,
    CurrentUser(actor): CurrentUser,
    Query(query): Query<AccountsQuery>,
) -> Result<Response, AppError> {
    let (shared, list) = app.lists.current(&app, &actor, &query);
    let view = &list.view;
    let rows = list.body(&app.rows);
    let choices = match request_type {
        RequestType::Partial => Arc::default(),
        RequestType::Full => shared.choices(&app.live.accounts.groups()),
    };
    let layout = Layout::of(&app, &actor);
    let (summary, pager) = (&list.summary, &list.pager);
    let events = position::events_url(&app, &query.events_url(), list.position);
    let brings_own = invites::may_bring_own(&app, &actor);
    let manages_devices = request_type == RequestType::Full && devices::list::has_any(&app, &actor);
    let actions = view.actions().into_iter().map(|action| (action.name(), jobs::action(action))).collect();
    let page = Accounts {
        layout,
        query,
        view,
        brings_own,
        manages_devices,
        choices,
        actions,
        rows,
        summary,
        pager,
        events,
    };
    match request_type {
        RequestType::Partial => found(&page),
        RequestType::Full => html(&page),
    }
}

/// The results of a search, their number for screen readers, and the URL.
fn found(page: &Accounts<'_>) -> Result<Response, AppError> {
    let count = partial("#found", "innerHTML", &words::matching(page.view.matching));
    let html = page.as_list().render()? + &count;
    Ok(([("hx-replace-url", page.query.url(page.view.page))], Html(html)).into_response())
}
