//! `/accounts/{id}`: one account, how it stands, and what can be done with it.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};

use super::step::{Complaint, Step};
use crate::app::App;
use crate::directory::Entry;
use crate::domain::access::{Actor, privileges};
use crate::domain::privilege::can;
use crate::ops::{self, OpError};
use crate::web::error::AppError;
use crate::web::extract::Allowed;
use crate::web::shell::{Shell, html, html_with, wants_fragment};
use crate::web::text;

#[derive(Template)]
#[template(path = "pages/account.html")]
struct AccountPage<'a> {
    shell: Shell,
    entry: &'a Entry,
    step: String,
    facts: String,
}

/// What is known of the account. It is live too.
#[derive(Template)]
#[template(path = "parts/facts.html")]
pub struct Facts<'a> {
    /// The account.
    pub entry: &'a Entry,
}

impl Facts<'_> {
    fn added(&self) -> String {
        text::moment(self.entry.account.created)
    }
}

/// The page.
pub async fn show(State(app): State<Arc<App>>, allowed: Allowed<can::View>) -> Result<Response, AppError> {
    page(&app, &allowed.actor, &allowed.entry, StatusCode::OK, None)
}

fn page(
    app: &App,
    actor: &Actor,
    entry: &Entry,
    status: StatusCode,
    complaint: Option<Complaint>,
) -> Result<Response, AppError> {
    let step = step(actor, entry, complaint).render()?;
    let facts = Facts { entry }.render()?;
    html_with(status, &AccountPage { shell: Shell::of(app, actor), entry, step, facts })
}

fn step<'a>(actor: &Actor, entry: &'a Entry, complaint: Option<Complaint>) -> Step<'a> {
    let step = Step::new(entry, privileges(actor, &entry.account));
    match complaint {
        Some(complaint) => step.with_complaint(complaint),
        None => step,
    }
}

/// Asks Telegram for a code.
pub async fn ask_for_code(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    allowed: Allowed<can::Login>,
) -> Result<Response, AppError> {
    let done = ops::login::ask_for_code(&app, allowed.grant()).await;
    after(&app, &headers, &allowed.actor, &allowed.entry, done)
}

/// Wants the account connected.
pub async fn connect(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    allowed: Allowed<can::ManageConnectionState>,
) -> Result<Response, AppError> {
    let done = ops::accounts::connect(&app, allowed.grant()).await;
    after(&app, &headers, &allowed.actor, &allowed.entry, done)
}

/// Wants the account disconnected.
pub async fn disconnect(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    allowed: Allowed<can::ManageConnectionState>,
) -> Result<Response, AppError> {
    let done = ops::accounts::disconnect(&app, allowed.grant()).await;
    after(&app, &headers, &allowed.actor, &allowed.entry, done)
}

/// What a form about the account is answered with: the step as it stands now, or with the complaint in it.
pub fn after(
    app: &App,
    headers: &HeaderMap,
    actor: &Actor,
    before: &Entry,
    done: Result<(), OpError>,
) -> Result<Response, AppError> {
    let entry = app.directory.get(before.account.id).ok_or(AppError::NotFound)?;
    let (status, complaint) = match done {
        Ok(()) if wants_fragment(headers) => return html(&step(actor, &entry, None)),
        Ok(()) => return Ok(Redirect::to(&format!("/accounts/{}", entry.account.id)).into_response()),
        Err(OpError::Invalid { field, message }) => {
            (StatusCode::UNPROCESSABLE_ENTITY, Complaint { field: Some(field), message })
        }
        Err(OpError::Refused(message)) => (StatusCode::CONFLICT, Complaint { field: None, message }),
        Err(OpError::Telegram(message)) => (StatusCode::BAD_GATEWAY, Complaint { field: None, message }),
        Err(error) => return Err(error.into()),
    };
    if wants_fragment(headers) {
        html_with(status, &step(actor, &entry, Some(complaint)))
    } else {
        page(app, actor, &entry, status, Some(complaint))
    }
}
