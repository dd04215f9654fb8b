//! `/reveals/mine`: the reader's own requests to see a secret, and taking one back.

use askama::Template;
use axum::response::Response;

use super::list::severity;
use super::urls::SecretUrls;
use crate::domain::RevealId;
use crate::domain::access::Principal;
use crate::domain::reveal::{RequestState, RevealRequest};
use crate::domain::stage::Severity;
use crate::ops::approvals;
use crate::ops::approvals::authorize::closed;
use crate::web::auth::session::CurrentUser;
use crate::web::error::AppError;
use crate::web::extract::Path;
use crate::web::form::RequestType;
use crate::web::layout::{Layout, html};
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::words::moments::{Moment, moment};
use crate::web::words::reveals as words;
use crate::words::sentence;

#[derive(Template)]
#[template(path = "pages/reveals/mine.html")]
struct MyRequestsPage {
    layout: Layout,
    requests: String,
}

/// The list, which is live too.
#[derive(Template)]
#[template(path = "parts/my_requests.html")]
struct MyRequests {
    rows: Vec<Row>,
}

struct Row {
    request: RevealRequest,
    secret: &'static str,
    created: Moment,
    expires: Moment,
    severity: Severity,
    label: &'static str,
    is_open: bool,
    is_approved: bool,
    /// Where the secret is shown.
    page: String,
    /// Why it is over.
    why: Option<String>,
}

pub async fn list(app: AppState, CurrentUser(actor): CurrentUser) -> Result<Response, AppError> {
    let requests = rendered(&app, &actor)?;
    html(&MyRequestsPage { layout: Layout::of(&app, &actor), requests })
}

pub(super) fn rendered(app: &State, reader: &Principal) -> Result<String, askama::Error> {
    let now = app.clock.now();
    let requests = app.live.approvals.load();
    let row = |request: &RevealRequest| {
        let state = request.state_at(now);
        Row {
            secret: words::secret(request.kind).label,
            created: moment(request.created),
            expires: moment(request.expires),
            severity: severity(state),
            label: words::request_state(state),
            is_open: state.is_open(),
            is_approved: state == RequestState::Approved,
            page: SecretUrls::of(request.kind, request.account).page,
            why: closed(request, now).map(|why| sentence(&why)),
            request: request.clone(),
        }
    };
    MyRequests { rows: requests.own(reader).map(row).collect() }.render()
}

pub async fn withdraw(
    app: AppState,
    request_type: RequestType,
    CurrentUser(actor): CurrentUser,
    Path(reveal): Path<RevealId>,
) -> Result<Response, AppError> {
    approvals::withdraw(&app, &actor, reveal).await?;
    Ok(request_type.done(words::WITHDRAWN, paths::MY_REQUESTS))
}
