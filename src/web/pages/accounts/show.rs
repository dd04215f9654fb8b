//! `/accounts/{account}`: one account, its status, and what can be done with it.

use askama::Template;
use axum::response::Response;

use crate::domain::access::{Principal, decide};
use crate::domain::privilege::can;
use crate::live::accounts::Entry;
use crate::ops;
use crate::web::error::AppError;
use crate::web::extract::Allowed;
use crate::web::layout::{Layout, html};
use crate::web::login::step;
use crate::web::pages::accounts::parts::Parts;
use crate::web::pages::accounts::stored::Stored;
use crate::web::paths;
use crate::web::state::{AppState, State};

#[derive(Template)]
#[template(path = "pages/accounts/show.html")]
pub(super) struct AccountPage<'a> {
    layout: Layout,
    entry: &'a Entry,
    parts: Parts,
}

impl AccountPage<'_> {
    /// Whether the page is soon out of date, for browsers that get no events.
    fn is_changing(&self) -> bool {
        step::is_changing(&self.entry.snapshot)
    }

    /// The same page with another step.
    pub(super) fn with_step(self, step: String) -> Self {
        Self { parts: Parts { step, ..self.parts }, ..self }
    }
}

pub async fn show(app: AppState, allowed: Allowed<can::View>) -> Result<Response, AppError> {
    if let Ok(permit) =
        decide::<can::ManageSessions>(&app.live.policy.current(), &allowed.actor, &allowed.entry.account)
    {
        ops::devices::look(&app, &permit.grant());
    }
    html(&page(&app, &allowed.actor, &allowed.entry).await?)
}

/// The page of an account that the reader may view.
pub(super) async fn page<'a>(
    app: &State,
    reader: &Principal,
    entry: &'a Entry,
) -> Result<AccountPage<'a>, AppError> {
    let stored = if app.db.is_away() { None } else { Stored::read(app, entry).await.ok() };
    let parts = Parts::of(app, &app.live.policy.current(), reader, entry, stored.as_ref())?;
    Ok(AccountPage { layout: Layout::of(app, reader), entry, parts })
}
