//! `/users/{user}`: one person, with roles and sessions, and what can be done about them.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Redirect, Response};
use axum_extra::extract::{Form, Query};

use crate::domain::access::Principal;
use crate::domain::privilege::can;
use crate::domain::{RoleId, UserId};
use crate::ops::access::Edit;
use crate::ops::users::{self, UserChange, UserRef};
use crate::store;
use crate::store::roles::Role;
use crate::web::error::AppError;
use crate::web::extract::{May, Path};
use crate::web::layout::{Layout, html_with};
use crate::web::pages::access::confirm::{Done, Fields, Plan, confirm};
use crate::web::pages::users::list::{Line, edit, line, title};
use crate::web::paths;
use crate::web::state::{AppState, State};

#[derive(Template)]
#[template(path = "pages/users/show.html")]
struct UserPage {
    layout: Layout,
    done: Option<&'static str>,
    line: Line,
    held: Vec<Held>,
    /// The roles that he has not got by anybody's arrangement.
    others: Vec<Role>,
    error: Option<&'static str>,
}

/// A role that the person has.
struct Held {
    id: RoleId,
    name: String,
    /// Whether somebody arranged it here.
    by_page: bool,
    /// Whether the identity provider says so.
    by_provider: bool,
}

/// The page.
pub async fn show(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<UserId>,
    Query(done): Query<Done>,
) -> Result<Response, AppError> {
    let page = page(&app, &may.actor, id).await?;
    html_with(StatusCode::OK, &UserPage { done: done.words(), ..page })
}

/// Gives the person roles, or takes the ticked away.
pub async fn roles(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<UserId>,
    Form(fields): Form<Fields>,
) -> Result<Response, AppError> {
    let page = page(&app, &may.actor, id).await?;
    let chosen: Vec<RoleId> = fields.ids("role");
    let Some(first) = chosen.first() else {
        let error = Some("Choose a role first.");
        return html_with(StatusCode::UNPROCESSABLE_ENTITY, &UserPage { error, ..page });
    };
    let mut known =
        page.held.iter().map(|held| (held.id, &held.name)).chain(page.others.iter().map(|r| (r.id, &r.name)));
    let name = known.find(|(role, _)| role == first).map_or("", |(_, name)| name.as_str());
    let words = match chosen.len() {
        1 => title(&fields, name),
        _ if fields.one("what") == "take" => "Take roles away".to_owned(),
        _ => "Give roles".to_owned(),
    };
    let edits: Vec<Edit> = chosen.iter().map(|role| edit(&fields, id, *role)).collect();
    let plan = Plan::below(format!("/users/{id}"), "roles", format!("{words}: {}", page.line.email));
    confirm(&app, &may, &fields, &edits, &plan).await?.answer()
}

async fn page(app: &State, reader: &Principal, id: UserId) -> Result<UserPage, AppError> {
    let mut conn = app.db.read().await?;
    let listed = store::users::listed(&mut conn, id, app.clock.now()).await?.ok_or(AppError::NotFound)?;
    let mut others = store::roles::all(&mut conn).await?;
    let held = store::roles::of_user(&mut conn, id).await?;
    drop(conn);
    let held =
        held.into_iter().map(|(id, name, by_page, by_provider)| Held { id, name, by_page, by_provider });
    let held: Vec<Held> = held.collect();
    others.retain(|role| !held.iter().any(|held| held.id == role.id && held.by_page));
    let layout = Layout::of(app, reader);
    Ok(UserPage { layout, done: None, line: line(app, reader, listed), held, others, error: None })
}

/// Makes a handler for each change.
macro_rules! handlers {
    ($($(#[$doc:meta])* $name:ident: $change:ident;)+) => { $(
        $(#[$doc])*
        pub async fn $name(
            app: AppState,
            may: May<can::ManageAccess>,
            Path(id): Path<UserId>,
        ) -> Result<Redirect, AppError> {
            users::change(&app, may.grant(), UserRef::Id(id), UserChange::$change).await?;
            // Back to the person, who is shown as he is now.
            Ok(Redirect::to(&format!("/users/{id}")))
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
