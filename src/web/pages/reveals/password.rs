//! `/accounts/{id}/password/reveal`: showing the stored two-step password.
//!
//! Like a login code it is the answer to a form and stands nowhere else: loading the page again shows nothing.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use crate::domain::privilege::can;
use crate::domain::reveal::RevealKind;
use crate::live::accounts::Entry;
use crate::ops::reveals::password::{self, RevealedPassword};
use crate::ops::{OpError, approvals};
use crate::web::error::AppError;
use crate::web::extract::Allowed;
use crate::web::form::RequestType;
use crate::web::layout::{Layout, html_with};
use crate::web::pages::reveals::approval::Approval;
use crate::web::pages::reveals::code::{RevealedPart, leaving};
use crate::web::state::{AppState, State};
use crate::web::words::text;

#[derive(Template)]
#[template(path = "pages/reveals/password.html", blocks = ["dialog"])]
struct RevealPage<'a> {
    layout: Layout,
    entry: &'a Entry,
    shown: Option<RevealedPassword>,
    reason: String,
    /// What is wrong with the reason.
    about_reason: Option<String>,
    /// What else is in the way.
    trouble: Option<String>,
    /// The way to another person's approval, if one is needed.
    approval: Option<Approval>,
}

impl RevealPage<'_> {
    fn part<'p>(&self, revealed: &'p RevealedPassword) -> RevealedPart<'p> {
        let stored = text::moment(revealed.stored);
        let words = match revealed.rejected {
            None => format!("It was stored at {stored}."),
            Some(at) => format!("It was stored at {stored}; Telegram rejected it at {}.", text::moment(at)),
        };
        RevealedPart { secret: &revealed.password, words, long: true }
    }
}

/// What a person typed.
#[derive(Debug, Deserialize)]
pub struct Typed {
    #[serde(default)]
    reason: String,
}

/// The form.
pub async fn form(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::ViewTwoFactorPassword>,
) -> Result<Response, AppError> {
    answer(&app, request_type, &allowed, String::new(), None).await
}

/// Shows the password.
pub async fn show(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::ViewTwoFactorPassword>,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    let shown = password::show_password(&app, allowed.grant(), &typed.reason).await;
    answer(&app, request_type, &allowed, typed.reason, Some(shown.map(Some))).await
}

/// Asks for another person's approval.
pub async fn request(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<can::ViewTwoFactorPassword>,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    let asked = approvals::request(&app, allowed.grant(), &typed.reason).await;
    if asked.is_ok() && !request_type.is_partial() {
        let back = format!("/accounts/{}/password/reveal", allowed.entry.account.id);
        return Ok(Redirect::to(&back).into_response());
    }
    answer(&app, request_type, &allowed, typed.reason, Some(asked.map(|()| None))).await
}

async fn answer(
    app: &State,
    request_type: RequestType,
    allowed: &Allowed<can::ViewTwoFactorPassword>,
    reason: String,
    asked: Option<Result<Option<RevealedPassword>, OpError>>,
) -> Result<Response, AppError> {
    let layout = Layout::of(app, &allowed.actor);
    let entry = &allowed.entry;
    let mut page =
        RevealPage { layout, entry, shown: None, reason, about_reason: None, trouble: None, approval: None };
    let status = match asked {
        None => StatusCode::OK,
        Some(Ok(revealed)) => {
            page.shown = revealed;
            StatusCode::OK
        }
        Some(Err(OpError::Invalid { message, .. })) => {
            page.about_reason = Some(message);
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Some(Err(OpError::Refused(message))) => {
            page.trouble = Some(message);
            StatusCode::CONFLICT
        }
        Some(Err(error)) => return Err(error.into()),
    };
    if page.shown.is_none() {
        let (id, about) = (entry.account.id, page.about_reason.clone());
        let kind = RevealKind::TwoStepPassword;
        page.approval = Approval::read(app, &allowed.actor, id, kind, &page.reason, about).await?;
    }
    if request_type.is_partial() {
        return html_with(status, &page.as_dialog());
    }
    let response = html_with(status, &page)?;
    Ok(if page.shown.is_some() { leaving(response, entry.account.id) } else { response })
}
