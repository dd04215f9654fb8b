//! The stream of pages that have none of their own: it ends with the session, and tells when permissions are lost, so
//! that what was open does not stay open.

use axum::response::Response;

use crate::domain::access::{Principal, system_privileges};
use crate::domain::privilege::SystemPrivileges;
use crate::live::events::Change;
use crate::web::auth::session::RequestSession;
use crate::web::state::AppState;
use crate::web::stream::message;
use crate::web::stream::{LivePage, Update, open};

pub async fn session(app: AppState, caller: RequestSession) -> Response {
    let state = app.clone();
    let page = |principal: &Principal| {
        Ok(AnyPage { had: system_privileges(&state.live.policy.current(), principal) })
    };
    open(app, caller, page).await
}

struct AnyPage {
    /// What the page may show, at most.
    had: SystemPrivileges,
}

impl LivePage for AnyPage {
    fn concerns(&self, change: Change) -> bool {
        match change {
            Change::Policy | Change::Everything => true,
            Change::Account(_)
            | Change::StoredPassword(_)
            | Change::Devices(_)
            | Change::Approvals
            | Change::User(_)
            | Change::SessionEnded(_)
            | Change::Jobs
            | Change::Invites
            | Change::Proxies
            | Change::Health
            | Change::Audit => false,
        }
    }

    async fn render(&mut self, state: &AppState, principal: &Principal) -> Update {
        let now = system_privileges(&state.live.policy.current(), principal);
        if now.contains(self.had) {
            self.had = now;
            return Update::Nothing;
        }
        Update::Last(vec![message::named("permissions-lost")])
    }
}
