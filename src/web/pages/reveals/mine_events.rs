//! The reader's own requests, live.

use axum::response::Response;

use crate::domain::access::Principal;
use crate::live::events::Change;
use crate::web::auth::session::RequestSession;
use crate::web::fragment::partial;
use crate::web::pages::reveals::mine;
use crate::web::state::AppState;
use crate::web::stream::{LivePage, Position, Shown, Update, stream};

pub async fn requests(app: AppState, caller: RequestSession, position: Position) -> Response {
    stream(app, caller, MyRequestsStream { shown: Shown::new(position) }).await
}

struct MyRequestsStream {
    shown: Shown,
}

impl LivePage for MyRequestsStream {
    fn concerns(&self, change: Change) -> bool {
        match change {
            Change::Approvals | Change::Policy | Change::Everything => true,
            Change::Account(_)
            | Change::StoredPassword(_)
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
        let Ok(html) = mine::rendered(state, principal) else { return Update::Nothing };
        Update::replace(state, &mut self.shown, &html, |html| partial("#my-requests", "innerMorph", html))
    }
}
