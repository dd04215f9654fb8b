//! The system permissions of a role.

use axum::response::Response;
use axum_extra::extract::Form;

use crate::domain::RoleId;
use crate::domain::privilege::{SystemPrivilege, SystemPrivileges, can};
use crate::ops::access::Edit;
use crate::web::error::AppError;
use crate::web::extract::{May, Path};
use crate::web::pages::access::cell::is_stale;
use crate::web::pages::access::confirm::{Confirmation, confirm};
use crate::web::pages::access::fields::FormFields;
use crate::web::pages::access::named::{Named, existing_name};
use crate::web::pages::roles::show;
use crate::web::state::AppState;
use crate::web::{paths, words};

pub async fn save(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<RoleId>,
    Form(fields): Form<FormFields>,
) -> Result<Response, AppError> {
    let set: SystemPrivileges = fields.known("privilege", SystemPrivilege::from_name)?;
    let page = show::page(&app, &may, id, "").await?;
    if set != page.system && is_stale(&fields, &page.was()) {
        return page.stale_system(set);
    }
    let title = words::access::system_permissions_of(&existing_name(&app, id).await?);
    let confirmation = Confirmation::new(paths::role_system(id), id.url(), title);
    confirm(&app, &may, &fields, &[Edit::System(id, set)], &confirmation).await?.response()
}
