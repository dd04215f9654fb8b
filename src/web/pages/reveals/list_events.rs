//! The live list of requests to see a secret, for those who decide them.

use std::collections::HashSet;

use axum::response::Response;

use crate::domain::AccountId;
use crate::domain::access::Principal;
use crate::live::events::Change;
use crate::web::auth::session::RequestSession;
use crate::web::fragment::partial;
use crate::web::pages::reveals::list;
use crate::web::state::AppState;
use crate::web::stream::{LivePage, Position, Shown, Update, stream};

/// A viewer who may not decide is shown no request; that is checked with every message.
pub async fn reveals(app: AppState, caller: RequestSession, position: Position) -> Response {
    stream(app, caller, RevealsPage { shown: Shown::new(position), accounts: HashSet::new() }).await
}

struct RevealsPage {
    shown: Shown,
    /// The accounts that the requests are about.
    accounts: HashSet<AccountId>,
}

impl LivePage for RevealsPage {
    fn concerns(&self, change: Change) -> bool {
        match change {
            Change::Approvals | Change::Policy | Change::Everything => true,
            Change::Account(id) => self.accounts.contains(&id),
            Change::StoredPassword(_)
            | Change::Devices(_)
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
        self.accounts = state.live.approvals.load().recent.iter().map(|request| request.account).collect();
        let Ok(html) = list::rendered(state, principal, None) else { return Update::Nothing };
        Update::replace(state, &mut self.shown, &html, |html| partial("#reveals", "innerMorph", html))
    }
}
