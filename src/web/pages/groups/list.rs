//! `/groups`: every group of accounts, and a form for a new one.

use std::collections::HashMap;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use axum_extra::extract::Query;

use crate::domain::GroupId;
use crate::domain::access::privileges;
use crate::domain::privilege::{AccountPrivilege, can};
use crate::ops::access::MAX_NAME;
use crate::store;
use crate::store::groups::Group;
use crate::web::error::AppError;
use crate::web::extract::May;
use crate::web::layout::{Layout, html_with};
use crate::web::pages::access::named::NameForm;
use crate::web::pages::access::notice::NoticeQuery;
use crate::web::paths;
use crate::web::state::{AppState, State};

#[derive(Template)]
#[template(path = "pages/groups/list.html")]
struct GroupsPage {
    layout: Layout,
    tab: &'static str,
    done: Option<&'static str>,
    rows: Vec<GroupRow>,
    name: NameForm,
}

struct GroupRow {
    id: GroupId,
    name: String,
    /// How many of its accounts the reader can see.
    accounts: usize,
    /// How many roles have permissions in it.
    roles: usize,
}

pub async fn list(
    app: AppState,
    may: May<can::ManageAccess>,
    Query(notice): Query<NoticeQuery>,
) -> Result<Response, AppError> {
    let page = page(&app, &may, NameForm::default()).await?;
    html_with(StatusCode::OK, &GroupsPage { done: notice.message(), ..page })
}

/// The page with an error in the name of a new group.
pub async fn again(app: &State, may: &May<can::ManageAccess>, name: NameForm) -> Result<Response, AppError> {
    html_with(StatusCode::UNPROCESSABLE_ENTITY, &page(app, may, name).await?)
}

async fn page(app: &State, may: &May<can::ManageAccess>, name: NameForm) -> Result<GroupsPage, AppError> {
    let groups = store::groups::all(&mut app.db.read().await?).await?;
    let policy = app.live.policy.current();
    let mut accounts: HashMap<GroupId, usize> = HashMap::new();
    for entry in &app.live.accounts.listing().entries {
        if privileges(&policy, &may.actor, &entry.account).has(AccountPrivilege::View) {
            entry.account.groups.iter().for_each(|group| *accounts.entry(*group).or_default() += 1);
        }
    }
    let row = |group: Group| GroupRow {
        id: group.id,
        name: group.name,
        accounts: accounts.get(&group.id).copied().unwrap_or_default(),
        roles: policy.roles().filter(|(_, role)| !role.in_group(group.id).is_empty()).count(),
    };
    let rows = groups.into_iter().map(row).collect();
    Ok(GroupsPage { layout: Layout::of(app, &may.actor), tab: "groups", done: None, rows, name })
}
