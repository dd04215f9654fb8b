//! Whether secrets of a group's accounts are shown only after a second person's approval, and whether a login code is shown
//! without it in an emergency.

use axum::response::Redirect;
use axum_extra::extract::Form;

use crate::domain::GroupId;
use crate::domain::privilege::can;
use crate::ops::OpError;
use crate::ops::access::Edit;
use crate::web::error::AppError;
use crate::web::extract::{May, Path};
use crate::web::pages::access::confirm::apply_one;
use crate::web::pages::access::fields::FormFields;
use crate::web::pages::access::named::Named;
use crate::web::pages::access::notice::{self, Notice};
use crate::web::state::AppState;

pub async fn save(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<GroupId>,
    Form(fields): Form<FormFields>,
) -> Result<Redirect, AppError> {
    // Anything but a clear no requires approval: an incomplete form makes nothing easier to see.
    let edit = Edit::NeedApproval(id, fields.one("needed") != "no");
    apply_one(&app, &may, edit).await?.map_err(|failed| OpError::Refused(failed.error))?;
    Ok(Redirect::to(&notice::url(&id.url(), Notice::Saved)))
}

pub async fn save_emergency(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<GroupId>,
    Form(fields): Form<FormFields>,
) -> Result<Redirect, AppError> {
    // Anything but a clear yes allows nothing.
    let edit = Edit::AllowEmergency(id, fields.one("allowed") == "yes");
    apply_one(&app, &may, edit).await?.map_err(|failed| OpError::Refused(failed.error))?;
    Ok(Redirect::to(&notice::url(&id.url(), Notice::Saved)))
}
