//! `/users/{user}`: one person, with their roles and sessions, and what can be done about them.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use axum_extra::extract::Query;

use super::move_to::MoveForm;
use super::row::UserRow;
use crate::domain::access::Principal;
use crate::domain::privilege::can;
use crate::domain::{RoleId, UserId};
use crate::store;
use crate::store::roles::Role;
use crate::web::error::AppError;
use crate::web::extract::{May, Path};
use crate::web::form::FormState;
use crate::web::layout::{Layout, html_with};
use crate::web::pages::access::notice::NoticeQuery;
use crate::web::paths;
use crate::web::state::{AppState, State};

#[derive(Template)]
#[template(path = "pages/users/show.html")]
pub struct UserPage {
    layout: Layout,
    done: Option<&'static str>,
    pub row: UserRow,
    held: Vec<HeldRole>,
    /// The roles that have not been assigned on a page.
    others: Vec<Role>,
    error: Option<&'static str>,
    /// The form that gives the person another address; administrators have it.
    moving: Option<FormState<MoveForm>>,
}

struct HeldRole {
    id: RoleId,
    name: String,
    /// Whether it was assigned on a page.
    by_page: bool,
    /// Whether the identity provider assigns it.
    by_provider: bool,
}

impl UserPage {
    pub fn invalid(self, message: &'static str) -> Result<Response, AppError> {
        html_with(StatusCode::UNPROCESSABLE_ENTITY, &Self { error: Some(message), ..self })
    }

    /// The page again after that form was refused.
    pub fn with_move(self, status: StatusCode, form: FormState<MoveForm>) -> Result<Response, AppError> {
        html_with(status, &Self { moving: Some(form), ..self })
    }

    pub fn role_name(&self, id: RoleId) -> Option<&str> {
        let held = self.held.iter().map(|role| (role.id, &role.name));
        let mut all = held.chain(self.others.iter().map(|role| (role.id, &role.name)));
        all.find(|(role, _)| *role == id).map(|(_, name)| name.as_str())
    }
}

pub async fn show(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<UserId>,
    Query(notice): Query<NoticeQuery>,
) -> Result<Response, AppError> {
    let page = page(&app, &may.actor, id).await?;
    html_with(StatusCode::OK, &UserPage { done: notice.message(), ..page })
}

pub async fn page(app: &State, reader: &Principal, id: UserId) -> Result<UserPage, AppError> {
    let mut conn = app.db.read().await?;
    let listed = store::users::listed(&mut conn, id, app.clock.now()).await?.ok_or(AppError::NotFound)?;
    let mut others = store::roles::all(&mut conn).await?;
    let held = store::roles::of_user(&mut conn, id).await?;
    drop(conn);
    let held =
        held.into_iter().map(|(id, name, by_page, by_provider)| HeldRole { id, name, by_page, by_provider });
    let held: Vec<HeldRole> = held.collect();
    others.retain(|role| !held.iter().any(|held| held.id == role.id && held.by_page));
    let row = UserRow::new(app, reader, listed);
    let is_admin = matches!(reader, Principal::User(person) if person.admin);
    let moving = (is_admin && !row.own).then(FormState::default);
    Ok(UserPage { layout: Layout::of(app, reader), done: None, row, held, others, error: None, moving })
}
