//! Whether secrets of a group's accounts are shown only after a second person's approval, and whether a login code is shown
//! without it in an emergency.

use axum::http::StatusCode;
use axum::response::{Redirect, Response};
use axum_extra::extract::{Form, Query};

use super::requirement::{RequirementPage, is_needed, visible_accounts};
use crate::domain::GroupId;
use crate::domain::privilege::can;
use crate::ops::OpError;
use crate::ops::access::{Edit, preview};
use crate::ops::approvals::authorize::may_approve;
use crate::store;
use crate::web::error::AppError;
use crate::web::extract::{May, Path};
use crate::web::layout::{Layout, html_with};
use crate::web::pages::access::confirm::apply_one;
use crate::web::pages::access::fields::FormFields;
use crate::web::pages::access::named::{Named, existing_name};
use crate::web::pages::access::notice::{self, Notice};
use crate::web::paths;
use crate::web::state::AppState;
use crate::web::words::access as words;

/// Asks, with what will happen.
pub async fn ask(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<GroupId>,
    Query(fields): Query<FormFields>,
) -> Result<Response, AppError> {
    let name = existing_name(&app, id).await?;
    let needed = is_needed(&fields);
    let mut report = preview(&app.context, may.grant(), &[Edit::NeedApproval(id, needed)]).await?;
    let policy = app.live.policy.current();
    let accounts = visible_accounts(&app, &may.actor, id);
    let people = store::users::active(&mut app.db.read().await?).await?;
    let approvers = people.iter().filter(|user| may_approve(&policy, user)).count();
    let page = RequirementPage {
        layout: Layout::of(&app, &may.actor),
        id,
        question: words::approval_question(&name, needed),
        effects: words::approval_effects(needed, accounts, approvers),
        needed,
        action: paths::group_approval(id),
        button: words::approval_button(needed),
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
    let saved = apply_one(&app, &may, Edit::NeedApproval(id, is_needed(&fields))).await?;
    saved.map_err(|failed| OpError::Refused(failed.error))?;
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
