//! `/access/explain`: why a person may do something with an account or may not, and who has access to an account.

use std::sync::Arc;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use axum_extra::extract::Query;
use serde::Deserialize;

use super::holders::{HolderRow, holder_rows};
use super::reasons::{Names, ReasonRow};
use crate::domain::access::{
    Person, Policy, Principal, explain as explain_account, explain_system, privileges,
};
use crate::domain::privilege::{AccountPrivilege, can};
use crate::domain::{Email, Identifier, Millis, RequestInfo, UserId};
use crate::live::accounts::Entry;
use crate::store::users::User;
use crate::store::{self, Conn, StoreError};
use crate::web::error::AppError;
use crate::web::extract::May;
use crate::web::form::{FieldError, Fields, FormState};
use crate::web::layout::{Layout, html_with};
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::words;

/// Addresses, numbers or ids.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ExplainQuery {
    person: String,
    account: String,
}

impl Fields for ExplainQuery {
    const NAMES: &'static [&'static str] = &["person", "account"];
}

#[derive(Template)]
#[template(path = "pages/access/explain.html")]
struct ExplainPage {
    layout: Layout,
    tab: &'static str,
    form: FormState<ExplainQuery>,
    person: Option<ExplainedPerson>,
    account: Option<Arc<Entry>>,
    rows: Vec<ReasonRow>,
    system: Vec<ReasonRow>,
    holders: Vec<HolderRow>,
}

struct ExplainedPerson {
    email: Email,
    disabled: bool,
    /// Whether they have signed in before.
    known: bool,
    roles: Vec<String>,
}

/// For a person and an account the reasons; for an account alone everyone with access; for neither the form.
pub async fn explain(
    app: AppState,
    may: May<can::ManageAccess>,
    Query(query): Query<ExplainQuery>,
) -> Result<Response, AppError> {
    let layout = Layout::of(&app, &may.actor);
    let policy = app.live.policy.current();
    let conn = &mut app.db.read().await?;
    let account = find_account(&app, &policy, &may.actor, query.account.trim());
    let mut user = find_user(conn, query.person.trim()).await?;
    if let (Err(_), Some(owner)) = (&user, owner(&app, &policy, &may.actor, query.person.trim())) {
        user = Ok(Some(owner));
    }
    let mut page = ExplainPage {
        layout,
        tab: "explain",
        form: FormState::new(query),
        person: None,
        account: None,
        rows: Vec::new(),
        system: Vec::new(),
        holders: Vec::new(),
    };
    let (user, account) = match (user, account) {
        (Ok(user), Ok(account)) => (user, account),
        (Err(error), _) | (_, Err(error)) => {
            page.form.errors.push(error);
            return html_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
    };
    let names = Names::read(&app, conn).await?;
    if let Some(user) = user {
        let person = as_person(&user);
        page.system = explain_system(&policy, &person).iter().map(|one| names.system_row(one)).collect();
        if let Some(entry) = &account {
            let explained = explain_account(&policy, &person, &entry.account);
            page.rows =
                explained.iter().filter(|one| one.privilege.is_used()).map(|one| names.row(one)).collect();
        }
        let roles = policy.roles_of(user.id).iter().map(|role| names.role(*role)).collect();
        let known = user.seen != Millis(0);
        page.person = Some(ExplainedPerson { email: user.email, disabled: user.disabled, known, roles });
    } else if let Some(entry) = &account {
        page.holders = holder_rows(conn, &policy, &names, &entry.account).await?;
    }
    if let Some(entry) = &account {
        // A link names it by its id, which no one can read.
        page.form.values.account = entry.account.identifier.to_string();
    }
    page.account = account;
    html_with(StatusCode::OK, &page)
}

/// The account of a number or an id. One that the reader can't see does not exist.
fn find_account(
    app: &State,
    policy: &Policy,
    reader: &Principal,
    text: &str,
) -> Result<Option<Arc<Entry>>, FieldError> {
    if text.is_empty() {
        return Ok(None);
    }
    let listing = app.live.accounts.listing();
    let found = match (text.parse(), Identifier::parse(text)) {
        (Ok(id), _) => listing.get(id),
        (Err(_), Ok(named)) => listing.entries.iter().find(|entry| entry.account.identifier == named),
        (Err(_), Err(error)) => return Err(FieldError::on("account", error.to_string())),
    };
    let visible =
        found.filter(|entry| privileges(policy, reader, &entry.account).has(AccountPrivilege::View));
    visible.cloned().map(Some).ok_or_else(|| FieldError::on("account", words::access::NO_ACCOUNT_WITH_NUMBER))
}

/// The user of an address or an id.
async fn find_user(conn: &mut Conn<'_>, text: &str) -> Result<Result<Option<User>, FieldError>, StoreError> {
    if text.is_empty() {
        return Ok(Ok(None));
    }
    let found = match (text.parse::<UserId>(), Email::parse(text)) {
        (Ok(id), _) => store::users::by_id(conn, id).await?,
        (Err(_), Ok(email)) => store::users::by_email(conn, &email).await?,
        (Err(_), Err(error)) => return Ok(Err(FieldError::on("person", error.to_string()))),
    };
    Ok(found.map(Some).ok_or_else(|| FieldError::on("person", words::access::NO_USER_WITH_ADDRESS)))
}

/// The owner of an account that the reader can see, who has not been here yet.
fn owner(app: &State, policy: &Policy, reader: &Principal, text: &str) -> Option<User> {
    let email = Email::parse(text).ok()?;
    let listing = app.live.accounts.listing();
    let sees = |entry: &Entry| privileges(policy, reader, &entry.account).has(AccountPrivilege::View);
    let owns = |entry: &&Arc<Entry>| entry.account.owner.as_ref() == Some(&email) && sees(entry);
    listing.iter().find(owns)?;
    let admin = app.config.sso.admin_emails.contains(&email);
    let (created, seen) = (Millis(0), Millis(0));
    Some(User { id: UserId::generate(), email, admin, disabled: false, created, seen })
}

/// The user as if signed in with a verified address.
fn as_person(user: &User) -> Person {
    let email = user.email.clone();
    let origin = RequestInfo::default();
    Person { id: user.id, email, verified: true, admin: user.admin, confirmed: None, origin }
}
