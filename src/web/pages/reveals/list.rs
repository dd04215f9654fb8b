//! `/reveals`: requests to see a secret, for the people who may approve them.

use std::sync::Arc;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use crate::domain::access::{Principal, privileges};
use crate::domain::privilege::{AccountPrivilege, can};
use crate::domain::reveal::{RequestState, RevealRequest};
use crate::domain::stage::Severity;
use crate::domain::{AccountId, Email, Millis, RevealId};
use crate::live::approvals::{Requests, is_own};
use crate::web::error::AppError;
use crate::web::extract::May;
use crate::web::layout::{Layout, html_with};
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::stream::position;
use crate::web::words::moments::{Moment, moment};
use crate::web::words::reveals as words;

#[derive(Template)]
#[template(path = "pages/reveals/list.html")]
struct ApprovalsPage {
    layout: Layout,
    requests: String,
    /// Why the last decision failed, unless the note is wrong.
    error: Option<String>,
    /// The address of the stream.
    events: String,
}

/// The list, which is live too.
#[derive(Template)]
#[template(path = "parts/reveals.html")]
struct RequestLists {
    pending: Vec<RequestRow>,
    decided: Vec<RequestRow>,
    rejected: Option<RejectedNote>,
}

impl RequestLists {
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
    /// Whose account it is at Telegram, its owner and its groups: what a person needs to judge the request.
    name: Option<String>,
    owner: Option<Email>,
    groups: Vec<Arc<str>>,
    /// What the same person requested before.
    earlier: Vec<EarlierRow>,
    own: bool,
    /// The reader has the permission to approve from the person who asks.
    dependent: bool,
    created: Moment,
    expires: Moment,
    severity: Severity,
    label: &'static str,
    decided_at: Option<Moment>,
}

/// An earlier request of the same person.
struct EarlierRow {
    at: Moment,
    secret: &'static str,
    request: RevealRequest,
    label: &'static str,
}

/// Earlier requests that are listed; the others are counted.
const EARLIER: usize = 10;

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
    let events = position::events_url(app, paths::APPROVALS_EVENTS, position::hash(&requests));
    html_with(status, &ApprovalsPage { layout: Layout::of(app, reader), requests, error, events })
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
    let shown = requests.recent.iter().filter(|_| may);
    let (pending, decided): (Vec<_>, Vec<_>) =
        shown.partition(|request| request.state_at(now) == RequestState::Waiting);
    let rows = |some: Vec<&RevealRequest>| -> Vec<RequestRow> {
        some.into_iter().map(|request| row(app, reader, &requests, request, now)).collect()
    };
    let (mut pending, decided) = (rows(pending), rows(decided));
    // The newest is last, so that it does not move a button that a person is about to press.
    pending.reverse();
    RequestLists { pending, decided, rejected }.render()
}

fn row(app: &State, reader: &Principal, all: &Requests, request: &RevealRequest, now: Millis) -> RequestRow {
    let entry = app.live.accounts.get(request.account);
    let names = app.live.accounts.groups();
    let groups = entry.iter().flat_map(|entry| &entry.account.groups);
    let groups = groups.filter_map(|id| names.get(id).cloned()).collect();
    let profile = entry.as_ref().and_then(|entry| entry.snapshot.profile.clone());
    let sees =
        |account: &_| privileges(&app.live.policy.current(), reader, account).has(AccountPrivilege::View);
    let state = request.state_at(now);
    RequestRow {
        secret: words::secret(request.kind).label,
        owner: entry.as_ref().and_then(|entry| entry.account.owner.clone()),
        account: entry.filter(|entry| sees(&entry.account)).map(|entry| entry.account.id),
        name: profile.map(|profile| profile.full_name()),
        groups,
        earlier: all.before(request).map(|earlier| EarlierRow::new(earlier, now)).collect(),
        own: is_own(request, reader),
        dependent: all.depends(request, reader),
        created: moment(request.created),
        expires: moment(request.expires),
        severity: severity(state),
        label: words::request_state(state),
        decided_at: request.decided_at.map(moment),
        request: request.clone(),
    }
}

impl EarlierRow {
    fn new(request: &RevealRequest, now: Millis) -> Self {
        Self {
            at: moment(request.created),
            secret: words::secret(request.kind).label,
            label: words::request_state(request.state_at(now)),
            request: request.clone(),
        }
    }
}

impl RequestRow {
    fn shown_earlier(&self) -> impl Iterator<Item = &EarlierRow> {
        self.earlier.iter().take(EARLIER)
    }
}

pub(super) const fn severity(state: RequestState) -> Severity {
    match state {
        RequestState::Waiting => Severity::Waiting,
        RequestState::Approved | RequestState::Used => Severity::Good,
        RequestState::Refused | RequestState::Voided => Severity::Bad,
        RequestState::Expired | RequestState::Withdrawn => Severity::Off,
    }
}
