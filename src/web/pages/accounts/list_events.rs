//! The live list of accounts: while the ids and their order stay, only rows that changed are sent; otherwise the
//! whole body of the table, once, which the browser morphs.

use std::sync::Arc;

use axum::response::Response;
use axum_extra::extract::Query;

use crate::domain::access::Principal;
use crate::live::events::Change;
use crate::web::auth::session::RequestSession;
use crate::web::pages::accounts::query::AccountsQuery;
use crate::web::pages::accounts::shared_list::{ListState, SharedList};
use crate::web::state::AppState;
use crate::web::stream::{LivePage, Position, Update, stream};

/// The stream, for one query.
pub async fn list(
    app: AppState,
    caller: RequestSession,
    position: Position,
    Query(query): Query<AccountsQuery>,
) -> Response {
    stream(app, caller, ListPage { query, brought: position, list: None, shown: None }).await
}

struct ListPage {
    query: AccountsQuery,
    /// What the browser shows before the first message.
    brought: Position,
    /// Kept so that it is not computed again for the next viewer, or the next message.
    list: Option<Arc<SharedList>>,
    shown: Option<Arc<ListState>>,
}

impl LivePage for ListPage {
    fn concerns(&self, change: Change) -> bool {
        match change {
            Change::Account(_) | Change::Policy | Change::Everything => true,
            Change::StoredPassword(_)
            | Change::Devices(_)
            | Change::Approvals
            | Change::Jobs
            | Change::Invites
            | Change::Proxies
            | Change::User(_)
            | Change::SessionEnded(_)
            | Change::Health
            | Change::Audit => false,
        }
    }

    async fn render(&mut self, state: &AppState, principal: &Principal) -> Update {
        let (list, now) = state.lists.current(state, principal, &self.query);
        self.list = Some(list);
        let message = match &self.shown {
            None if self.brought == Position(Some(now.position)) => None,
            None => Some(now.whole(state)),
            Some(before) => now.changes_from(state, before),
        };
        self.shown = Some(now);
        message.map_or(Update::Nothing, Update::Message)
    }
}
