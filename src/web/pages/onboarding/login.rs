//! `/onboarding/login`: the number, the steps of the login, and its end, in the browser that has begun.

use std::sync::Arc;

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use super::invite::refusal;
use super::number::NumberForm;
use crate::domain::access::{Permit, Principal, decide, privileges};
use crate::domain::invite::{Invite, InviteDenied};
use crate::domain::privilege::can;
use crate::domain::stage::LoginAction;
use crate::domain::{Phone, Stage, StageToken};
use crate::live::accounts::Entry;
use crate::ops::accounts::was_never_logged_in;
use crate::ops::invites::Begun;
use crate::ops::{self, OpError};
use crate::web::auth::invite_browser::InviteBrowser;
use crate::web::error::AppError;
use crate::web::form::{self, FieldError, FormState, RequestType};
use crate::web::layout::{Layout, html_with};
use crate::web::login::form::{LoginForm, edits_password};
use crate::web::login::step::{Step, StepLinks, is_changing};
use crate::web::pages::accounts::code_use::CodeUse;
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::words::onboarding::Organisation;

#[derive(Template)]
#[template(path = "pages/onboarding/login.html")]
struct LoginPage {
    layout: Layout,
    organisation: Organisation,
    ask: String,
    /// The number, once it is known.
    phone: Option<Phone>,
    is_fixed: bool,
    /// The step, once the number is known.
    step: Option<String>,
    is_done: bool,
    /// Whether another number can be entered.
    can_correct: bool,
    is_changing: bool,
    form: FormState<NumberForm>,
}

/// The end of the login.
#[derive(Template)]
#[template(path = "parts/onboarding_done.html")]
struct Done {
    organisation: Organisation,
}

impl LoginPage {
    fn new(app: &State, invite: &Invite, form: FormState<NumberForm>) -> Self {
        let organisation = Organisation::of(&app.config.onboarding);
        Self {
            layout: Layout::anonymous(app),
            ask: organisation.whom_to_ask(Some(invite)),
            organisation,
            phone: invite.phone.clone(),
            is_fixed: invite.phone.is_some(),
            step: None,
            is_done: false,
            can_correct: false,
            is_changing: false,
            form,
        }
    }

    fn done(&self) -> askama::Result<String> {
        Done { organisation: self.organisation.clone() }.render()
    }
}

/// What the page says at the end.
pub(super) fn done(app: &State) -> askama::Result<String> {
    Done { organisation: Organisation::of(&app.config.onboarding) }.render()
}

/// The step of the invite's account, with the addresses of these pages; at the end, that it is done. The answer to a form
/// and the events render the same, whichever comes last.
pub(super) async fn step(
    app: &State,
    principal: &Principal,
    entry: &Entry,
    error: Option<FieldError>,
) -> askama::Result<String> {
    if entry.snapshot.stage == Stage::Ready {
        return done(app);
    }
    let may = privileges(&app.live.policy.current(), principal, &entry.account);
    let codes = CodeUse::now(app, &entry.account).await;
    let links = StepLinks {
        submit: paths::ONBOARDING_LOGIN.to_owned(),
        act: paths::ONBOARDING_ACTION.to_owned(),
        connect: None,
    };
    let step = Step::new(entry, may, codes.as_ref(), app.clock.now()).with_links(links).with_error(error);
    step.render()
}

/// The page as it is now, with what is wrong with a form.
pub(super) async fn page(
    app: &State,
    begun: &Begun,
    status: StatusCode,
    error: Option<FieldError>,
    form: FormState<NumberForm>,
) -> Result<Response, AppError> {
    let Begun { invite, principal } = begun;
    let mut page = LoginPage::new(app, invite, form);
    if let Some(id) = invite.account {
        let entry = app.live.accounts.get(id).ok_or(AppError::NotFound)?;
        page.phone = entry.account.identifier.phone().cloned();
        page.is_done = entry.snapshot.stage == Stage::Ready;
        page.can_correct = invite.phone.is_none() && was_never_logged_in(&entry);
        page.is_changing = is_changing(&entry.snapshot);
        page.step = Some(step(app, principal, &entry, error).await?);
    }
    html_with(status, &page)
}

pub async fn show(app: AppState, InviteBrowser(begun): InviteBrowser) -> Result<Response, AppError> {
    match begun {
        Ok(begun) => page(&app, &begun, StatusCode::OK, None, FormState::default()).await,
        // The browser in which it was used sees what has become of it.
        Err((InviteDenied::Used, Some(invite))) => {
            let page = LoginPage::new(&app, &invite, FormState::default());
            html_with(StatusCode::OK, &LoginPage { is_done: true, ..page })
        }
        Err((why, invite)) => refusal(&app, why, invite.as_ref()),
    }
}

/// The invite's account, and the decision that it may be logged in.
fn permitted(app: &State, begun: &Begun) -> Result<(Arc<Entry>, Permit<can::Login>), AppError> {
    let (policy, accounts) = app.live.policy_and_accounts();
    let entry = begun.invite.account.and_then(|id| accounts.get(id).cloned()).ok_or(AppError::NotFound)?;
    let permit = decide::<can::Login>(&policy, &begun.principal, &entry.account)?;
    Ok((entry, permit))
}

pub async fn submit(
    app: AppState,
    request_type: RequestType,
    InviteBrowser(begun): InviteBrowser,
    Form(form): Form<LoginForm>,
) -> Result<Response, AppError> {
    let begun = match begun {
        Ok(begun) => begun,
        Err((why, invite)) => return refusal(&app, why, invite.as_ref()),
    };
    let (entry, permit) = permitted(&app, &begun)?;
    let done = match form.parse(&entry.snapshot, entry.account.identifier.kind()) {
        Ok(input) => {
            let edits = edits_password(&app, &begun.principal, &entry, input.edits_password())?;
            let edits = edits.as_ref().map(Permit::grant);
            ops::login::submit(&app, permit.grant(), form.token, input, edits).await
        }
        Err(error) => Err(error),
    };
    answer(&app, request_type, &begun, done).await
}

#[derive(Debug, Deserialize)]
pub struct ActionForm {
    token: StageToken,
    action: LoginAction,
}

/// Requests something of Telegram, such as a code.
pub async fn act(
    app: AppState,
    request_type: RequestType,
    InviteBrowser(begun): InviteBrowser,
    Form(form): Form<ActionForm>,
) -> Result<Response, AppError> {
    let begun = match begun {
        Ok(begun) => begun,
        Err((why, invite)) => return refusal(&app, why, invite.as_ref()),
    };
    let (entry, permit) = permitted(&app, &begun)?;
    let edits = edits_password(&app, &begun.principal, &entry, form.action.changes_password())?;
    let edits = edits.as_ref().map(Permit::grant);
    let done = ops::login::act(&app, permit.grant(), edits, form.token, form.action).await;
    answer(&app, request_type, &begun, done).await
}

async fn answer(
    app: &State,
    request_type: RequestType,
    begun: &Begun,
    done: Result<(), OpError>,
) -> Result<Response, AppError> {
    let (status, error) = match done {
        Ok(()) if !request_type.is_partial() => {
            return Ok(Redirect::to(paths::ONBOARDING_LOGIN).into_response());
        }
        Ok(()) => (StatusCode::OK, None),
        Err(error) => {
            let (status, error) = form::rejection(error)?;
            (status, Some(error))
        }
    };
    if !request_type.is_partial() {
        return page(app, begun, status, error, FormState::default()).await;
    }
    let entry = begun.invite.account.and_then(|id| app.live.accounts.get(id)).ok_or(AppError::NotFound)?;
    let step = step(app, &begun.principal, &entry, error).await?;
    Ok((status, Html(step)).into_response())
}
