//! Whether secrets of a group's accounts are shown only after a second person's approval, and whether a login code is shown
//! without it in an emergency.

use axum::http::StatusCode;
use axum::response::{Redirect, Response};
use axum_extra::extract::{Form, Query};

use super::requirement::{RequirementPage, visible_accounts};
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
use crate::web::state::{AppState, State};
use crate::web::words::access as words;

/// What of a group's approvals is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Setting {
    Approval,
    Emergency,
}

impl Setting {
    fn action(self, id: GroupId) -> String {
        match self {
            Self::Approval => paths::group_approval(id),
            Self::Emergency => paths::group_emergency(id),
        }
    }

    /// The form's field.
    const fn field(self) -> &'static str {
        match self {
            Self::Approval => "needed",
            Self::Emergency => "allowed",
        }
    }

    /// Whether this makes secrets easier to see.
    const fn is_weaker(self, on: bool) -> bool {
        match self {
            Self::Approval => !on,
            Self::Emergency => on,
        }
    }

    const fn edit(self, id: GroupId, on: bool) -> Edit {
        match self {
            Self::Approval => Edit::NeedApproval(id, on),
            Self::Emergency => Edit::AllowEmergency(id, on),
        }
    }

    /// What the form says. An incomplete one makes nothing easier to see: only a clear no ends approvals, and only a
    /// clear yes allows emergency access.
    fn of(self, fields: &FormFields) -> bool {
        match self {
            Self::Approval => fields.one("needed") != "no",
            Self::Emergency => fields.one("allowed") == "yes",
        }
    }
}

/// Asks, with what will happen.
pub async fn ask(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<GroupId>,
    Query(fields): Query<FormFields>,
) -> Result<Response, AppError> {
    question(&app, &may, id, Setting::Approval, &fields).await
}

pub async fn ask_emergency(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<GroupId>,
    Query(fields): Query<FormFields>,
) -> Result<Response, AppError> {
    question(&app, &may, id, Setting::Emergency, &fields).await
}

async fn question(
    app: &State,
    may: &May<can::ManageAccess>,
    id: GroupId,
    setting: Setting,
    fields: &FormFields,
) -> Result<Response, AppError> {
    let name = existing_name(app, id).await?;
    let on = setting.of(fields);
    let mut report = preview(&app.context, may.grant(), &[setting.edit(id, on)]).await?;
    let policy = app.live.policy.current();
    let accounts = visible_accounts(app, &may.actor, id);
    let people = store::users::active(&mut app.db.read().await?).await?;
    let approvers = people.iter().filter(|user| may_approve(&policy, user)).count();
    let page = RequirementPage {
        layout: Layout::of(app, &may.actor),
        id,
        question: match setting {
            Setting::Approval => words::approval_question(&name, on),
            Setting::Emergency => words::emergency_question(&name, on),
        },
        effects: match setting {
            Setting::Approval => words::approval_effects(on, accounts, approvers),
            Setting::Emergency => words::emergency_effects(on, accounts, approvers),
        },
        button: match setting {
            Setting::Approval => words::approval_button(on),
            Setting::Emergency => words::emergency_button(on),
        },
        action: setting.action(id),
        field: setting.field(),
        danger: setting.is_weaker(on),
        on,
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
    apply(&app, &may, id, Setting::Approval, &fields).await
}

pub async fn save_emergency(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<GroupId>,
    Form(fields): Form<FormFields>,
) -> Result<Redirect, AppError> {
    apply(&app, &may, id, Setting::Emergency, &fields).await
}

async fn apply(
    app: &State,
    may: &May<can::ManageAccess>,
    id: GroupId,
    setting: Setting,
    fields: &FormFields,
) -> Result<Redirect, AppError> {
    let saved = apply_one(app, may, setting.edit(id, setting.of(fields))).await?;
    saved.map_err(|failed| OpError::Refused(failed.error))?;
    Ok(Redirect::to(&notice::url(&id.url(), Notice::Saved)))
}
