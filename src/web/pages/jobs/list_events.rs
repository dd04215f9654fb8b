//! The live list of jobs.

use std::collections::HashSet;

use axum::response::Response;
use axum_extra::extract::Query;

use crate::domain::AccountId;
use crate::domain::access::Principal;
use crate::domain::job::JobRecord;
use crate::live::events::Change;
use crate::web::auth::session::RequestSession;
use crate::web::fragment::partial;
use crate::web::pages::jobs::list;
use crate::web::pages::jobs::query::JobsQuery;
use crate::web::state::AppState;
use crate::web::stream::{LivePage, Position, Shown, Update, stream};

pub async fn jobs(
    app: AppState,
    caller: RequestSession,
    position: Position,
    Query(query): Query<JobsQuery>,
) -> Response {
    stream(app, caller, JobsPage { query, shown: Shown::new(position), accounts: HashSet::new() }).await
}

struct JobsPage {
    query: JobsQuery,
    shown: Shown,
    /// The accounts that the jobs are about.
    accounts: HashSet<AccountId>,
}

impl LivePage for JobsPage {
    fn concerns(&self, change: Change) -> bool {
        match change {
            Change::Jobs | Change::Policy | Change::Everything => true,
            Change::Account(id) => self.accounts.contains(&id),
            Change::StoredPassword(_)
            | Change::Devices(_)
            | Change::Approvals
            | Change::Invites
            | Change::Proxies
            | Change::User(_)
            | Change::SessionEnded(_)
            | Change::Health
            | Change::Audit => false,
        }
    }

    async fn render(&mut self, state: &AppState, principal: &Principal) -> Update {
        let jobs = state.live.jobs.load();
        self.accounts = jobs.jobs.iter().filter_map(JobRecord::account).collect();
        let Ok(html) = list::rendered(state, principal, &self.query) else { return Update::Nothing };
        Update::replace(state, &mut self.shown, &html, |html| partial("#jobs", "innerMorph", html))
    }
}
