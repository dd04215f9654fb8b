//! The live list of invites.

use std::time::Duration;

use axum::response::Response;
use tokio::time::Instant;

use crate::domain::access::Principal;
use crate::live::events::Change;
use crate::web::auth::session::RequestSession;
use crate::web::error::AppError;
use crate::web::fragment::partial;
use crate::web::pages::invites::list;
use crate::web::state::AppState;
use crate::web::stream::{LivePage, Position, Shown, Update, stream};

/// What is due at a moment is rendered so much later, when it is over by every clock.
const MARGIN: Duration = Duration::from_millis(20);

/// A viewer who may not invite people is shown none; that is checked with every message.
pub async fn invites(app: AppState, caller: RequestSession, position: Position) -> Response {
    stream(app, caller, InvitesStream { shown: Shown::new(position), changes_at: None }).await
}

struct InvitesStream {
    shown: Shown,
    /// When the next invite expires.
    changes_at: Option<Instant>,
}

impl LivePage for InvitesStream {
    fn concerns(&self, change: Change) -> bool {
        match change {
            Change::Invites | Change::Policy | Change::Everything => true,
            Change::Account(_)
            | Change::StoredPassword(_)
            | Change::Devices(_)
            | Change::Approvals
            | Change::Proxies
            | Change::Jobs
            | Change::User(_)
            | Change::SessionEnded(_)
            | Change::Health
            | Change::Audit => false,
        }
    }

    async fn render(&mut self, state: &AppState, principal: &Principal) -> Update {
        let (html, changes_at) = match list::rendered(state, principal).await {
            Ok(rendered) => rendered,
            // What was sent must not stay on the page of a viewer who may not see it any more.
            Err(AppError::Forbidden(_)) => (String::new(), None),
            Err(_) => return Update::Nothing,
        };
        let wait = changes_at.map(|at| u64::try_from(at.0 - state.clock.now().0).unwrap_or_default());
        self.changes_at = wait.map(|wait| Instant::now() + Duration::from_millis(wait) + MARGIN);
        Update::replace(state, &mut self.shown, &html, |html| partial("#invites", "innerMorph", html))
    }

    fn deadline(&self) -> Option<Instant> {
        self.changes_at
    }
}
