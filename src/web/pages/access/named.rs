//! Roles and groups are created, renamed and deleted alike.

use std::fmt::Display;

use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::Form;
use serde::de::DeserializeOwned;

use super::confirm::{Confirmation, apply_one, confirm};
use super::fields::Fields;
use crate::domain::privilege::can;
use crate::ops::access::{Edit, Failed};
use crate::store::{Conn, StoreError};
use crate::web::error::AppError;
use crate::web::extract::{May, Named as Path};
use crate::web::state::{AppState, State};

/// The id of something that has a name, a page of its own, and a page that lists all of its kind.
pub trait Named: Copy + Display + DeserializeOwned + Send + Sync + 'static {
    /// The URL of the list; that of one is below it.
    const LIST: &'static str;
    const DELETE: &'static str;

    fn generate() -> Self;
    fn add(self, name: String) -> Edit;
    fn rename(self, name: String) -> Edit;
    fn delete(self) -> Edit;

    fn url(self) -> String {
        format!("{}/{self}", Self::LIST)
    }

    fn name(self, conn: &mut Conn<'_>) -> impl Future<Output = Result<Option<String>, StoreError>> + Send;

    /// The list again, whose form for a new one was wrong.
    fn list_again(
        app: &State,
        may: &May<can::ManageAccess>,
        name: NameField,
    ) -> impl Future<Output = Result<Response, AppError>> + Send;

    /// The page again, whose form for another name was wrong.
    fn page_again(
        self,
        app: &State,
        may: &May<can::ManageAccess>,
        name: NameField,
    ) -> impl Future<Output = Result<Response, AppError>> + Send;
}

/// The field for a name.
#[derive(Debug, Default)]
pub struct NameField {
    pub value: String,
    pub error: Option<String>,
}

impl NameField {
    pub fn of(value: &str) -> Self {
        Self { value: value.to_owned(), error: None }
    }

    fn rejected(value: &str, failed: Failed) -> Self {
        Self { value: value.to_owned(), error: Some(failed.why) }
    }
}

pub async fn create<T: Named>(
    app: AppState,
    may: May<can::ManageAccess>,
    Form(fields): Form<Fields>,
) -> Result<Response, AppError> {
    let (id, name) = (T::generate(), fields.one("name"));
    match apply_one(&app, &may, id.add(name.to_owned())).await? {
        Ok(()) => Ok(Redirect::to(&format!("{}?done=made", id.url())).into_response()),
        Err(failed) => T::list_again(&app, &may, NameField::rejected(name, failed)).await,
    }
}

pub async fn rename<T: Named>(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<T>,
    Form(fields): Form<Fields>,
) -> Result<Response, AppError> {
    existing_name(&app, id).await?;
    let name = fields.one("name");
    match apply_one(&app, &may, id.rename(name.to_owned())).await? {
        Ok(()) => Ok(Redirect::to(&format!("{}?done=renamed", id.url())).into_response()),
        Err(failed) => id.page_again(&app, &may, NameField::rejected(name, failed)).await,
    }
}

pub async fn delete<T: Named>(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<T>,
    Form(fields): Form<Fields>,
) -> Result<Response, AppError> {
    let name = existing_name(&app, id).await?;
    let confirmation = Confirmation {
        then: format!("{}?done=deleted", T::LIST),
        button: T::DELETE,
        ..Confirmation::below(id.url(), "delete", format!("{} “{name}”", T::DELETE))
    };
    confirm(&app, &may, &fields, &[id.delete()], &confirmation).await?.response()
}

/// The name, or the answer that there is no such thing.
pub async fn existing_name<T: Named>(app: &State, id: T) -> Result<String, AppError> {
    id.name(&mut app.db.read().await?).await?.ok_or(AppError::NotFound)
}
