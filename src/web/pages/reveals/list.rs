//! `/reveals`: requests to see a secret, for the people who may approve them.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::domain::access::{Principal, privileges};
use crate::domain::privilege::{AccountPrivilege, can};
use crate::domain::reveal::{RequestState, RevealRequest};
use crate::domain::stage::Severity;
use crate::domain::{AccountId, Millis, RevealId};
use crate::live::approvals::is_own;
use crate::web::error::AppError;
use crate::web::extract::May;
use crate::web::layout::{Layout, html_with};
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::words::moments::{Moment, moment};
use crate::web::words::reveals as words;

#[derive(Template)]
#[template(path = "pages/reveals/list.html")]
struct ApprovalsPage {
    layout: Layout,
    requests: String,
    /// Why the last decision failed, if that isn't about a note.
    error: Option<String>,
}

/// The list, which is live too.
#[derive(Template)]
#[template(path = "parts/reveals.html")]
struct Requests {
    pending: Vec<RequestRow>,
    decided: Vec<RequestRow>,
    rejected: Option<RejectedNote>,
}

impl Requests {
    fn rejected(&self, row: &RequestRow) -> Option<&RejectedNote> {
        self.rejected.as_ref().filter(|note| note.reveal == row.request.id)
    }
}

/// A note that was not accepted, and why.
#[derive(Debug)]
pub(super) struct RejectedNote {
    pub(super) reveal: RevealId,
    pub(super) note: String,
    pub(super) message: String,
}

struct RequestRow {
    request: RevealRequest,
    secret: &'static str,
    /// The account's page, if the reader may see it.
    account: Option<AccountId>,
    own: bool,
    created: Moment,
    expires: Moment,
    severity: Severity,
    label: &'static str,
    decided_at: Option<Moment>,
}

pub async fn list(app: AppState, may: May<can::ApproveReveal>) -> Result<Response, AppError> {
    page(&app, &may.actor, StatusCode::OK, None, None)
}

pub(super) fn page(
    app: &State,
    reader: &Principal,
    status: StatusCode,
    rejected: Option<RejectedNote>,
    error: Option<String>,
) -> Result<Response, AppError> {
    let requests = rendered(app, reader, rejected)?;
    html_with(status, &ApprovalsPage { layout: Layout::of(app, reader), requests, error })
}

/// The list for this reader; an empty one without the permission.
pub(super) fn rendered(
    app: &State,
    reader: &Principal,
    rejected: Option<RejectedNote>,
) -> Result<String, askama::Error> {
    let now = app.clock.now();
    let requests = app.live.approvals.load();
    let may = requests.pending_for(&app.live.policy.current(), reader, now).is_some();
    let shown = requests.0.iter().filter(|_| may);
    let (pending, decided): (Vec<_>, Vec<_>) =
        shown.partition(|request| request.stands(now) == RequestState::Waiting);
    let rows = |requests: Vec<&RevealRequest>| -> Vec<RequestRow> {
        requests.into_iter().map(|request| row(app, reader, request, now)).collect()
    };
    let (mut pending, decided) = (rows(pending), rows(decided));
    // A new one comes last: it must not move the button that a person is about to press.
    pending.reverse();
    Requests { pending, decided, rejected }.render()
}

fn row(app: &State, reader: &Principal, request: &RevealRequest, now: Millis) -> RequestRow {
    let entry = app.live.accounts.get(request.account);
    let sees =
        |account: &_| privileges(&app.live.policy.current(), reader, account).has(AccountPrivilege::View);
    let state = request.stands(now);
    RequestRow {
        secret: words::secret(request.kind).label,
        account: entry.filter(|entry| sees(&entry.account)).map(|entry| entry.account.id),
        own: is_own(request, reader),
        created: moment(request.created),
        expires: moment(request.expires),
        severity: match state {
            RequestState::Waiting => Severity::Waiting,
            RequestState::Approved | RequestState::Used => Severity::Good,
            RequestState::Refused => Severity::Bad,
            RequestState::Expired => Severity::Off,
        },
        label: words::request_state(state),
        decided_at: request.decided_at.map(moment),
        request: request.clone(),
    }
}
