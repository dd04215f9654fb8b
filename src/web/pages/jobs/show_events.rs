//! The live page of a task with many lines.

use axum::response::Response;

use crate::domain::JobId;
use crate::domain::access::Principal;
use crate::live::events::Change;
use crate::web::auth::session::RequestSession;
use crate::web::error::AppError;
use crate::web::extract::Path;
use crate::web::fragment::partial;
use crate::web::pages::jobs::show;
use crate::web::state::AppState;
use crate::web::stream::{LivePage, Position, Shown, Update, stream};

/// Who may see it is checked with every message.
pub async fn job(
    app: AppState,
    caller: RequestSession,
    position: Position,
    Path(job): Path<JobId>,
) -> Response {
    stream(app, caller, JobStream { job, shown: Shown::new(position) }).await
}

struct JobStream {
    job: JobId,
    shown: Shown,
}

impl LivePage for JobStream {
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
        let html = match show::rendered(state, principal, self.job).await {
            Ok(html) => html,
            // What was sent must not stay on the page of a viewer who may not see it any more.
            Err(AppError::NotFound) => String::new(),
            Err(_) => return Update::Nothing,
        };
        Update::replace(state, &mut self.shown, &html, |html| partial("#job", "innerMorph", html))
    }
}
