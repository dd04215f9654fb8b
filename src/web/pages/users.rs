//! `/users`: the people who have signed in, and what an administrator may do to them.

use std::sync::Arc;

use askama::Template;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::response::{Redirect, Response};
use axum_extra::extract::Query;
use serde::Deserialize;

use crate::app::App;
use crate::domain::access::Actor;
use crate::domain::privilege::can;
use crate::domain::{Millis, UserId};
use crate::ops::users::{self, Change, Whom};
use crate::store;
use crate::store::users::Listed;
use crate::web::error::AppError;
use crate::web::extract::May;
use crate::web::shell::{Shell, html};
use crate::web::text;

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
#[template(path = "pages/users.html")]
struct UsersPage {
    shell: Shell,
    lines: Vec<Line>,
    wanted: Wanted,
    /// Where the next page begins.
    after: Option<String>,
}

/// A person as a line of the page.
struct Line {
    id: UserId,
    email: String,
    admin: bool,
    /// Administrator by the settings, which a page can't change.
    by_settings: bool,
    disabled: bool,
    first: String,
    last: String,
    sessions: i64,
    bound: bool,
    /// Whether this is the reader.
    own: bool,
}

/// The page.
pub async fn list(
    State(app): State<Arc<App>>,
    may: May<can::ManageAccess>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, AppError> {
    let mut conn = app.db.read().await?;
    let now = app.clock.now();
    let mut people = store::users::page(&mut conn, wanted.q.trim(), &wanted.after, now, PAGE + 1).await?;
    drop(conn);
    let more = people.len() > PAGE as usize;
    people.truncate(PAGE as usize);
    let after = people.last().filter(|_| more).map(|listed| listed.user.email.to_string());
    let lines = people.into_iter().map(|listed| line(&app, &may.actor, listed)).collect();
    html(&UsersPage { shell: Shell::of(&app, &may.actor), lines, wanted, after })
}

fn line(app: &App, reader: &Actor, listed: Listed) -> Line {
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
        own: matches!(reader, Actor::User(person) if person.id == user.id),
    }
}

/// The person that a path names, who need not exist. What is no id is no person either.
#[derive(Debug, Deserialize)]
pub struct UserPath {
    user: UserId,
}

impl<S: Send + Sync> FromRequestParts<S> for UserPath {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AppError> {
        let Path(path) = Path::from_request_parts(parts, state).await.map_err(|_| AppError::NotFound)?;
        Ok(path)
    }
}

/// Makes a handler for each change.
macro_rules! handlers {
    ($($(#[$doc:meta])* $name:ident: $change:ident;)+) => { $(
        $(#[$doc])*
        pub async fn $name(
            State(app): State<Arc<App>>,
            may: May<can::ManageAccess>,
            path: UserPath,
        ) -> Result<Redirect, AppError> {
            users::change(&app, may.grant(), Whom::Id(path.user), Change::$change).await?;
            // Back to the list, which shows how it is now.
            Ok(Redirect::to("/users"))
        }
    )+ };
}

handlers! {
    /// Signs every browser of a person out.
    end_sessions: EndSessions;
    /// Shuts a person out.
    disable: Disable;
    /// Lets a person in again.
    enable: Enable;
    /// Makes a person administrator.
    grant_admin: GrantAdmin;
    /// Takes that away.
    revoke_admin: RevokeAdmin;
    /// Lets the next who signs in under the address be taken for its owner.
    forget_identity: ForgetIdentity;
}
