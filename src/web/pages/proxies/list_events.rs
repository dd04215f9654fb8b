//! The live list of proxies: one that does not work shows as such.

use std::collections::HashSet;

use axum::response::Response;

use super::list;
use crate::domain::AccountId;
use crate::domain::access::Principal;
use crate::live::events::Change;
use crate::web::auth::session::RequestSession;
use crate::web::fragment::partial;
use crate::web::state::AppState;
use crate::web::stream::{LivePage, Position, Shown, Update, stream};

/// A viewer who may not manage access is shown none; that is checked with every message.
pub async fn proxies(app: AppState, caller: RequestSession, position: Position) -> Response {
    stream(app, caller, ProxiesStream { shown: Shown::new(position), accounts: HashSet::new() }).await
}

struct ProxiesStream {
    shown: Shown,
    /// The accounts that use a proxy.
    accounts: HashSet<AccountId>,
}

impl LivePage for ProxiesStream {
    fn concerns(&self, change: Change) -> bool {
        match change {
            Change::Proxies | Change::Policy | Change::Everything => true,
            Change::Account(id) => self.accounts.contains(&id),
            Change::StoredPassword(_)
            | Change::Devices(_)
            | Change::Approvals
            | Change::Jobs
            | Change::Invites
            | Change::User(_)
            | Change::SessionEnded(_)
            | Change::Health
            | Change::Audit => false,
        }
    }

    async fn render(&mut self, state: &AppState, principal: &Principal) -> Update {
        let Ok((html, accounts)) = list::rendered(state, principal) else { return Update::Nothing };
        self.accounts = accounts;
        Update::replace(state, &mut self.shown, &html, |html| partial("#proxies", "innerMorph", html))
    }
}
