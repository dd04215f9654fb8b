pub mod accounts;
pub mod list;
pub mod requirement;
pub mod show;

use axum::response::Response;

use crate::domain::GroupId;
use crate::domain::error::NameKind;
use crate::domain::privilege::can;
use crate::ops::access::Edit;
use crate::store::{self, Conn, StoreError};
use crate::web::error::AppError;
use crate::web::extract::May;
use crate::web::pages::access::named::{NameForm, Named};
use crate::web::paths;
use crate::web::state::State;

impl Named for GroupId {
    const LIST: &'static str = paths::GROUPS;
    const KIND: NameKind = NameKind::Group;
    const DELETE: &'static str = "Delete group";

    fn generate() -> Self {
        Self::generate()
    }

    fn add(self, name: String) -> Edit {
        Edit::AddGroup(self, name)
    }

    fn rename(self, name: String) -> Edit {
        Edit::RenameGroup(self, name)
    }

    fn delete(self) -> Edit {
        Edit::DeleteGroup(self)
    }

    fn url(self) -> String {
        paths::group(self)
    }

    fn delete_url(self) -> String {
        paths::group_delete(self)
    }

    async fn name(self, conn: &mut Conn<'_>) -> Result<Option<String>, StoreError> {
        Ok(store::groups::get(conn, self).await?.map(|group| group.name))
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
