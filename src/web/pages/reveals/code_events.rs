//! Waiting for the next login code. This stream ends when the code arrives, or when there is nothing to wait for; it
//! carries the code, so permissions are checked each time.

use std::time::Duration;

use askama::Template;
use axum::response::Response;
use tokio::time::Instant;

use crate::domain::AccountId;
use crate::domain::access::Principal;
use crate::live::events::Change;
use crate::ops::OpError;
use crate::ops::reveals::code::{self, CodeWait};
use crate::web::auth::session::RequestSession;
use crate::web::extract::Path;
use crate::web::fragment::partial;
use crate::web::pages::reveals::revealed::RevealedPart;
use crate::web::state::AppState;
use crate::web::stream::{LivePage, Update, message, stream};
use crate::web::words::reveals as words;
use crate::words::sentence;

/// A wait belongs to its viewer, whose permission is checked when the code is shown.
pub async fn code(app: AppState, caller: RequestSession, Path(account): Path<AccountId>) -> Response {
    stream(app, caller, CodePage { account, deadline: None }).await
}

struct CodePage {
    account: AccountId,
    /// When to check again; None before the browser was told to wait.
    deadline: Option<Instant>,
}

impl LivePage for CodePage {
    // It is part of a page with its own stream.
    const HAS_FRAME: bool = false;

    fn concerns(&self, change: Change) -> bool {
        match change {
            Change::Approvals | Change::Policy | Change::Everything => true,
            Change::Account(id) => id == self.account,
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
        if self.deadline.is_none() {
            self.deadline = Some(Instant::now());
            return Update::Event(message::named("waiting"));
        }
        match code::poll_code(state, principal, self.account).await {
            Ok(CodeWait::Waiting(until)) => {
                let left = until.seconds_since(state.clock.now()).max(1).unsigned_abs();
                self.deadline = Some(Instant::now() + Duration::from_secs(left));
                Update::Nothing
            }
            Ok(CodeWait::Came(revealed)) => last(RevealedPart::code(revealed).render()),
            Ok(CodeWait::Over) => no_code(words::NO_CODE_CAME),
            Err(OpError::Refused(why)) => no_code(&sentence(&why)),
            Err(_) => no_code(words::CODE_UNAVAILABLE),
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.deadline
    }
}

/// What is shown when no code arrived.
#[derive(Template)]
#[template(path = "parts/no_code.html")]
struct Nothing<'a> {
    why: &'a str,
}

fn no_code(why: &str) -> Update {
    last(Nothing { why }.render())
}

fn last(html: askama::Result<String>) -> Update {
    let shown = html.map(|html| message::html(&partial("#awaited", "outerHTML", &html)));
    Update::Last(shown.into_iter().chain([message::named("over")]).collect())
}
