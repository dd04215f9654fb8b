//! `/groups/{group}`: one group, its accounts, and each role's permissions on them.

use std::sync::Arc;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use axum_extra::extract::Query;
use serde::Deserialize;

use crate::domain::GroupId;
use crate::domain::access::{Principal, privileges};
use crate::domain::job_line::ActionKind;
use crate::domain::privilege::{AccountPrivilege, can};
use crate::live::accounts::{Entry, GroupNames};
use crate::ops::access::MAX_NAME;
use crate::ops::confirmation;
use crate::store;
use crate::store::groups::Group;
use crate::web::error::AppError;
use crate::web::extract::{May, Path};
use crate::web::layout::{Layout, html_with};
use crate::web::pages::access::cell::GrantLink;
use crate::web::pages::access::named::NameForm;
use crate::web::pages::access::notice::NoticeQuery;
use crate::web::pages::accounts::filter::Filter;
use crate::web::pages::accounts::query::AccountsQuery;
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::words::proxies;

/// Accounts on a page.
const PAGE: usize = 100;
/// Accounts that a search shows.
const FOUND: usize = 50;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct GroupQuery {
    /// What to search among the accounts outside of the group.
    q: String,
    page: usize,
}

#[derive(Template)]
#[template(path = "pages/groups/show.html")]
pub struct GroupPage {
    layout: Layout,
    tab: &'static str,
    done: Option<&'static str>,
    group: Group,
    accounts: Vec<Arc<Entry>>,
    /// Whether it has accounts that the reader can't see.
    more_hidden: bool,
    /// Whether the reader can change the two-step password of any of them.
    rotates: bool,
    page: usize,
    pages: usize,
    q: String,
    found: Vec<Arc<Entry>>,
    /// Whether the search found more than it shows.
    found_more: bool,
    grants: Vec<GrantLink>,
    /// What was selected for its accounts to connect through.
    proxy: String,
    needs_approval: bool,
    allows_emergency: bool,
    needs_confirmation: bool,
    /// Whether people can confirm their identity in the way they sign in.
    confirmable: bool,
    name: NameForm,
    error: Option<(&'static str, &'static str)>,
}

impl GroupPage {
    fn error(&self, field: &str) -> Option<&'static str> {
        self.error.filter(|(at, _)| *at == field).map(|(_, message)| message)
    }

    /// The page with an error of a field.
    pub fn invalid(self, field: &'static str, message: &'static str) -> Result<Response, AppError> {
        html_with(StatusCode::UNPROCESSABLE_ENTITY, &Self { error: Some((field, message)), ..self })
    }
}

pub async fn show(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<GroupId>,
    Query(notice): Query<NoticeQuery>,
    Query(query): Query<GroupQuery>,
) -> Result<Response, AppError> {
    let page = page(&app, &may.actor, id, query).await?;
    html_with(StatusCode::OK, &GroupPage { done: notice.message(), ..page })
}

/// The page with an error in the new name.
pub async fn name_again(
    app: &State,
    may: &May<can::ManageAccess>,
    id: GroupId,
    name: NameForm,
) -> Result<Response, AppError> {
    let page = GroupPage { name, ..page(app, &may.actor, id, GroupQuery::default()).await? };
    html_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

/// The accounts that the reader can see.
pub fn visible(app: &State, reader: &Principal) -> Vec<Arc<Entry>> {
    let policy = app.live.policy.current();
    let sees = |entry: &&Arc<Entry>| privileges(&policy, reader, &entry.account).has(AccountPrivilege::View);
    app.live.accounts.listing().entries.iter().filter(sees).cloned().collect()
}

pub async fn page(
    app: &State,
    reader: &Principal,
    id: GroupId,
    query: GroupQuery,
) -> Result<GroupPage, AppError> {
    let mut conn = app.db.read().await?;
    let group = store::groups::get(&mut conn, id).await?.ok_or(AppError::NotFound)?;
    let roles = store::roles::all(&mut conn).await?;
    let needs_approval = store::groups::needing_approval(&mut conn).await?.contains(&id);
    let allows_emergency = store::groups::allowing_emergency(&mut conn).await?.contains(&id);
    let needs_confirmation = store::groups::needing_confirmation(&mut conn).await?.contains(&id);
    drop(conn);
    let policy = app.live.policy.current();
    let is_inside = |entry: &Arc<Entry>| entry.account.groups.contains(&id);
    let (mut inside, outside): (Vec<_>, Vec<_>) = visible(app, reader).into_iter().partition(is_inside);
    inside.sort_by(|a, b| a.account.identifier.cmp(&b.account.identifier));
    let all = app.live.accounts.listing().entries.iter().filter(|entry| is_inside(entry)).count();
    let more_hidden = all > inside.len();
    let takes = ActionKind::NewTwoStepPassword.takes();
    let rotates = inside.iter().any(|entry| privileges(&policy, reader, &entry.account).has(takes));
    let pages = inside.len().div_ceil(PAGE).max(1);
    let at = query.page.clamp(1, pages);
    let (found, found_more) = search(outside, &query.q, app.live.accounts.groups());
    Ok(GroupPage {
        layout: Layout::of(app, reader),
        tab: "groups",
        done: None,
        accounts: inside.into_iter().skip((at - 1) * PAGE).take(PAGE).collect(),
        more_hidden,
        rotates,
        page: at,
        pages,
        q: query.q,
        found,
        found_more,
        grants: roles.into_iter().map(|role| GrantLink::new(&policy, id, role.id, role.name)).collect(),
        proxy: proxies::of_group(&app.live.proxies.plan(), id),
        needs_approval,
        allows_emergency,
        needs_confirmation,
        confirmable: confirmation::is_possible(&app.config.sso),
        name: NameForm::of(&group.name),
        error: None,
        group,
    })
}

/// The accounts that match, and whether there are more.
fn search(accounts: Vec<Arc<Entry>>, q: &str, names: Arc<GroupNames>) -> (Vec<Arc<Entry>>, bool) {
    if q.trim().is_empty() {
        return (Vec::new(), false);
    }
    let query = AccountsQuery { q: q.to_owned(), ..AccountsQuery::default() };
    let filter = Filter::new(&query, names);
    let mut found: Vec<_> = accounts.into_iter().filter(|entry| filter.fits(entry)).collect();
    let more = found.len() > FOUND;
    found.truncate(FOUND);
    (found, more)
}
