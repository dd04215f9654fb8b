//! `/users`: the people who are known here, with their roles.

use std::collections::HashMap;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use axum_extra::extract::Query;
use serde::Deserialize;

use super::row::UserRow;
use crate::domain::RoleId;
use crate::domain::access::{Policy, Principal};
use crate::domain::privilege::can;
use crate::store;
use crate::store::roles::Role;
use crate::store::users::Listed;
use crate::web::error::AppError;
use crate::web::extract::May;
use crate::web::layout::{Layout, html_with};
use crate::web::pages::access::notice::NoticeQuery;
use crate::web::state::{AppState, State};
use crate::web::{paths, words};

/// People on a page.
const PAGE: usize = 100;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct UsersQuery {
    /// Part of an address.
    q: String,
    /// The last address of the page before.
    after: String,
}

#[derive(Template)]
#[template(path = "pages/users/list.html")]
pub struct UsersPage {
    layout: Layout,
    done: Option<&'static str>,
    rows: Vec<UserRow>,
    pub roles: Vec<Role>,
    query: UsersQuery,
    /// Where the next page begins.
    after: Option<String>,
    error: Option<&'static str>,
}

impl UsersPage {
    pub fn invalid(self, message: &'static str) -> Result<Response, AppError> {
        html_with(StatusCode::UNPROCESSABLE_ENTITY, &Self { error: Some(message), ..self })
    }
}

pub async fn list(
    app: AppState,
    may: May<can::ManageAccess>,
    Query(query): Query<UsersQuery>,
    Query(notice): Query<NoticeQuery>,
) -> Result<Response, AppError> {
    if [&query.q, &query.after].into_iter().any(|text| text.chars().any(char::is_control)) {
        let page = page(&app, &may.actor, UsersQuery::default()).await?;
        return UsersPage { rows: Vec::new(), after: None, ..page }.invalid(words::access::UNREADABLE_SEARCH);
    }
    let page = page(&app, &may.actor, query).await?;
    html_with(StatusCode::OK, &UsersPage { done: notice.message(), ..page })
}

pub async fn page(app: &State, reader: &Principal, query: UsersQuery) -> Result<UsersPage, AppError> {
    let mut conn = app.db.read().await?;
    let (now, limit) = (app.clock.now(), PAGE as u32 + 1);
    let mut people = store::users::page(&mut conn, query.q.trim(), &query.after, now, limit).await?;
    let roles = store::roles::all(&mut conn).await?;
    drop(conn);
    let more = people.len() > PAGE;
    people.truncate(PAGE);
    let after = people.last().filter(|_| more).map(|listed| listed.user.email.to_string());
    let policy = app.live.policy.current();
    let names: HashMap<RoleId, &str> = roles.iter().map(|role| (role.id, role.name.as_str())).collect();
    let row = |listed: Listed| {
        let roles = role_names(&policy, &names, &listed);
        UserRow { roles, ..UserRow::new(app, reader, listed) }
    };
    let rows = people.into_iter().map(row).collect();
    Ok(UsersPage { layout: Layout::of(app, reader), done: None, rows, roles, query, after, error: None })
}

fn role_names(policy: &Policy, names: &HashMap<RoleId, &str>, listed: &Listed) -> Vec<(RoleId, String)> {
    let name = |role: &RoleId| Some((*role, (*names.get(role)?).to_owned()));
    let mut roles: Vec<_> = policy.roles_of(listed.user.id).iter().filter_map(name).collect();
    roles.sort_by_key(|(_, name)| name.to_lowercase());
    roles
}
