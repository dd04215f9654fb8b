//! The live list of accounts: while the ids and their order stay, only rows that changed are sent; otherwise the
//! whole body of the table, once, which the browser morphs.

use axum::response::Response;
use axum_extra::extract::Query;

use crate::domain::AccountId;
use crate::domain::access::Principal;
use crate::domain::privilege::AccountPrivileges;
use crate::web::auth::session::RequestSession;
use crate::web::fragment::partial;
use crate::web::pages::accounts::list;
use crate::web::pages::accounts::query::AccountsQuery;
use crate::web::pages::accounts::rows::{self, View};
use crate::web::state::{AppState, State};
use crate::web::stream::stream;

/// The stream, for one query.
pub async fn list(app: AppState, caller: RequestSession, Query(query): Query<AccountsQuery>) -> Response {
    let mut page = ListPage::new(query);
    stream(app, caller, move |app, actor| page.message(app, actor)).await
}

/// What a list stream has shown.
struct ListPage {
    query: AccountsQuery,
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
    fn new(query: AccountsQuery) -> Self {
        Self { query, shown: None, summary: String::new(), pager: String::new() }
    }

    /// What has to be sent so that the browser shows the present; None if it does.
    fn message(&mut self, app: &State, actor: &Principal) -> Option<String> {
        let view = rows::view(&app.live.accounts.listing(), &app.live.policy.current(), actor, &self.query);
        let now = Shown {
            rows: view.rows.iter().map(|(entry, may)| (entry.account.id, entry.version, *may)).collect(),
            nothing: view.visible == 0,
        };
        let mut html = match &self.shown {
            Some(before) if before.same_accounts(&now) => changed_rows(&view, &before.rows),
            _ => partial("#rows", "innerMorph", &rows::body(&view)),
        };
        self.shown = Some(now);
        let summary = list::summary(&view, &self.query).unwrap_or_default();
        html.push_str(&changed("#summary", &mut self.summary, summary));
        let pager = list::pager(&view, &self.query).unwrap_or_default();
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
