//! `/access`: what each role may do with the accounts of each group, in one table.

use askama::Template;
use axum::response::Response;
use axum_extra::extract::Query;
use serde::Deserialize;

use super::notice::NoticeQuery;
use crate::domain::GroupId;
use crate::domain::privilege::{AccountPrivileges, can};
use crate::store;
use crate::store::groups::Group;
use crate::store::roles::Role;
use crate::web::error::AppError;
use crate::web::extract::May;
use crate::web::layout::{Layout, html};
use crate::web::paths;
use crate::web::state::AppState;
use crate::web::words::privileges::{Choice, FULL_ACCESS, account_choices, account_labels};

/// Parts of names.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MatrixQuery {
    group: String,
    role: String,
}

impl MatrixQuery {
    fn narrows(&self) -> bool {
        !self.group.is_empty() || !self.role.is_empty()
    }
}

#[derive(Template)]
#[template(path = "pages/access/matrix.html")]
struct MatrixPage {
    layout: Layout,
    tab: &'static str,
    done: Option<&'static str>,
    query: MatrixQuery,
    legend: Vec<Choice>,
    roles: Vec<Role>,
    rows: Vec<GroupRow>,
}

/// A group, with the labels of each role's permissions.
struct GroupRow {
    group: GroupId,
    name: String,
    cells: Vec<Vec<&'static str>>,
}

pub async fn matrix(
    app: AppState,
    may: May<can::ManageAccess>,
    Query(notice): Query<NoticeQuery>,
    Query(query): Query<MatrixQuery>,
) -> Result<Response, AppError> {
    let mut conn = app.db.read().await?;
    let mut groups = store::groups::all(&mut conn).await?;
    let mut roles = store::roles::all(&mut conn).await?;
    drop(conn);
    groups.retain(|group| contains(&group.name, &query.group));
    roles.retain(|role| contains(&role.name, &query.role));
    let policy = app.live.policy.current();
    let row = |group: Group| {
        let cell = |role: &Role| {
            let set = policy.role(role.id).map(|rights| rights.in_group(group.id));
            account_labels(set.unwrap_or(AccountPrivileges::NONE))
        };
        GroupRow { group: group.id, cells: roles.iter().map(cell).collect(), name: group.name }
    };
    let rows = groups.into_iter().map(row).collect();
    html(&MatrixPage {
        layout: Layout::of(&app, &may.actor),
        tab: "access",
        done: notice.message(),
        query,
        legend: account_choices(AccountPrivileges::NONE),
        roles,
        rows,
    })
}

fn contains(name: &str, part: &str) -> bool {
    name.to_lowercase().contains(&part.trim().to_lowercase())
}
