//! A request to see a secret, as whoever made it sees it: the page changes by itself when somebody decides it, when
//! it is used elsewhere, and when its time is over. No secret is ever sent here.

use askama::Template;
use axum::response::Response;

use crate::domain::privilege::can;
use crate::domain::reveal::Revealing;
use crate::domain::{AccountId, access};
use crate::ops::approvals;
use crate::web::auth::session::RequestSession;
use crate::web::extract::{Allowed, Path};
use crate::web::fragment::partial;
use crate::web::pages::reveals::approval::Part;
use crate::web::state::AppState;
use crate::web::stream::stream;

/// The stream of a request to see a login code.
pub async fn code_request(app: AppState, caller: RequestSession, Path(account): Path<AccountId>) -> Response {
    request::<can::Login>(app, caller, account).await
}

/// The stream of a request to see a stored password.
pub async fn password_request(
    app: AppState,
    caller: RequestSession,
    Path(account): Path<AccountId>,
) -> Response {
    request::<can::ViewTwoFactorPassword>(app, caller, account).await
}

/// The stream, for what `P` reveals. Rights are looked at with every message, so they are not asked here.
async fn request<P: Revealing>(app: AppState, caller: RequestSession, account: AccountId) -> Response {
    // Read once for a stream, and only for somebody who may see the secret: to whomever else asks this costs nothing.
    let approvers = match Allowed::<P>::of(&app, &caller, account).await {
        Ok(_) => match app.db.read().await {
            Ok(mut conn) => approvals::approvers(&app, &mut conn).await.unwrap_or_default(),
            Err(_) => Vec::new(),
        },
        Err(_) => Vec::new(),
    };
    let mut shown = String::new();
    stream(app, caller, move |app, actor| {
        let html = match app.live.accounts.get(account) {
            Some(entry) if access::decide::<P>(&app.live.policy.current(), actor, &entry.account).is_ok() => {
                let standing = approvals::on_board(app, actor, account, P::KIND, &approvers);
                Part::new(account, P::KIND, standing, None).render().ok()?
            }
            _ => Lost.render().ok()?,
        };
        if html == shown {
            return None;
        }
        shown.clone_from(&html);
        Some(partial("#approval", "outerMorph", &html))
    })
    .await
}

/// What is left for whoever may not see the secret any more.
#[derive(Template)]
#[template(path = "parts/approval_lost.html")]
struct Lost;
