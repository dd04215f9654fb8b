//! `/accounts/change`: doing something with many accounts. A page shows for each account whether it can be done before
//! anything is; its button starts a task.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::Form;

use crate::domain::access::{Principal, decide_system};
use crate::domain::error::{ErrorCode, GoneKind};
use crate::domain::job::JobKind;
use crate::domain::job_line::{Action, ActionKind, LineFault, LineSubject, MAX_LINES};
use crate::domain::privilege::can;
use crate::domain::{AccountId, Email, GroupId, JobId};
use crate::ops::OpError;
use crate::ops::lines::{self, Checked, NewLine, Precheck};
use crate::store::groups::Group;
use crate::store::{self, Conn};
use crate::web::auth::session::CurrentUser;
use crate::web::error::AppError;
use crate::web::form::{Fields, FormState};
use crate::web::layout::{Layout, html_with};
use crate::web::pages::access::fields::FormFields;
use crate::web::pages::accounts::selection::accounts_of;
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::words::jobs as words;
use crate::words::sentence;

/// What an action needs to know, as it was entered.
#[derive(Debug, Default)]
pub struct ChangeForm {
    action: Option<ActionKind>,
    owner: String,
    group: String,
}

impl Fields for ChangeForm {
    const NAMES: &'static [&'static str] = &["owner", "group"];
}

#[derive(Template)]
#[template(path = "pages/accounts/change.html")]
struct ChangePage {
    layout: Layout,
    form: FormState<ChangeForm>,
    accounts: Vec<AccountId>,
    /// What can be chosen, for actions that take a group.
    groups: Vec<Group>,
    /// What was checked, and the job that will do it.
    preview: Option<(JobId, Preview)>,
}

#[derive(Default)]
struct Preview {
    ready: Vec<Row>,
    may_fail: Vec<Row>,
    unchanged: Vec<Row>,
    refused: Vec<Row>,
    /// The accounts that the job is about.
    included: Vec<AccountId>,
    action: String,
}

/// An account, and why it is not certain that it can be done.
struct Row {
    name: String,
    why: Option<String>,
}

impl Preview {
    fn of(checked: Vec<Checked>, action: String) -> Self {
        let mut preview = Self { action, ..Self::default() };
        for Checked { line, name, precheck } in checked {
            // Accounts that the reader can't see are not named, nor counted.
            let (Some(name), LineSubject::Account(id)) = (name, line.subject) else { continue };
            if precheck.is_included() {
                preview.included.push(id);
            }
            let (rows, why) = match precheck {
                Precheck::Ready => (&mut preview.ready, None),
                Precheck::MayFail(why) => (&mut preview.may_fail, Some(why)),
                Precheck::Unchanged => (&mut preview.unchanged, None),
                Precheck::Refused(why) => (&mut preview.refused, Some(why)),
            };
            rows.push(Row { name, why: why.as_ref().map(sentence) });
        }
        preview
    }
}

impl ChangePage {
    fn title(&self) -> &'static str {
        self.form.values.action.map_or(words::CHANGE, words::action)
    }

    /// Whether the form asks for a value of this action.
    fn asks_owner(&self) -> bool {
        self.form.values.action == Some(ActionKind::ChangeOwner)
    }

    fn asks_group(&self) -> bool {
        let action = self.form.values.action;
        action == Some(ActionKind::AddGroup) || action == Some(ActionKind::RemoveGroup)
    }

    fn warning(&self) -> Option<&'static str> {
        self.form.values.action.and_then(words::warning)
    }
}

/// Shows what would be done, or starts it, as the form asks.
pub async fn change(
    app: AppState,
    CurrentUser(actor): CurrentUser,
    Form(fields): Form<FormFields>,
) -> Result<Response, AppError> {
    let mut page = ChangePage {
        layout: Layout::of(&app, &actor),
        form: FormState::new(ChangeForm {
            action: fields.one("action").parse().ok(),
            owner: fields.one("owner").trim().to_owned(),
            group: fields.one("group").to_owned(),
        }),
        accounts: accounts_of(&app, &actor, &fields),
        groups: Vec::new(),
        preview: None,
    };
    match answer(&app, &actor, &fields, &mut page).await {
        Ok(Some(job)) => Ok(Redirect::to(&paths::job(job)).into_response()),
        Ok(None) => html_with(StatusCode::OK, &page),
        Err(error) => {
            let (status, form) = FormState::rejected(std::mem::take(&mut page.form.values), error)?;
            html_with(status, &ChangePage { form, ..page })
        }
    }
}

/// Fills in the page, or returns the job that was started.
async fn answer(
    app: &State,
    actor: &Principal,
    fields: &FormFields,
    page: &mut ChangePage,
) -> Result<Option<JobId>, OpError> {
    let kind = page.form.values.action.ok_or_else(|| OpError::invalid("action", LineFault::NoAction))?;
    if page.accounts.is_empty() {
        return Err(OpError::invalid("account", LineFault::NothingSelected));
    }
    if page.accounts.len() > MAX_LINES {
        page.accounts.clear();
        return Err(OpError::invalid("account", LineFault::TooMany { max: MAX_LINES }));
    }
    if kind == ActionKind::Person {
        return Err(OpError::Refused(LineFault::NoAction.into()));
    }
    let conn = &mut app.db.read().await?;
    if kind.manages_access() {
        decide_system::<can::ManageAccess>(&app.live.policy.current(), actor)?;
        page.groups = if page.asks_group() { store::groups::all(conn).await? } else { Vec::new() };
    }
    let step = fields.one("step");
    if step.is_empty() && kind.manages_access() {
        return Ok(None);
    }
    let action = action(conn, kind, &page.form.values).await?;
    let line = |id: &AccountId| NewLine { subject: LineSubject::Account(*id), action: action.clone() };
    let lines: Vec<NewLine> = page.accounts.iter().map(line).collect();
    if let ("start", Ok(job)) = (step, fields.one("job").parse::<JobId>()) {
        lines::begin(app, actor, (job, JobKind::ChangeAccounts), kind.name(), lines).await?;
        return Ok(Some(job));
    }
    let checked = lines::check(app, conn, actor, lines, MAX_LINES).await?;
    page.preview = Some((JobId::generate(), Preview::of(checked, words::action_with_details(&action))));
    Ok(None)
}

/// The action with what it needs to know.
async fn action(conn: &mut Conn<'_>, kind: ActionKind, form: &ChangeForm) -> Result<Action, OpError> {
    Ok(match kind {
        ActionKind::Connect => Action::Connect,
        ActionKind::Disconnect => Action::Disconnect,
        ActionKind::ChangeOwner => Action::ChangeOwner { owner: owner(&form.owner)? },
        ActionKind::AddGroup => {
            let Group { id: group, name: group_name } = group(conn, &form.group).await?;
            Action::AddGroup { group, group_name }
        }
        ActionKind::RemoveGroup => {
            let Group { id: group, name: group_name } = group(conn, &form.group).await?;
            Action::RemoveGroup { group, group_name }
        }
        ActionKind::EndOtherDevices => Action::EndOtherDevices,
        ActionKind::NewTwoStepPassword => Action::NewTwoStepPassword,
        ActionKind::Person => return Err(OpError::Refused(LineFault::NoAction.into())),
    })
}

/// The owner that was entered; an empty field is none.
fn owner(typed: &str) -> Result<Option<Email>, OpError> {
    if typed.is_empty() {
        return Ok(None);
    }
    Email::parse(typed).map(Some).map_err(|error| OpError::invalid("owner", error))
}

async fn group(conn: &mut Conn<'_>, chosen: &str) -> Result<Group, OpError> {
    let Ok(id) = chosen.parse::<GroupId>() else {
        return Err(OpError::invalid("group", LineFault::NoGroup));
    };
    let gone = || OpError::invalid("group", ErrorCode::Gone { kind: GoneKind::Group });
    store::groups::get(conn, id).await?.ok_or_else(gone)
}
