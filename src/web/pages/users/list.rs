//! `/users`: the people who are known here, with their roles; many can be given a role, or lose it, at once.

use std::collections::HashMap;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use axum_extra::extract::{Form, Query};
use serde::Deserialize;

use crate::domain::access::{Policy, Principal};
use crate::domain::privilege::can;
use crate::domain::{Millis, RoleId, UserId};
use crate::ops::access::{Edit, UserRef};
use crate::store;
use crate::store::roles::Role;
use crate::store::users::Listed;
use crate::web::error::AppError;
use crate::web::extract::May;
use crate::web::layout::{Layout, html_with};
use crate::web::pages::access::confirm::{Done, Fields, Plan, confirm};
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::words::text;

/// People on a page.
const PAGE: u32 = 100;

/// What to show, from the URL.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    q: String,
    after: String,
}

#[derive(Template)]
#[template(path = "pages/users/list.html")]
struct UsersPage {
    layout: Layout,
    done: Option<&'static str>,
    lines: Vec<Line>,
    roles: Vec<Role>,
    wanted: Wanted,
    /// Where the next page begins.
    after: Option<String>,
    error: Option<&'static str>,
}

/// A person as a line of the page.
pub struct Line {
    /// Who.
    pub id: UserId,
    /// The address.
    pub email: String,
    /// Whether this is an administrator.
    pub admin: bool,
    /// Administrator by the settings, which a page can't change.
    pub by_settings: bool,
    /// Whether this person may not sign in.
    pub disabled: bool,
    /// When the person became known.
    pub first: String,
    /// When the person last signed in.
    pub last: String,
    /// How many browsers are signed in.
    pub sessions: i64,
    /// Whether an identity is bound to the address.
    pub bound: bool,
    /// Whether this is the reader.
    pub own: bool,
    /// The roles, by name.
    pub roles: Vec<(RoleId, String)>,
}

/// The page.
pub async fn list(
    app: AppState,
    may: May<can::ManageAccess>,
    Query(wanted): Query<Wanted>,
    Query(done): Query<Done>,
) -> Result<Response, AppError> {
    let page = page(&app, &may.actor, wanted).await?;
    html_with(StatusCode::OK, &UsersPage { done: done.words(), ..page })
}

/// Gives the ticked people a role, or takes it from them.
pub async fn roles(
    app: AppState,
    may: May<can::ManageAccess>,
    Form(fields): Form<Fields>,
) -> Result<Response, AppError> {
    let page = page(&app, &may.actor, Wanted::default()).await?;
    let people = fields.ids("person");
    let chosen = fields.one("role").parse().ok();
    let role = chosen.and_then(|id: RoleId| page.roles.iter().find(|role| role.id == id));
    let error = match (role, people.is_empty()) {
        (Some(role), false) => {
            let edits: Vec<Edit> = people.into_iter().map(|person| edit(&fields, person, role.id)).collect();
            let plan = Plan {
                action: "/users/roles".into(),
                ..Plan::below("/users".into(), "roles", title(&fields, &role.name))
            };
            return confirm(&app, &may, &fields, &edits, &plan).await?.answer();
        }
        (_, true) => "Tick somebody first.",
        (None, _) => "Choose a role.",
    };
    html_with(StatusCode::UNPROCESSABLE_ENTITY, &UsersPage { error: Some(error), ..page })
}

/// What a form asks for that gives and takes roles. Taking has to be said; so nobody loses one by half a form.
pub fn edit(fields: &Fields, person: UserId, role: RoleId) -> Edit {
    let takes = fields.one("what") == "take";
    if takes { Edit::Take(UserRef::Id(person), role) } else { Edit::Give(UserRef::Id(person), role) }
}

/// The same in words.
pub fn title(fields: &Fields, role: &str) -> String {
    if fields.one("what") == "take" {
        format!("Take the role “{role}” away")
    } else {
        format!("Give the role “{role}”")
    }
}

async fn page(app: &State, reader: &Principal, wanted: Wanted) -> Result<UsersPage, AppError> {
    let mut conn = app.db.read().await?;
    let now = app.clock.now();
    let mut people = store::users::page(&mut conn, wanted.q.trim(), &wanted.after, now, PAGE + 1).await?;
    let roles = store::roles::all(&mut conn).await?;
    drop(conn);
    let more = people.len() > PAGE as usize;
    people.truncate(PAGE as usize);
    let after = people.last().filter(|_| more).map(|listed| listed.user.email.to_string());
    let rules = app.live.policy.current();
    let names: HashMap<RoleId, &str> = roles.iter().map(|role| (role.id, role.name.as_str())).collect();
    let line = |listed| Line { roles: named(&rules, &names, &listed), ..line(app, reader, listed) };
    let lines = people.into_iter().map(line).collect();
    Ok(UsersPage { layout: Layout::of(app, reader), done: None, lines, roles, wanted, after, error: None })
}

fn named(rules: &Policy, names: &HashMap<RoleId, &str>, listed: &Listed) -> Vec<(RoleId, String)> {
    let name = |role: &RoleId| Some((*role, (*names.get(role)?).to_owned()));
    let mut named: Vec<_> = rules.roles_of(listed.user.id).iter().filter_map(name).collect();
    named.sort_by_key(|(_, name)| name.to_lowercase());
    named
}

/// A person, without the roles.
pub fn line(app: &State, reader: &Principal, listed: Listed) -> Line {
    let user = listed.user;
    Line {
        id: user.id,
        admin: user.admin,
        by_settings: app.config.admin_emails.contains(&user.email),
        email: user.email.to_string(),
        disabled: user.disabled,
        first: text::moment(user.created),
        last: if user.seen == Millis(0) { "never".into() } else { text::moment(user.seen) },
        sessions: listed.sessions,
        bound: listed.identities > 0,
        own: matches!(reader, Principal::User(person) if person.id == user.id),
        roles: Vec::new(),
    }
}
