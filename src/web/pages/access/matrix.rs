//! `/access`: what each role may do with the accounts of each group, all in one table.

use askama::Template;
use axum::response::Response;
use axum_extra::extract::Query;
use serde::Deserialize;

use crate::domain::GroupId;
use crate::domain::privilege::{AccountPrivileges, can};
use crate::store;
use crate::store::roles::Role;
use crate::web::error::AppError;
use crate::web::extract::May;
use crate::web::layout::{Layout, html};
use crate::web::pages::access::confirm::Done;
use crate::web::paths;
use crate::web::state::AppState;
use crate::web::words::privileges::{Choice, account_choices, account_labels};

/// What to show, from the URL: parts of names.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    group: String,
    role: String,
}

#[derive(Template)]
#[template(path = "pages/access/matrix.html")]
struct Access {
    layout: Layout,
    tab: &'static str,
    done: Option<&'static str>,
    wanted: Wanted,
    legend: Vec<Choice>,
    roles: Vec<Role>,
    rows: Vec<Row>,
}

/// A group, with a cell for each role.
struct Row {
    group: GroupId,
    name: String,
    cells: Vec<Vec<&'static str>>,
}

/// The page.
pub async fn matrix(
    app: AppState,
    may: May<can::ManageAccess>,
    Query(done): Query<Done>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, AppError> {
    let mut conn = app.db.read().await?;
    let mut groups = store::groups::all(&mut conn).await?;
    let mut roles = store::roles::all(&mut conn).await?;
    drop(conn);
    groups.retain(|group| holds(&group.name, &wanted.group));
    roles.retain(|role| holds(&role.name, &wanted.role));
    let rules = app.live.policy.current();
    let row = |group: store::groups::Group| {
        let cell = |role: &Role| {
            let set = rules.role(role.id).map(|rights| rights.in_group(group.id));
            account_labels(set.unwrap_or(AccountPrivileges::NONE))
        };
        Row { group: group.id, cells: roles.iter().map(cell).collect(), name: group.name }
    };
    let rows = groups.into_iter().map(row).collect();
    html(&Access {
        layout: Layout::of(&app, &may.actor),
        tab: "access",
        done: done.words(),
        wanted,
        legend: account_choices(AccountPrivileges::NONE),
        roles,
        rows,
    })
}

fn holds(name: &str, part: &str) -> bool {
    name.to_lowercase().contains(&part.trim().to_lowercase())
}
