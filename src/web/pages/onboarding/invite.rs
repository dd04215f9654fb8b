//! `/onboarding/invite/{token}`: what a link is for. Looking at it changes nothing, since mail scanners and chat previews
//! do; the button begins, with consent.

use askama::Template;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use crate::domain::error::ErrorCode;
use crate::domain::invite::{Invite, InviteDenied, InviteState};
use crate::domain::{Phone, RequestInfo};
use crate::ops::{OpError, invites};
use crate::web::auth::invite_browser as browser;
use crate::web::error::AppError;
use crate::web::extract::{Origin, Path};
use crate::web::form::{Fields, FormState};
use crate::web::layout::{Layout, html_with};
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::words::onboarding::{self as words, Organisation};
use crate::words::invites::denied;

/// Wrong links that are answered per network address and minute.
const WRONG_LINKS: u32 = 20;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ConsentForm {
    consent: String,
}

impl Fields for ConsentForm {
    const NAMES: &'static [&'static str] = &["consent"];
}

impl ConsentForm {
    pub(super) fn check(&self) -> Result<(), OpError> {
        match self.consent == "yes" {
            true => Ok(()),
            false => Err(OpError::invalid("consent", ErrorCode::ConsentMissing)),
        }
    }
}

/// What the organisation can do, and the button that begins.
#[derive(Template)]
#[template(path = "pages/onboarding/begin.html")]
pub(super) struct BeginPage {
    pub(super) layout: Layout,
    pub(super) organisation: Organisation,
    /// Where the form is sent.
    pub(super) action: String,
    /// Who sent the invite; none for a person's own account.
    pub(super) invited_by: Option<String>,
    pub(super) person: String,
    pub(super) phone: Option<Phone>,
    pub(super) ask: String,
    /// This browser has begun already.
    pub(super) has_begun: bool,
    pub(super) form: FormState<ConsentForm>,
}

/// Why a link does not help, and whom to ask.
#[derive(Template)]
#[template(path = "pages/onboarding/denied.html")]
struct DeniedPage {
    layout: Layout,
    title: &'static str,
    message: String,
    ask: String,
}

/// The address of these pages has the link in it, so no other page learns where the person came from.
fn private(page: Response) -> Response {
    let no_referrer = HeaderValue::from_static("no-referrer");
    ([(header::REFERRER_POLICY, no_referrer)], page).into_response()
}

/// The page of a link that can't be used.
pub(super) fn refusal(app: &State, why: InviteDenied, invite: Option<&Invite>) -> Result<Response, AppError> {
    let status = match why {
        InviteDenied::Unknown => StatusCode::NOT_FOUND,
        InviteDenied::OtherBrowser => StatusCode::CONFLICT,
        InviteDenied::Used
        | InviteDenied::Expired
        | InviteDenied::Revoked
        | InviteDenied::CreatorLostAccess => StatusCode::GONE,
    };
    said(app, status, words::denied_title(why), denied(why).to_owned(), invite)
}

fn said(
    app: &State,
    status: StatusCode,
    title: &'static str,
    message: String,
    invite: Option<&Invite>,
) -> Result<Response, AppError> {
    let ask = Organisation::of(&app.config.onboarding).whom_to_ask(invite);
    let page = DeniedPage { layout: Layout::anonymous(app), title, message, ask };
    Ok(private(html_with(status, &page)?))
}

/// The answer to a wrong link. Many from one address are only counted: the page says the same for each.
fn wrong(app: &State, origin: &RequestInfo) -> Result<Response, AppError> {
    let Some(address) = origin.address else { return refusal(app, InviteDenied::Unknown, None) };
    if app.wrong_links.check_stranger(address, app.clock.now(), WRONG_LINKS) {
        return refusal(app, InviteDenied::Unknown, None);
    }
    invites::refuse(app, InviteDenied::Unknown, origin);
    let why = words::too_many_links(WRONG_LINKS);
    said(app, StatusCode::TOO_MANY_REQUESTS, words::denied_title(InviteDenied::Unknown), why, None)
}

fn page(app: &State, invite: &Invite, token: &str, form: FormState<ConsentForm>) -> BeginPage {
    let organisation = Organisation::of(&app.config.onboarding);
    BeginPage {
        layout: Layout::anonymous(app),
        ask: organisation.whom_to_ask(Some(invite)),
        organisation,
        action: paths::onboarding_invite(token.to_owned()),
        invited_by: Some(invite.created_by.to_string()),
        person: invite.person.to_string(),
        phone: invite.phone.clone(),
        has_begun: false,
        form,
    }
}

/// Whether this browser has begun with this invite.
fn is_here(app: &State, headers: &HeaderMap, invite: &Invite) -> bool {
    browser::of(app, headers).is_some_and(|kept| invites::has_begun(&kept, invite))
}

pub async fn show(
    app: AppState,
    Origin(origin): Origin,
    headers: HeaderMap,
    Path(token): Path<String>,
) -> Result<Response, AppError> {
    let Some(invite) = invites::find(&app, &token).await? else { return wrong(&app, &origin) };
    let has_begun = is_here(&app, &headers, &invite);
    match invite.denial(app.clock.now()) {
        Some(InviteDenied::OtherBrowser) if has_begun => {}
        Some(InviteDenied::Used) if has_begun => return Ok(to_login()),
        Some(why) => return refusal(&app, why, Some(&invite)),
        None => {}
    }
    let page = page(&app, &invite, &token, FormState::default());
    Ok(private(html_with(StatusCode::OK, &BeginPage { has_begun, ..page })?))
}

fn to_login() -> Response {
    private(Redirect::to(paths::ONBOARDING_LOGIN).into_response())
}

pub async fn begin(
    app: AppState,
    Origin(origin): Origin,
    headers: HeaderMap,
    Path(token): Path<String>,
    Form(form): Form<ConsentForm>,
) -> Result<Response, AppError> {
    let Some(invite) = invites::find(&app, &token).await? else { return wrong(&app, &origin) };
    let is_open = matches!(invite.state, InviteState::Opened | InviteState::LoggingIn | InviteState::Done);
    if is_open && is_here(&app, &headers, &invite) {
        return Ok(to_login());
    }
    if let Some(why) = invite.denial(app.clock.now()) {
        invites::refuse(&app, why, &origin);
        return refusal(&app, why, Some(&invite));
    }
    if let Err(error) = form.check() {
        let (status, form) = FormState::rejected(form, error)?;
        return Ok(private(html_with(status, &page(&app, &invite, &token, form))?));
    }
    match invites::begin(&app, &token, &origin).await {
        Ok(browser) => Ok(private(browser::go_on(&app, &browser)?)),
        Err(OpError::Refused(ErrorCode::InviteUnusable { why })) => refusal(&app, why, Some(&invite)),
        Err(error) => Err(error.into()),
    }
}
