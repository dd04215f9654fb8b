//! `/groups`: every group of accounts, and a form for a new one.

use std::collections::HashMap;

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::{Form, Query};

use crate::domain::GroupId;
use crate::domain::access::privileges;
use crate::domain::privilege::{AccountPrivilege, can};
use crate::ops::access::{Edit, Failed, MAX_NAME};
use crate::store;
use crate::web::error::AppError;
use crate::web::extract::May;
use crate::web::layout::{Layout, html_with};
use crate::web::pages::access::confirm::{Done, Fields, make};
use crate::web::paths;
use crate::web::state::{AppState, State};

#[derive(Template)]
#[template(path = "pages/groups/list.html")]
struct Groups {
    layout: Layout,
    tab: &'static str,
    done: Option<&'static str>,
    lines: Vec<Line>,
    typed: String,
    error: Option<Failed>,
}

/// A group as a line of the page.
struct Line {
    id: GroupId,
    name: String,
    /// How many accounts in it the reader may see.
    accounts: usize,
    /// How many roles may do something with them.
    roles: usize,
}

/// The page.
pub async fn list(
    app: AppState,
    may: May<can::ManageAccess>,
    Query(done): Query<Done>,
) -> Result<Response, AppError> {
    html_with(StatusCode::OK, &page(&app, &may, done.words()).await?)
}

/// Makes a group, and goes on to its page.
pub async fn add(
    app: AppState,
    may: May<can::ManageAccess>,
    Form(fields): Form<Fields>,
) -> Result<Response, AppError> {
    let (id, name) = (GroupId::generate(), fields.one("name"));
    if let Err(failed) = make(&app, &may, Edit::AddGroup(id, name.to_owned())).await? {
        let page = page(&app, &may, None).await?;
        let page = Groups { typed: name.to_owned(), error: Some(failed), ..page };
        return html_with(StatusCode::UNPROCESSABLE_ENTITY, &page);
    }
    Ok(Redirect::to(&format!("/groups/{id}?done=made")).into_response())
}

async fn page(
    app: &State,
    may: &May<can::ManageAccess>,
    done: Option<&'static str>,
) -> Result<Groups, AppError> {
    let groups = store::groups::all(&mut app.db.read().await?).await?;
    let rules = app.live.policy.current();
    let mut accounts: HashMap<GroupId, usize> = HashMap::new();
    for entry in &app.live.accounts.listing().entries {
        if privileges(&rules, &may.actor, &entry.account).has(AccountPrivilege::View) {
            entry.account.groups.iter().for_each(|group| *accounts.entry(*group).or_default() += 1);
        }
    }
    let line = |group: store::groups::Group| Line {
        id: group.id,
        name: group.name,
        accounts: accounts.get(&group.id).copied().unwrap_or_default(),
        roles: rules.roles().filter(|(_, role)| !role.in_group(group.id).is_empty()).count(),
    };
    let lines = groups.into_iter().map(line).collect();
    let layout = Layout::of(app, &may.actor);
    Ok(Groups { layout, tab: "groups", done, lines, typed: String::new(), error: None })
}
