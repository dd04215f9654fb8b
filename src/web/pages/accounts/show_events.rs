//! The live parts of one account's page and of its dialog. Whoever may not see the account any more keeps nothing of it:
//! neither its number and history, which are not live, nor what stands in a dialog.

use askama::Template;
use axum::response::Response;

use crate::domain::AccountId;
use crate::domain::access::{self, Principal};
use crate::domain::privilege::can;
use crate::web::auth::session::RequestSession;
use crate::web::extract::Path;
use crate::web::fragment::partial;
use crate::web::pages::accounts::show::Facts;
use crate::web::pages::accounts::step::Step;
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::stream::stream;

/// The stream. Whoever may not see the account learns that there is none, as he would from the page; that is
/// decided with every message, so it is not asked here.
pub async fn account(app: AppState, caller: RequestSession, Path(account): Path<AccountId>) -> Response {
    let mut page = AccountPage { account, shown: String::new() };
    stream(app, caller, move |app, actor| page.message(app, actor)).await
}

/// What an account's stream has shown.
struct AccountPage {
    account: AccountId,
    shown: String,
}

impl AccountPage {
    fn message(&mut self, app: &State, actor: &Principal) -> Option<String> {
        let html = match app.live.accounts.get(self.account) {
            Some(entry)
                if access::decide::<can::View>(&app.live.policy.current(), actor, &entry.account).is_ok() =>
            {
                let step =
                    Step::new(&entry, access::privileges(&app.live.policy.current(), actor, &entry.account));
                partial("#step", "outerMorph", &step.render().ok()?)
                    + &partial("#facts", "outerMorph", &Facts { entry: &entry }.render().ok()?)
            }
            _ => {
                partial("#whole", "innerHTML", &Gone.render().ok()?)
                    + &partial("#dialog-body", "innerHTML", &Gone.render().ok()?)
            }
        };
        if html == self.shown {
            return None;
        }
        self.shown.clone_from(&html);
        Some(html)
    }
}

/// What is left of an account that one may no longer see.
#[derive(Template)]
#[template(path = "parts/gone.html")]
struct Gone;
