//! What a group can require before secrets of its accounts are shown: a second person's approval, with or without an
//! exception for emergencies, and identity confirmation. A page asks before any of it is changed.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Redirect, Response};
use axum_extra::extract::{Form, Query};

use crate::domain::GroupId;
use crate::domain::access::{Principal, privileges};
use crate::domain::privilege::{AccountPrivilege, can};
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
use crate::web::words::{access as words, confirmation};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    Approval,
    Emergency,
    Confirmation,
}

/// The setting that a route is about.
pub trait HasSetting: Send + 'static {
    const SETTING: Setting;
}

pub struct Approval;
pub struct Emergency;
pub struct Confirmation;

impl HasSetting for Approval {
    const SETTING: Setting = Setting::Approval;
}

impl HasSetting for Emergency {
    const SETTING: Setting = Setting::Emergency;
}

impl HasSetting for Confirmation {
    const SETTING: Setting = Setting::Confirmation;
}

#[derive(Template)]
#[template(path = "pages/groups/requirement.html")]
struct RequirementPage {
    layout: Layout,
    id: GroupId,
    question: String,
    effects: Vec<String>,
    /// Where the answer is posted to, and the field that says whether the setting is switched on.
    action: String,
    field: &'static str,
    on: bool,
    button: &'static str,
    /// Whether secrets become easier to see.
    danger: bool,
    /// Why it can't be done.
    refused: Option<String>,
}

impl Setting {
    fn action(self, id: GroupId) -> String {
        match self {
            Self::Approval => paths::group_approval(id),
            Self::Emergency => paths::group_emergency(id),
            Self::Confirmation => paths::group_confirmation(id),
        }
    }

    /// The form's field.
    const fn field(self) -> &'static str {
        match self {
            Self::Approval | Self::Confirmation => "needed",
            Self::Emergency => "allowed",
        }
    }

    /// Whether this makes secrets easier to see.
    const fn is_weaker(self, on: bool) -> bool {
        match self {
            Self::Approval | Self::Confirmation => !on,
            Self::Emergency => on,
        }
    }

    /// What the form says. An incomplete one makes nothing easier to see: that takes a clear answer.
    fn of(self, fields: &FormFields) -> bool {
        let answer = fields.one(self.field());
        if self.is_weaker(true) { answer == "yes" } else { answer != "no" }
    }

    const fn edit(self, id: GroupId, on: bool) -> Edit {
        match self {
            Self::Approval => Edit::NeedApproval(id, on),
            Self::Emergency => Edit::AllowEmergency(id, on),
            Self::Confirmation => Edit::NeedConfirmation(id, on),
        }
    }

    fn question(self, name: &str, on: bool) -> String {
        match self {
            Self::Approval => words::approval_question(name, on),
            Self::Emergency => words::emergency_question(name, on),
            Self::Confirmation => confirmation::question(name, on),
        }
    }

    const fn button(self, on: bool) -> &'static str {
        match self {
            Self::Approval => words::approval_button(on),
            Self::Emergency => words::emergency_button(on),
            Self::Confirmation => confirmation::button(on),
        }
    }

    async fn effects(self, app: &State, accounts: usize, on: bool) -> Result<Vec<String>, AppError> {
        Ok(match self {
            Self::Approval => words::approval_effects(on, accounts, approvers(app).await?),
            Self::Emergency => words::emergency_effects(on, accounts, approvers(app).await?),
            Self::Confirmation => confirmation::effects(on, accounts),
        })
    }
}

/// Asks, with what will happen.
pub async fn ask<S: HasSetting>(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<GroupId>,
    Query(fields): Query<FormFields>,
) -> Result<Response, AppError> {
    let (setting, on) = (S::SETTING, S::SETTING.of(&fields));
    let name = existing_name(&app, id).await?;
    let mut report = preview(&app.context, may.grant(), &[setting.edit(id, on)]).await?;
    let page = RequirementPage {
        layout: Layout::of(&app, &may.actor),
        id,
        question: setting.question(&name, on),
        effects: setting.effects(&app, visible_accounts(&app, &may.actor, id), on).await?,
        action: setting.action(id),
        field: setting.field(),
        on,
        button: setting.button(on),
        danger: setting.is_weaker(on),
        refused: report.failed.pop().map(|failed| failed.why()),
    };
    html_with(StatusCode::OK, &page)
}

pub async fn save<S: HasSetting>(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<GroupId>,
    Form(fields): Form<FormFields>,
) -> Result<Redirect, AppError> {
    let saved = apply_one(&app, &may, S::SETTING.edit(id, S::SETTING.of(&fields))).await?;
    saved.map_err(|failed| OpError::Refused(failed.error))?;
    Ok(Redirect::to(&notice::url(&id.url(), Notice::Saved)))
}

/// The group's accounts that the reader can see.
fn visible_accounts(app: &State, reader: &Principal, id: GroupId) -> usize {
    let policy = app.live.policy.current();
    let accounts = app.live.accounts.listing();
    let sees = |account| privileges(&policy, reader, account).has(AccountPrivilege::View);
    accounts.iter().filter(|it| it.account.groups.contains(&id) && sees(&it.account)).count()
}

async fn approvers(app: &State) -> Result<usize, AppError> {
    let policy = app.live.policy.current();
    let people = store::users::active(&mut app.db.read().await?).await?;
    Ok(people.iter().filter(|user| may_approve(&policy, user)).count())
}
