//! `/roles`: every role, how many people have it, and what it is good for; and a form for a new one.

use std::collections::HashMap;

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::{Form, Query};

use crate::domain::RoleId;
use crate::domain::privilege::can;
use crate::ops::access::{Edit, Failed, MAX_NAME};
use crate::store;
use crate::web::error::AppError;
use crate::web::extract::May;
use crate::web::layout::{Layout, html_with};
use crate::web::pages::access::confirm::{Done, Fields, make};
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::words::privileges::system_labels;

#[derive(Template)]
#[template(path = "pages/roles/list.html")]
struct Roles {
    layout: Layout,
    tab: &'static str,
    done: Option<&'static str>,
    lines: Vec<Line>,
    typed: String,
    error: Option<Failed>,
}

/// A role as a line of the page.
struct Line {
    id: RoleId,
    name: String,
    people: i64,
    system: Vec<&'static str>,
    /// In how many groups it may do something.
    groups: usize,
}

/// The page.
pub async fn list(
    app: AppState,
    may: May<can::ManageAccess>,
    Query(done): Query<Done>,
) -> Result<Response, AppError> {
    html_with(StatusCode::OK, &page(&app, &may, done.words()).await?)
}

/// Makes a role, and goes on to its page.
pub async fn add(
    app: AppState,
    may: May<can::ManageAccess>,
    Form(fields): Form<Fields>,
) -> Result<Response, AppError> {
    let (id, name) = (RoleId::generate(), fields.one("name"));
    if let Err(failed) = make(&app, &may, Edit::AddRole(id, name.to_owned())).await? {
        let page = page(&app, &may, None).await?;
        let page = Roles { typed: name.to_owned(), error: Some(failed), ..page };
        return html_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
    }
    Ok(Redirect::to(&format!("/roles/{id}?done=made")).into_response())
}

async fn page(
    app: &State,
    may: &May<can::ManageAccess>,
    done: Option<&'static str>,
) -> Result<Roles, AppError> {
    let mut conn = app.db.read().await?;
    let roles = store::roles::all(&mut conn).await?;
    let sizes: HashMap<RoleId, i64> = store::roles::sizes(&mut conn).await?.into_iter().collect();
    drop(conn);
    let rules = app.live.policy.current();
    let line = |role: store::roles::Role| {
        let rights = rules.role(role.id);
        Line {
            id: role.id,
            people: sizes.get(&role.id).copied().unwrap_or_default(),
            system: rights.map(|rights| system_labels(rights.system)).unwrap_or_default(),
            groups: rights.map_or(0, |rights| rights.groups.len()),
            name: role.name,
        }
    };
    let lines = roles.into_iter().map(line).collect();
    let layout = Layout::of(app, &may.actor);
    Ok(Roles { layout, tab: "roles", done, lines, typed: String::new(), error: None })
}
