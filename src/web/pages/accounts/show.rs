//! `/accounts/{account}`: one account, its status, and what can be done with it.

use askama::Template;
use axum::response::Response;

use crate::domain::DesiredState;
use crate::domain::access::{Principal, privileges, system_privileges};
use crate::domain::privilege::{AccountPrivilege, SystemPrivilege, can};
use crate::domain::stage::Severity;
use crate::live::accounts::Entry;
use crate::ops::accounts::was_never_logged_in;
use crate::web::error::AppError;
use crate::web::extract::Allowed;
use crate::web::layout::{Layout, html};
use crate::web::pages::accounts::step::Step;
use crate::web::pages::accounts::stored::Stored;
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::words::connections;
use crate::web::words::moments::{Moment, moment};

#[derive(Template)]
#[template(path = "pages/accounts/show.html")]
pub(super) struct AccountPage<'a> {
    layout: Layout,
    entry: &'a Entry,
    step: String,
    facts: String,
    may_login: bool,
    may_store_password: bool,
    may_view_password: bool,
    may_edit: bool,
    may_correct_number: bool,
    may_remove: bool,
    /// None while the database is unavailable.
    stored: Option<Stored>,
}

impl AccountPage<'_> {
    /// Whether there is a stored password that the reader may view.
    fn shows_password(&self) -> bool {
        self.may_view_password && self.stored.as_ref().is_some_and(|stored| stored.has_password)
    }

    fn has_actions(&self) -> bool {
        self.may_login || self.may_store_password || self.shows_password() || self.may_edit || self.may_remove
    }

    /// Whether the page is soon out of date, for browsers that get no events.
    fn is_changing(&self) -> bool {
        self.entry.snapshot.busy || self.entry.snapshot.stage.mood() == Severity::Moving
    }
}

/// What is known of the account. It is live too.
#[derive(Template)]
#[template(path = "parts/facts.html")]
pub(super) struct Facts<'a> {
    pub(super) entry: &'a Entry,
}

impl Facts<'_> {
    fn added(&self) -> Moment {
        moment(self.entry.account.created)
    }

    fn connection(&self) -> &'static str {
        connections::label(self.entry.snapshot.network)
    }
}

pub async fn show(app: AppState, allowed: Allowed<can::View>) -> Result<Response, AppError> {
    let may = privileges(&app.live.policy.current(), &allowed.actor, &allowed.entry.account);
    let step = Step::new(&allowed.entry, may).render()?;
    html(&page(&app, &allowed.actor, &allowed.entry, step).await?)
}

/// The page around a step.
pub(super) async fn page<'a>(
    app: &State,
    reader: &Principal,
    entry: &'a Entry,
    step: String,
) -> Result<AccountPage<'a>, AppError> {
    let policy = app.live.policy.current();
    let may = privileges(&policy, reader, &entry.account);
    let database_down = app.db.is_away();
    Ok(AccountPage {
        layout: Layout::of(app, reader),
        step,
        facts: Facts { entry }.render()?,
        may_login: may.has(AccountPrivilege::Login),
        may_store_password: may.has(AccountPrivilege::EditTwoFactorPassword),
        may_view_password: may.has(AccountPrivilege::ViewTwoFactorPassword),
        may_edit: system_privileges(&policy, reader).has(SystemPrivilege::ManageAccess),
        may_correct_number: may.has(AccountPrivilege::Login)
            && system_privileges(&policy, reader).has(SystemPrivilege::AddAccount)
            && was_never_logged_in(entry),
        may_remove: may.has(AccountPrivilege::RemoveAccount) && entry.account.wanted != DesiredState::Removed,
        stored: if database_down { None } else { Stored::read(app, entry).await.ok() },
        entry,
    })
}
