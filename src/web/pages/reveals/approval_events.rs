//! A request to see a secret, as its requester sees it: the page changes when it is decided, when it is used
//! elsewhere, and when it expires. No secret is ever sent here.

use std::marker::PhantomData;

use askama::Template;
use axum::response::Response;

use crate::domain::AccountId;
use crate::domain::access::{self, Principal};
use crate::domain::reveal::{DeviceLogin, LoginCode, Revealing, TwoStepPassword};
use crate::live::events::Change;
use crate::ops::{approvals, confirmation};
use crate::store::users::User;
use crate::web::auth::session::RequestSession;
use crate::web::extract::{Allowed, Path};
use crate::web::fragment::partial;
use crate::web::pages::reveals::approval::Part;
use crate::web::pages::reveals::urls::SecretUrls;
use crate::web::pages::sign_in::confirm;
use crate::web::state::{AppState, State};
use crate::web::stream::{LivePage, Position, Shown, Update, stream};

/// The stream of a request to see a login code.
pub async fn code_request(app: AppState, caller: RequestSession, Path(account): Path<AccountId>) -> Response {
    request::<LoginCode>(app, caller, account).await
}

/// The stream of a request to see a stored password.
pub async fn password_request(
    app: AppState,
    caller: RequestSession,
    Path(account): Path<AccountId>,
) -> Response {
    request::<TwoStepPassword>(app, caller, account).await
}

/// The stream of a request to log a device in.
pub async fn device_request(
    app: AppState,
    caller: RequestSession,
    Path(account): Path<AccountId>,
) -> Response {
    request::<DeviceLogin>(app, caller, account).await
}

/// The stream, for what `R` reveals. Rights are checked with every message.
async fn request<R: Revealing>(app: AppState, caller: RequestSession, account: AccountId) -> Response {
    // Read once for a stream, and only for viewers who may see the secret.
    let approvers = match Allowed::<R::Needs>::of(&app, &caller, account).await {
        Ok(Allowed { actor: Principal::User(person), .. }) => match app.db.read().await {
            Ok(mut conn) => approvals::approvers_for(&app, &mut conn, &person).await.unwrap_or_default(),
            Err(_) => Vec::new(),
        },
        Ok(_) | Err(_) => Vec::new(),
    };
    let emergency = approvals::allows_emergency(&app, account, R::KIND).await.unwrap_or(false);
    let confirmed = confirmation::is_required(&app, account).await.unwrap_or(true);
    let shown = Shown::new(Position::default());
    let page = RequestPage::<R> { account, approvers, emergency, confirmed, shown, kind: PhantomData };
    stream(app, caller, page).await
}

struct RequestPage<R> {
    account: AccountId,
    approvers: Vec<User>,
    emergency: bool,
    /// Whether people have to confirm their identity.
    confirmed: bool,
    shown: Shown,
    kind: PhantomData<fn() -> R>,
}

impl<R: Revealing> RequestPage<R> {
    fn html(&self, state: &State, principal: &Principal) -> askama::Result<String> {
        match state.live.accounts.get(self.account) {
            Some(entry)
                if access::decide::<R::Needs>(&state.live.policy.current(), principal, &entry.account)
                    .is_ok() =>
            {
                let status = approvals::from_view(state, principal, self.account, R::KIND, &self.approvers);
                let confirm = (self.confirmed && !confirmation::has_one(state, principal))
                    .then(|| confirm::address(state, &SecretUrls::of(R::KIND, self.account).page));
                Part::new(self.account, R::KIND, status, self.emergency, confirm).render()
            }
            _ => Lost.render(),
        }
    }
}

impl<R: Revealing> LivePage for RequestPage<R> {
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
        let Ok(html) = self.html(state, principal) else { return Update::Nothing };
        Update::replace(state, &mut self.shown, &html, |html| partial("#approval", "outerMorph", html))
    }
}

/// What replaces the part for a viewer who may no longer see the secret.
#[derive(Template)]
#[template(path = "parts/approval_lost.html")]
struct Lost;
