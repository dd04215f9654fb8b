//! `/groups/{group}`: one group, the accounts in it, and what each role may do with them.

use std::sync::Arc;

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::{Form, Query};
use serde::Deserialize;

use crate::domain::access::{Principal, privileges};
use crate::domain::privilege::{AccountPrivilege, can};
use crate::domain::{GroupId, Phone, RoleId};
use crate::live::accounts::Entry;
use crate::ops::OpError;
use crate::ops::access::{Edit, Failed, MAX_NAME};
use crate::store;
use crate::store::groups::Group;
use crate::web::error::AppError;
use crate::web::extract::{May, Path};
use crate::web::layout::{Layout, html_with};
use crate::web::pages::access::confirm::{Done, Fields, Plan, confirm, make};
use crate::web::pages::accounts::filter::Filter;
use crate::web::pages::accounts::query::AccountsQuery;
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::words::privileges::account_labels;

/// Accounts on a page.
const PAGE: usize = 100;
/// Accounts that a search shows.
const FOUND: usize = 50;

/// What to show, from the URL.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    q: String,
    page: usize,
}

#[derive(Template)]
#[template(path = "pages/groups/show.html")]
struct GroupPage {
    layout: Layout,
    tab: &'static str,
    done: Option<&'static str>,
    group: Group,
    accounts: Vec<Arc<Entry>>,
    /// Whether there are accounts in it that the reader may not see.
    more_hidden: bool,
    page: usize,
    pages: usize,
    q: String,
    found: Vec<Arc<Entry>>,
    /// Whether the search found more than it shows.
    found_more: bool,
    cells: Vec<Cell>,
    /// Whether secrets of its accounts are shown only after a second person's approval.
    needs_approval: bool,
    name: String,
    numbers: String,
    error: Option<(&'static str, String)>,
}

/// What a role may do with the accounts of the group.
struct Cell {
    role: RoleId,
    name: String,
    labels: Vec<&'static str>,
}

impl GroupPage {
    fn about(&self, field: &str) -> Option<&str> {
        self.error.as_ref().filter(|(at, _)| *at == field).map(|(_, message)| message.as_str())
    }

    fn wrong(self, field: &'static str, message: String) -> Result<Response, AppError> {
        let page = Self { error: Some((field, message)), ..self };
        html_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
    }
}

/// The page.
pub async fn show(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<GroupId>,
    Query(done): Query<Done>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, AppError> {
    let page = page(&app, &may.actor, id, wanted).await?;
    html_with(StatusCode::OK, &GroupPage { done: done.words(), ..page })
}

/// Calls it otherwise.
pub async fn rename(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<GroupId>,
    Form(fields): Form<Fields>,
) -> Result<Response, AppError> {
    let page = page(&app, &may.actor, id, Wanted::default()).await?;
    let name = fields.one("name").to_owned();
    match make(&app, &may, Edit::RenameGroup(id, name.clone())).await? {
        Ok(()) => Ok(Redirect::to(&format!("/groups/{id}?done=renamed")).into_response()),
        Err(failed) => GroupPage { name, ..page }.wrong("name", failed.why),
    }
}

/// Says whether secrets of its accounts are shown only after a second person's approval.
pub async fn approval(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<GroupId>,
    Form(fields): Form<Fields>,
) -> Result<Redirect, AppError> {
    // Anything but a clear no asks for approvals: half a form makes nothing easier to see.
    let edit = Edit::NeedApproval(id, fields.one("needed") != "no");
    make(&app, &may, edit).await?.map_err(|failed| OpError::Refused(failed.why))?;
    Ok(Redirect::to(&format!("/groups/{id}?done=saved")))
}

/// Deletes it, after a look at what that takes away. Its accounts stay.
pub async fn delete(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<GroupId>,
    Form(fields): Form<Fields>,
) -> Result<Response, AppError> {
    let group = group(&app, id).await?;
    let plan = Plan {
        then: "/groups?done=deleted".into(),
        button: "Delete the group",
        ..plan(&group, "delete", format!("Delete the group “{}”", group.name))
    };
    confirm(&app, &may, &fields, &[Edit::DeleteGroup(id)], &plan).await?.answer()
}

/// Takes the ticked accounts out.
pub async fn take_out(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<GroupId>,
    Form(fields): Form<Fields>,
) -> Result<Response, AppError> {
    let group = group(&app, id).await?;
    let edits: Vec<Edit> =
        fields.ids("account").into_iter().map(|account| Edit::TakeOut(account, id)).collect();
    if edits.is_empty() {
        let page = page(&app, &may.actor, id, Wanted::default()).await?;
        return page.wrong("account", "Tick an account first.".into());
    }
    let plan = plan(&group, "take-out", format!("Take accounts out of “{}”", group.name));
    confirm(&app, &may, &fields, &edits, &plan).await?.answer()
}

/// Puts accounts in: the ticked, and those whose numbers were typed.
pub async fn put_in(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<GroupId>,
    Form(fields): Form<Fields>,
) -> Result<Response, AppError> {
    let group = group(&app, id).await?;
    let mut edits: Vec<Edit> =
        fields.ids("account").into_iter().map(|account| Edit::PutIn(account, id)).collect();
    let mut plan = plan(&group, "put-in", format!("Put accounts into “{}”", group.name));
    let visible = visible(&app, &may.actor);
    for typed in fields.list("numbers") {
        let named = Phone::parse(typed).ok();
        let entry = named.and_then(|phone| visible.iter().find(|entry| entry.account.phone == phone));
        match entry {
            Some(entry) => edits.push(Edit::PutIn(entry.account.id, id)),
            None => plan.unknown.push(no_such_account(typed)),
        }
    }
    if edits.is_empty() && plan.unknown.is_empty() {
        let page = page(&app, &may.actor, id, Wanted::default()).await?;
        return page.wrong("numbers", "Tick accounts, or type their numbers.".into());
    }
    confirm(&app, &may, &fields, &edits, &plan).await?.answer()
}

/// What is not there and what one may not see are alike.
fn no_such_account(typed: &str) -> Failed {
    Failed { what: typed.to_owned(), field: None, why: "There is no such account.".into() }
}

fn plan(group: &Group, place: &str, title: String) -> Plan {
    Plan::below(format!("/groups/{}", group.id), place, title)
}

async fn group(app: &State, id: GroupId) -> Result<Group, AppError> {
    store::groups::get(&mut app.db.read().await?, id).await?.ok_or(AppError::NotFound)
}

fn visible(app: &State, reader: &Principal) -> Vec<Arc<Entry>> {
    let rules = app.live.policy.current();
    let sees = |entry: &&Arc<Entry>| privileges(&rules, reader, &entry.account).has(AccountPrivilege::View);
    app.live.accounts.listing().entries.iter().filter(sees).cloned().collect()
}

async fn page(app: &State, reader: &Principal, id: GroupId, wanted: Wanted) -> Result<GroupPage, AppError> {
    let mut conn = app.db.read().await?;
    let group = store::groups::get(&mut conn, id).await?.ok_or(AppError::NotFound)?;
    let roles = store::roles::all(&mut conn).await?;
    let needs_approval = store::groups::needing_approval(&mut conn).await?.contains(&id);
    drop(conn);
    let rules = app.live.policy.current();
    let (mut inside, outside): (Vec<_>, Vec<_>) =
        visible(app, reader).into_iter().partition(|entry| entry.account.groups.contains(&id));
    inside.sort_by(|a, b| a.account.phone.digits().cmp(b.account.phone.digits()));
    let all =
        app.live.accounts.listing().entries.iter().filter(|entry| entry.account.groups.contains(&id)).count();
    let more_hidden = all > inside.len();
    let pages = inside.len().div_ceil(PAGE).max(1);
    let at = wanted.page.clamp(1, pages);
    let query = AccountsQuery { q: wanted.q.clone(), ..AccountsQuery::default() };
    let filter = Filter::new(&query);
    let asked = !wanted.q.trim().is_empty();
    let mut found: Vec<_> = outside.into_iter().filter(|entry| asked && filter.fits(entry)).collect();
    let found_more = found.len() > FOUND;
    found.truncate(FOUND);
    let cell = |role: store::roles::Role| Cell {
        role: role.id,
        labels: rules.role(role.id).map(|rights| account_labels(rights.in_group(id))).unwrap_or_default(),
        name: role.name,
    };
    Ok(GroupPage {
        layout: Layout::of(app, reader),
        tab: "groups",
        done: None,
        accounts: inside.into_iter().skip((at - 1) * PAGE).take(PAGE).collect(),
        more_hidden,
        page: at,
        pages,
        q: wanted.q,
        found,
        found_more,
        cells: roles.into_iter().map(cell).collect(),
        needs_approval,
        name: group.name.clone(),
        numbers: String::new(),
        error: None,
        group,
    })
}
