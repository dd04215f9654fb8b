//! `/accounts/{id}`: one account, how it stands, and what can be done with it.

use askama::Template;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use crate::domain::access::{Principal, privileges, system_privileges};
use crate::domain::audit::Outcome;
use crate::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivilege, can};
use crate::domain::{DesiredState, StageToken};
use crate::live::accounts::Entry;
use crate::ops::{self, OpError};
use crate::store::audit::Filter;
use crate::store::{self, StoreError};
use crate::web::error::AppError;
use crate::web::extract::Allowed;
use crate::web::fragment;
use crate::web::layout::{Layout, html, html_with, wants_fragment};
use crate::web::pages::accounts::step::{FieldError, Step};
use crate::web::pages::audit::list::Line;
use crate::web::state::{AppState, State};
use crate::web::words::text;

#[derive(Template)]
#[template(path = "pages/accounts/show.html")]
struct AccountPage<'a> {
    layout: Layout,
    entry: &'a Entry,
    step: String,
    facts: String,
    more: More,
}

/// What the page offers, and what the database knows.
struct More {
    may_login: bool,
    may_password: bool,
    may_see_password: bool,
    may_edit: bool,
    may_remove: bool,
    /// None while the database is away.
    kept: Option<Kept>,
}

impl More {
    /// Whether there is a stored password that the reader may see.
    fn sees_password(&self) -> bool {
        self.may_see_password && self.kept.as_ref().is_some_and(|kept| kept.has_password)
    }

    fn may_anything(&self) -> bool {
        self.may_login || self.may_password || self.sees_password() || self.may_edit || self.may_remove
    }
}

/// What the database knows of an account, beside its row.
struct Kept {
    groups: Vec<String>,
    attempts: i64,
    limit: u32,
    password: String,
    has_password: bool,
    history: Vec<Line>,
}

/// Entries of the history.
const HISTORY: u32 = 30;

impl Kept {
    async fn read(app: &State, entry: &Entry) -> Result<Self, StoreError> {
        let account = &entry.account;
        let conn = &mut app.db.read().await?;
        let groups = store::groups::all(conn).await?;
        let day_ago = app.clock.now().plus_seconds(-24 * 60 * 60);
        let attempts = store::login_attempts::count_since(conn, &account.phone, day_ago).await?;
        let password = store::secrets::two_step_password(conn, account.id).await?;
        let filter = Filter { account: Some(account.id), ..Filter::default() };
        let history = store::audit::page(conn, &filter, HISTORY).await?;
        Ok(Self {
            groups: groups
                .into_iter()
                .filter(|group| account.groups.contains(&group.id))
                .map(|group| group.name)
                .collect(),
            attempts,
            limit: app.config.login_attempts_per_day,
            has_password: password.is_some(),
            password: match password {
                None => "none is stored".into(),
                Some(fact) => match fact.rejected_at {
                    None => format!("stored at {}", text::moment(fact.stored_at)),
                    Some(at) => {
                        format!("Telegram rejected the stored one at {}; set the right one", text::moment(at))
                    }
                },
            },
            // The outcome says it all; the intent before it would say it twice.
            history: history
                .into_iter()
                .filter(|entry| entry.outcome != Outcome::Intent)
                .map(|entry| Line::of(app, entry))
                .collect(),
        })
    }
}

/// What is known of the account. It is live too.
#[derive(Template)]
#[template(path = "parts/facts.html")]
pub struct Facts<'a> {
    /// The account.
    pub entry: &'a Entry,
}

impl Facts<'_> {
    fn added(&self) -> String {
        text::moment(self.entry.account.created)
    }
}

/// The page.
pub async fn show(app: AppState, allowed: Allowed<can::View>) -> Result<Response, AppError> {
    page(&app, &allowed.actor, &allowed.entry, StatusCode::OK, None).await
}

async fn page(
    app: &State,
    actor: &Principal,
    entry: &Entry,
    status: StatusCode,
    complaint: Option<FieldError>,
) -> Result<Response, AppError> {
    let may = privileges(&app.live.policy.current(), actor, &entry.account);
    let step = step(may, entry, complaint).render()?;
    let facts = Facts { entry }.render()?;
    let more = More {
        may_login: may.has(AccountPrivilege::Login),
        may_password: may.has(AccountPrivilege::EditTwoFactorPassword),
        may_see_password: may.has(AccountPrivilege::ViewTwoFactorPassword),
        may_edit: system_privileges(&app.live.policy.current(), actor).has(SystemPrivilege::ManageAccess),
        may_remove: may.has(AccountPrivilege::RemoveAccount) && entry.account.wanted != DesiredState::Removed,
        kept: if app.db.is_away() { None } else { Kept::read(app, entry).await.ok() },
    };
    html_with(status, &AccountPage { layout: Layout::of(app, actor), entry, step, facts, more })
}

fn step<'a>(may: AccountPrivileges, entry: &'a Entry, complaint: Option<FieldError>) -> Step<'a> {
    let step = Step::new(entry, may);
    match complaint {
        Some(complaint) => step.with_complaint(complaint),
        None => step,
    }
}

/// The stage that the button was made for.
#[derive(Debug, Deserialize)]
pub struct Asked {
    token: StageToken,
}

/// Asks Telegram for a code.
pub async fn ask_for_code(
    app: AppState,
    headers: HeaderMap,
    allowed: Allowed<can::Login>,
    Form(asked): Form<Asked>,
) -> Result<Response, AppError> {
    let done = ops::login::ask_for_code(&app, allowed.grant(), asked.token).await;
    after(&app, &headers, &allowed.actor, &allowed.entry, done).await
}

/// Wants the account connected.
pub async fn connect(
    app: AppState,
    headers: HeaderMap,
    allowed: Allowed<can::ManageConnectionState>,
) -> Result<Response, AppError> {
    let done = ops::accounts::connect(&app, allowed.grant()).await;
    after(&app, &headers, &allowed.actor, &allowed.entry, done).await
}

/// Wants the account disconnected.
pub async fn disconnect(
    app: AppState,
    headers: HeaderMap,
    allowed: Allowed<can::ManageConnectionState>,
) -> Result<Response, AppError> {
    let done = ops::accounts::disconnect(&app, allowed.grant()).await;
    after(&app, &headers, &allowed.actor, &allowed.entry, done).await
}

/// What a form in a dialog is answered with: the dialog closes with a word, or the account's page comes; what went
/// wrong stands in the dialog, or on that page.
pub async fn after_dialog(
    app: &State,
    headers: &HeaderMap,
    actor: &Principal,
    before: &Entry,
    done: Result<(), OpError>,
    words: &str,
) -> Result<Response, AppError> {
    if done.is_ok() && wants_fragment(headers) {
        return Ok(([("hx-trigger", "close-dialog")], fragment::done(words)).into_response());
    }
    after(app, headers, actor, before, done).await
}

/// What a form about the account is answered with: the step as it stands now, or with the complaint in it.
pub async fn after(
    app: &State,
    headers: &HeaderMap,
    actor: &Principal,
    before: &Entry,
    done: Result<(), OpError>,
) -> Result<Response, AppError> {
    let entry = app.live.accounts.get(before.account.id).ok_or(AppError::NotFound)?;
    let may = privileges(&app.live.policy.current(), actor, &entry.account);
    let (status, complaint) = match done {
        Ok(()) if wants_fragment(headers) => return html(&step(may, &entry, None)),
        Ok(()) => return Ok(Redirect::to(&format!("/accounts/{}", entry.account.id)).into_response()),
        Err(OpError::Invalid { field, message }) => {
            (StatusCode::UNPROCESSABLE_ENTITY, FieldError { field: Some(field), message })
        }
        Err(OpError::Refused(message)) => (StatusCode::CONFLICT, FieldError { field: None, message }),
        Err(OpError::TooOften(message)) => {
            (StatusCode::TOO_MANY_REQUESTS, FieldError { field: None, message })
        }
        Err(OpError::Telegram(message)) => (StatusCode::BAD_GATEWAY, FieldError { field: None, message }),
        Err(error) => return Err(error.into()),
    };
    if wants_fragment(headers) {
        html_with(status, &step(may, &entry, Some(complaint)))
    } else {
        page(app, actor, &entry, status, Some(complaint)).await
    }
}
