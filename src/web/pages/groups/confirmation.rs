//! Whether people have to confirm their identity before secrets of a group's accounts are shown to them.

use axum::http::StatusCode;
use axum::response::{Redirect, Response};
use axum_extra::extract::{Form, Query};

use super::requirement::{RequirementPage, visible_accounts};
use crate::domain::GroupId;
use crate::domain::privilege::can;
use crate::ops::OpError;
use crate::ops::access::{Edit, preview};
use crate::web::error::AppError;
use crate::web::extract::{May, Path};
use crate::web::layout::{Layout, html_with};
use crate::web::pages::access::confirm::apply_one;
use crate::web::pages::access::fields::FormFields;
use crate::web::pages::access::named::{Named, existing_name};
use crate::web::pages::access::notice::{self, Notice};
use crate::web::paths;
use crate::web::state::AppState;
use crate::web::words::access::applies_to;
use crate::web::words::confirmation as words;

/// Asks, with what will happen.
pub async fn ask(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<GroupId>,
    Query(fields): Query<FormFields>,
) -> Result<Response, AppError> {
    let name = existing_name(&app, id).await?;
    let needed = is_needed(&fields);
    let mut report = preview(&app.context, may.grant(), &[Edit::NeedConfirmation(id, needed)]).await?;
    let page = RequirementPage {
        layout: Layout::of(&app, &may.actor),
        id,
        question: words::question(&name, needed),
        effects: words::effects(needed, applies_to(visible_accounts(&app, &may.actor, id))),
        action: paths::group_confirmation(id),
        field: "needed",
        on: needed,
        button: words::button(needed),
        danger: !needed,
        refused: report.failed.pop().map(|failed| failed.why()),
    };
    html_with(StatusCode::OK, &page)
}

pub async fn save(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<GroupId>,
    Form(fields): Form<FormFields>,
) -> Result<Redirect, AppError> {
    let saved = apply_one(&app, &may, Edit::NeedConfirmation(id, is_needed(&fields))).await?;
    saved.map_err(|failed| OpError::Refused(failed.error))?;
    Ok(Redirect::to(&notice::url(&id.url(), Notice::Saved)))
}

/// Anything but a clear no requires it: an incomplete form makes nothing easier to see.
fn is_needed(fields: &FormFields) -> bool {
    fields.one("needed") != "no"
}
