//! The live parts of one account's page and of its dialog. For a viewer who may no longer see the account, everything
//! is removed from the page, including parts that are not live, and an open dialog.

use askama::Template;
use axum::response::Response;

use crate::domain::AccountId;
use crate::domain::access::{self, Principal};
use crate::domain::privilege::can;
use crate::live::events::Change;
use crate::web::auth::session::RequestSession;
use crate::web::extract::Path;
use crate::web::fragment::partial;
use crate::web::pages::accounts::show::Facts;
use crate::web::pages::accounts::step::Step;
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::stream::{LivePage, Position, Shown, Update, stream};

/// For a viewer who may not see the account it does not exist, as on the page; that is checked with every
/// message.
pub async fn account(app: AppState, caller: RequestSession, Path(account): Path<AccountId>) -> Response {
    stream(app, caller, AccountPage { account, shown: Shown::new(Position::default()) }).await
}

struct AccountPage {
    account: AccountId,
    shown: Shown,
}

impl AccountPage {
    fn html(&self, state: &State, principal: &Principal) -> askama::Result<String> {
        let (policy, accounts) = state.live.policy_and_accounts();
        let entry = accounts.get(self.account);
        match entry.filter(|it| access::decide::<can::View>(&policy, principal, &it.account).is_ok()) {
            Some(entry) => {
                let step = Step::new(entry, access::privileges(&policy, principal, &entry.account));
                Ok(partial("#step", "outerMorph", &step.render()?)
                    + &partial("#facts", "outerMorph", &Facts { entry }.render()?))
            }
            None => {
                let gone = Gone.render()?;
                Ok(partial("#whole", "innerHTML", &gone) + &partial("#dialog-body", "innerHTML", &gone))
            }
        }
    }
}

impl LivePage for AccountPage {
    fn concerns(&self, change: Change) -> bool {
        match change {
            Change::Account(id) => id == self.account,
            Change::Policy | Change::Everything => true,
            Change::StoredPassword(_)
            | Change::Approvals
            | Change::Jobs
            | Change::User(_)
            | Change::SessionEnded(_)
            | Change::Health
            | Change::Audit => false,
        }
    }

    async fn render(&mut self, state: &AppState, principal: &Principal) -> Update {
        let Ok(html) = self.html(state, principal) else { return Update::Nothing };
        Update::replace(state, &mut self.shown, &html, str::to_owned)
    }
}

/// What replaces an account that the viewer may no longer see.
#[derive(Template)]
#[template(path = "parts/gone.html")]
struct Gone;
