//! Creating, renaming and deleting, the same for roles and groups.

use std::fmt::Display;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::Form;
use serde::de::DeserializeOwned;

use super::confirm::{Confirmation, apply_one, confirm};
use super::fields::FormFields;
use super::notice::{self, Notice};
use crate::domain::error::{ErrorCode, NameKind};
use crate::domain::privilege::can;
use crate::ops::access::{Edit, Failed};
use crate::store::{Conn, StoreError};
use crate::web::error::AppError;
use crate::web::extract::{May, Path};
use crate::web::form::{FieldError, Fields, FormState};
use crate::web::state::{AppState, State};
use crate::words::{quoted, sentence};

/// The id of something that has a name, a page of its own, and a page that lists all of its kind.
pub trait Named: Copy + Display + DeserializeOwned + Send + Sync + 'static {
    /// The URL of the list.
    const LIST: &'static str;
    const KIND: NameKind;
    /// The label of the button that deletes one.
    const DELETE: &'static str;

    fn generate() -> Self;
    fn add(self, name: String) -> Edit;
    fn rename(self, name: String) -> Edit;
    fn delete(self) -> Edit;

    fn url(self) -> String;
    fn delete_url(self) -> String;

    fn name(self, conn: &mut Conn<'_>) -> impl Future<Output = Result<Option<String>, StoreError>> + Send;

    /// The list with an error in its form for a new one.
    fn list_again(
        app: &State,
        may: &May<can::ManageAccess>,
        name: NameForm,
    ) -> impl Future<Output = Result<Response, AppError>> + Send;

    /// The page with an error in its form for the name.
    fn page_again(
        self,
        app: &State,
        may: &May<can::ManageAccess>,
        name: NameForm,
    ) -> impl Future<Output = Result<Response, AppError>> + Send;
}

/// The form for a name.
pub type NameForm = FormState<NameValues>;

#[derive(Debug, Default)]
pub struct NameValues {
    pub name: String,
}

impl Fields for NameValues {
    const NAMES: &'static [&'static str] = &["name"];
}

impl NameForm {
    pub fn of(name: &str) -> Self {
        Self::new(NameValues { name: name.to_owned() })
    }

    fn refused(name: &str, failed: Failed) -> Self {
        Self { errors: vec![FieldError::on("name", failed.why())], ..Self::of(name) }
    }
}

pub async fn create<T: Named>(
    app: AppState,
    may: May<can::ManageAccess>,
    Form(fields): Form<FormFields>,
) -> Result<Response, AppError> {
    let (id, name) = (T::generate(), fields.one("name"));
    match apply_one(&app, &may, id.add(name.to_owned())).await? {
        Ok(()) => Ok(Redirect::to(&notice::url(&id.url(), Notice::Made)).into_response()),
        Err(failed) => T::list_again(&app, &may, NameForm::refused(name, failed)).await,
    }
}

pub async fn rename<T: Named>(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<T>,
    Form(fields): Form<FormFields>,
) -> Result<Response, AppError> {
    let now = existing_name(&app, id).await?;
    let name = fields.one("name");
    if fields.all("was").next().is_some_and(|was| was != now && name != now) {
        let error = sentence(&ErrorCode::RenamedMeanwhile { kind: T::KIND, name: now });
        let name = NameForm { errors: vec![FieldError::on("name", error)], ..NameForm::of(name) };
        let mut answer = id.page_again(&app, &may, name).await?;
        *answer.status_mut() = StatusCode::CONFLICT;
        return Ok(answer);
    }
    match apply_one(&app, &may, id.rename(name.to_owned())).await? {
        Ok(()) => Ok(Redirect::to(&notice::url(&id.url(), Notice::Renamed)).into_response()),
        Err(failed) => id.page_again(&app, &may, NameForm::refused(name, failed)).await,
    }
}

pub async fn delete<T: Named>(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<T>,
    Form(fields): Form<FormFields>,
) -> Result<Response, AppError> {
    let name = existing_name(&app, id).await?;
    let confirmation = Confirmation {
        then: notice::url(T::LIST, Notice::Deleted),
        button: T::DELETE,
        ..Confirmation::new(id.delete_url(), id.url(), format!("{} {}", T::DELETE, quoted(&name)))
    };
    confirm(&app, &may, &fields, &[id.delete()], &confirmation).await?.response()
}

/// The name, or the answer that it does not exist.
pub async fn existing_name<T: Named>(app: &State, id: T) -> Result<String, AppError> {
    id.name(&mut app.db.read().await?).await?.ok_or(AppError::NotFound)
}
