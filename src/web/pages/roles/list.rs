//! `/roles`: every role, and a form for a new one.

use std::collections::HashMap;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use axum_extra::extract::Query;

use crate::domain::RoleId;
use crate::domain::privilege::can;
use crate::ops::access::MAX_NAME;
use crate::store;
use crate::store::roles::Role;
use crate::web::error::AppError;
use crate::web::extract::May;
use crate::web::layout::{Layout, html_with};
use crate::web::pages::access::named::NameForm;
use crate::web::pages::access::notice::NoticeQuery;
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::words::privileges::system_labels;

#[derive(Template)]
#[template(path = "pages/roles/list.html")]
struct RolesPage {
    layout: Layout,
    tab: &'static str,
    done: Option<&'static str>,
    rows: Vec<RoleRow>,
    name: NameForm,
}

struct RoleRow {
    id: RoleId,
    name: String,
    members: i64,
    system: Vec<&'static str>,
    /// In how many groups it has permissions.
    groups: usize,
}

pub async fn list(
    app: AppState,
    may: May<can::ManageAccess>,
    Query(notice): Query<NoticeQuery>,
) -> Result<Response, AppError> {
    let page = page(&app, &may, NameForm::default()).await?;
    html_with(StatusCode::OK, &RolesPage { done: notice.message(), ..page })
}

/// The page with an error in the name of a new role.
pub async fn again(app: &State, may: &May<can::ManageAccess>, name: NameForm) -> Result<Response, AppError> {
    html_with(StatusCode::UNPROCESSABLE_ENTITY, &page(app, may, name).await?)
}

async fn page(app: &State, may: &May<can::ManageAccess>, name: NameForm) -> Result<RolesPage, AppError> {
    let mut conn = app.db.read().await?;
    let roles = store::roles::all(&mut conn).await?;
    let sizes: HashMap<RoleId, i64> = store::roles::sizes(&mut conn).await?.into_iter().collect();
    drop(conn);
    let policy = app.live.policy.current();
    let row = |role: Role| {
        let rights = policy.role(role.id);
        RoleRow {
            id: role.id,
            members: sizes.get(&role.id).copied().unwrap_or_default(),
            system: rights.map(|rights| system_labels(rights.system)).unwrap_or_default(),
            groups: rights.map_or(0, |rights| rights.groups.len()),
            name: role.name,
        }
    };
    let rows = roles.into_iter().map(row).collect();
    Ok(RolesPage { layout: Layout::of(app, &may.actor), tab: "roles", done: None, rows, name })
}
