//! The steps of a login, live, in the browser that has begun.

use axum::response::Response;

use super::login::{done, step};
use crate::domain::AccountId;
use crate::domain::access::{Principal, decide};
use crate::domain::privilege::can;
use crate::live::events::Change;
use crate::web::auth::invite_browser;
use crate::web::fragment::partial;
use crate::web::state::AppState;
use crate::web::stream::{LivePage, Position, Shown, Update, stream_of_invite};

pub async fn login(app: AppState, caller: invite_browser::Caller) -> Response {
    stream_of_invite(app, caller, LoginStream { shown: Shown::new(Position::default()), account: None }).await
}

struct LoginStream {
    shown: Shown,
    account: Option<AccountId>,
}

impl LivePage for LoginStream {
    const HAS_FRAME: bool = false;

    fn concerns(&self, change: Change) -> bool {
        match change {
            Change::Account(id) => self.account == Some(id),
            // Ending a person's sessions ends their own onboarding.
            Change::Invites | Change::User(_) | Change::Policy | Change::Everything => true,
            Change::StoredPassword(_)
            | Change::Devices(_)
            | Change::Approvals
            | Change::Proxies
            | Change::Jobs
            | Change::SessionEnded(_)
            | Change::Health
            | Change::Audit => false,
        }
    }

    async fn render(&mut self, state: &AppState, principal: &Principal) -> Update {
        let Principal::Invite(pass) = principal else { return Update::Nothing };
        let html = match pass.account() {
            Some(id) => {
                self.account = Some(id);
                let Some(entry) = state.live.accounts.get(id) else { return Update::Nothing };
                if decide::<can::Login>(&state.live.policy.current(), principal, &entry.account).is_err() {
                    return Update::Nothing;
                }
                step(state, principal, &entry, None).await
            }
            // The invite was used.
            None if self.account.is_some() => done(state),
            None => return Update::Nothing,
        };
        let Ok(html) = html else { return Update::Nothing };
        Update::replace(state, &mut self.shown, &html, |html| partial("#step", "outerMorph", html))
    }
}
