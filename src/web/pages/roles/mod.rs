pub mod list;
pub mod members;
pub mod show;
pub mod system;

use axum::response::Response;

use crate::domain::RoleId;
use crate::domain::error::NameKind;
use crate::domain::privilege::can;
use crate::ops::access::Edit;
use crate::store::{self, Conn, StoreError};
use crate::web::error::AppError;
use crate::web::extract::May;
use crate::web::pages::access::named::{NameForm, Named};
use crate::web::paths;
use crate::web::state::State;

impl Named for RoleId {
    const LIST: &'static str = paths::ROLES;
    const KIND: NameKind = NameKind::Role;
    const DELETE: &'static str = "Delete role";

    fn generate() -> Self {
        Self::generate()
    }

    fn add(self, name: String) -> Edit {
        Edit::AddRole(self, name)
    }

    fn rename(self, name: String) -> Edit {
        Edit::RenameRole(self, name)
    }

    fn delete(self) -> Edit {
        Edit::DeleteRole(self)
    }

    fn url(self) -> String {
        paths::role(self)
    }

    fn delete_url(self) -> String {
        paths::role_delete(self)
    }

    async fn name(self, conn: &mut Conn<'_>) -> Result<Option<String>, StoreError> {
        Ok(store::roles::get(conn, self).await?.map(|role| role.name))
    }

    async fn list_again(
        app: &State,
        may: &May<can::ManageAccess>,
        name: NameForm,
    ) -> Result<Response, AppError> {
        list::again(app, may, name).await
    }

    async fn page_again(
        self,
        app: &State,
        may: &May<can::ManageAccess>,
        name: NameForm,
    ) -> Result<Response, AppError> {
        show::name_again(app, may, self, name).await
    }
}
