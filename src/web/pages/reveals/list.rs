//! `/reveals`: what others want to see and need somebody's approval for.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use crate::domain::access::{Principal, privileges};
use crate::domain::privilege::{AccountPrivilege, can};
use crate::domain::reveal::{RequestState, RevealKind, RevealRequest};
use crate::domain::{AccountId, Millis, RevealId};
use crate::live::approvals::is_own;
use crate::ops::OpError;
use crate::ops::approvals::{self, Decision};
use crate::web::error::AppError;
use crate::web::extract::{May, Path};
use crate::web::form::RequestType;
use crate::web::fragment;
use crate::web::layout::{Layout, html_with};
use crate::web::state::{AppState, State};
use crate::web::words::text;

#[derive(Template)]
#[template(path = "pages/reveals/list.html")]
struct RevealsPage {
    layout: Layout,
    reveals: String,
    /// Why what was just asked for was not done.
    trouble: Option<String>,
}

/// The list, which is live too.
#[derive(Template)]
#[template(path = "parts/reveals.html")]
struct Reveals {
    waiting: Vec<Line>,
    over: Vec<Line>,
    complaint: Option<FieldError>,
}

impl Reveals {
    fn complaint(&self, line: &Line) -> Option<&FieldError> {
        self.complaint.as_ref().filter(|complaint| complaint.reveal == line.request.id)
    }
}

/// What is wrong with a note, and the note.
#[derive(Debug)]
pub struct FieldError {
    reveal: RevealId,
    message: String,
    note: String,
}

/// A request as a line of the page.
struct Line {
    request: RevealRequest,
    what: &'static str,
    /// The account's page, if the reader may see it.
    account: Option<AccountId>,
    own: bool,
    created: String,
    until: String,
    mood: &'static str,
    label: &'static str,
    decided_at: String,
}

/// The page.
pub async fn list(app: AppState, may: May<can::ApproveReveal>) -> Result<Response, AppError> {
    page(&app, &may.actor, StatusCode::OK, None, None)
}

fn page(
    app: &State,
    actor: &Principal,
    status: StatusCode,
    complaint: Option<FieldError>,
    trouble: Option<String>,
) -> Result<Response, AppError> {
    let reveals = rendered(app, actor, complaint)?;
    html_with(status, &RevealsPage { layout: Layout::of(app, actor), reveals, trouble })
}

/// The list for this reader; an empty one for whoever may not decide.
pub fn rendered(
    app: &State,
    actor: &Principal,
    complaint: Option<FieldError>,
) -> Result<String, askama::Error> {
    let now = app.clock.now();
    let may = app.live.approvals.load().pending_for(&app.live.policy.current(), actor, now).is_some();
    let requests = app.live.approvals.load();
    let lines = requests.0.iter().filter(|_| may).map(|request| line(app, actor, request, now));
    let (mut waiting, over): (Vec<_>, Vec<_>) = lines.partition(|line| line.label == WAITING);
    // A new one comes last: it must not move under somebody's hand what he is about to press.
    waiting.reverse();
    Reveals { waiting, over, complaint }.render()
}

const WAITING: &str = "Waiting";

fn line(app: &State, actor: &Principal, request: &RevealRequest, now: Millis) -> Line {
    let entry = app.live.accounts.get(request.account);
    let sees = |entry: &_| privileges(&app.live.policy.current(), actor, entry).has(AccountPrivilege::View);
    let (mood, label) = match request.stands(now) {
        RequestState::Waiting => ("waiting", WAITING),
        RequestState::Approved => ("good", "Approved"),
        RequestState::Refused => ("bad", "Refused"),
        RequestState::Used => ("good", "Approved and used"),
        RequestState::Expired => ("off", "Expired"),
    };
    Line {
        what: match request.kind {
            RevealKind::LoginCode => "Login code",
            RevealKind::TwoStepPassword => "Stored two-step password",
        },
        account: entry.filter(|entry| sees(&entry.account)).map(|entry| entry.account.id),
        own: is_own(request, actor),
        created: text::moment(request.created),
        until: text::moment(request.expires),
        mood,
        label,
        decided_at: request.decided_at.map(text::moment).unwrap_or_default(),
        request: request.clone(),
    }
}

/// What a person typed.
#[derive(Debug, Deserialize)]
pub struct Typed {
    #[serde(default)]
    note: String,
}

/// Approves a request.
pub async fn approve(
    app: AppState,
    request_type: RequestType,
    may: May<can::ApproveReveal>,
    Path(reveal): Path<RevealId>,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    let done = approvals::decide(&app, may.grant(), reveal, Decision::Approve, &typed.note).await;
    answer(&app, request_type, &may.actor, reveal, typed.note, done.map(|()| "Approved."))
}

/// Refuses a request.
pub async fn refuse(
    app: AppState,
    request_type: RequestType,
    may: May<can::ApproveReveal>,
    Path(reveal): Path<RevealId>,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    let done = approvals::decide(&app, may.grant(), reveal, Decision::Refuse, &typed.note).await;
    answer(&app, request_type, &may.actor, reveal, typed.note, done.map(|()| "Refused."))
}

/// The list follows by itself where scripts run; elsewhere the page comes again, with what is wrong in it.
fn answer(
    app: &State,
    request_type: RequestType,
    actor: &Principal,
    reveal: RevealId,
    note: String,
    done: Result<&str, OpError>,
) -> Result<Response, AppError> {
    let alone = !request_type.is_partial();
    match done {
        Ok(_) if alone => Ok(Redirect::to("/reveals").into_response()),
        Ok(words) => Ok(fragment::done(words)),
        Err(OpError::Invalid { message, .. }) if alone => {
            let complaint = FieldError { reveal, message, note };
            page(app, actor, StatusCode::UNPROCESSABLE_ENTITY, Some(complaint), None)
        }
        Err(OpError::Refused(words)) if alone => page(app, actor, StatusCode::CONFLICT, None, Some(words)),
        Err(error) => Err(error.into()),
    }
}
