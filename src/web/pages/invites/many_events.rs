//! The live progress of a list of invites.

use axum::response::Response;

use crate::domain::JobId;
use crate::domain::access::{Principal, decide_system};
use crate::domain::privilege::can;
use crate::live::events::Change;
use crate::web::auth::session::RequestSession;
use crate::web::error::AppError;
use crate::web::extract::Path;
use crate::web::fragment::partial;
use crate::web::pages::invites::many_job;
use crate::web::state::AppState;
use crate::web::stream::{LivePage, Position, Shown, Update, stream};

/// People see only what they have started; that is checked with every message.
pub async fn progress(
    app: AppState,
    caller: RequestSession,
    position: Position,
    Path(job): Path<JobId>,
) -> Response {
    stream(app, caller, ProgressStream { job, shown: Shown::new(position) }).await
}

struct ProgressStream {
    job: JobId,
    shown: Shown,
}

impl LivePage for ProgressStream {
    fn concerns(&self, change: Change) -> bool {
        match change {
            Change::Jobs | Change::Policy | Change::Everything => true,
            Change::Account(_)
            | Change::StoredPassword(_)
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
        let policy = state.live.policy.current();
        let html = match decide_system::<can::AddAccount>(&policy, principal) {
            Ok(_) => many_job::rendered(state, principal, self.job).await,
            Err(_) => Err(AppError::NotFound),
        };
        let html = match html {
            Ok(html) => html,
            // What was sent must not stay on the page of a viewer who may not see it any more.
            Err(AppError::NotFound) => String::new(),
            Err(_) => return Update::Nothing,
        };
        Update::replace(state, &mut self.shown, &html, |html| partial("#invite-list", "innerMorph", html))
    }
}
