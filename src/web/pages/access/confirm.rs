//! Changes of access take two steps, the same for every form: a page that lists the effect, and its button that saves.
//!
//! A form that grants or removes permissions is posted to its own address twice: first as a preview, which changes
//! nothing, then with the same fields and the version of the policy that the preview was made of. If the policy changed
//! in between, nothing is saved, and the effect on the current policy is shown.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::diff::{Sentence, sentences};
use super::fields::FormFields;
use super::notice::{self, Notice};
use crate::domain::access::PolicyVersion;
use crate::domain::error::ErrorCode;
use crate::domain::privilege::can;
use crate::ops::OpError;
use crate::ops::access::{self, Edit, Failed, Report};
use crate::web::error::AppError;
use crate::web::extract::May;
use crate::web::layout::{Layout, html_with};
use crate::web::paths;
use crate::web::state::State;
use crate::words::sentence;

/// A form that has to be confirmed.
#[derive(Debug)]
pub struct Confirmation {
    pub title: String,
    /// Where the form is posted to.
    pub action: String,
    /// The page that the form is on.
    pub back: String,
    /// Where to go when everything is saved.
    pub then: String,
    /// The label of the button that saves.
    pub button: &'static str,
    /// What the form names but does not exist.
    pub unknown: Vec<Failed>,
}

impl Confirmation {
    /// A form on the page `back` that leads back there.
    pub fn new(action: String, back: String, title: String) -> Self {
        let then = notice::url(&back, Notice::Saved);
        Self { title, action, back, then, button: "Save", unknown: Vec::new() }
    }
}

#[derive(Debug)]
pub enum Outcome {
    Response(Response),
    /// A field is wrong: its form is to be shown again.
    Invalid(Failed),
}

impl Outcome {
    /// The response to a form that has no field to show a message beside.
    pub fn response(self) -> Result<Response, AppError> {
        match self {
            Self::Response(response) => Ok(response),
            Self::Invalid(failed) => Err(AppError::Bad(StatusCode::UNPROCESSABLE_ENTITY, failed.why())),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Preview,
    /// Not saved, because the policy has changed since the preview.
    Stale(String),
    /// It was saved, but not all of it.
    Saved,
}

#[derive(Template)]
#[template(path = "pages/access/confirm.html")]
struct ConfirmPage<'a> {
    layout: Layout,
    confirmation: &'a Confirmation,
    fields: Vec<&'a (String, String)>,
    step: Step,
    version: PolicyVersion,
    done: usize,
    sentences: Vec<Sentence>,
    failed: Vec<&'a Failed>,
}

impl ConfirmPage<'_> {
    fn is_saved(&self) -> bool {
        self.step == Step::Saved
    }

    fn stale(&self) -> Option<&str> {
        match &self.step {
            Step::Stale(message) => Some(message),
            Step::Preview | Step::Saved => None,
        }
    }
}

/// Shows the effect of a form's edits, or saves them, as the form asks.
pub async fn confirm(
    app: &State,
    may: &May<can::ManageAccess>,
    fields: &FormFields,
    edits: &[Edit],
    confirmation: &Confirmation,
) -> Result<Outcome, AppError> {
    if fields.one("step") != "save" {
        let report = access::preview(app, may.grant(), edits).await?;
        return respond(app, may, fields, report, confirmation, Step::Preview);
    }
    // What is not a version counts as an old one.
    let seen = fields.all("seen").next().map(|seen| seen.parse().unwrap_or_default());
    match access::save(&*app.app, may.grant(), edits, seen).await {
        Ok(report) if report.failed.is_empty() && confirmation.unknown.is_empty() => {
            Ok(Outcome::Response(Redirect::to(&confirmation.then).into_response()))
        }
        Ok(report) => respond(app, may, fields, report, confirmation, Step::Saved),
        Err(OpError::Refused(code @ ErrorCode::PolicyChanged)) => {
            let report = access::preview(app, may.grant(), edits).await?;
            respond(app, may, fields, report, confirmation, Step::Stale(sentence(&code)))
        }
        Err(error) => Err(error.into()),
    }
}

fn respond(
    app: &State,
    may: &May<can::ManageAccess>,
    fields: &FormFields,
    mut report: Report,
    confirmation: &Confirmation,
    step: Step,
) -> Result<Outcome, AppError> {
    if let Some(at) = report.failed.iter().position(|failed| failed.field.is_some()) {
        return Ok(Outcome::Invalid(report.failed.swap_remove(at)));
    }
    let status = match step {
        Step::Preview => StatusCode::OK,
        Step::Saved if report.done > 0 => StatusCode::OK,
        Step::Stale(_) | Step::Saved => StatusCode::CONFLICT,
    };
    let page = ConfirmPage {
        layout: Layout::of(app, &may.actor),
        confirmation,
        fields: fields.without(&["step", "seen"]),
        step,
        version: report.version,
        done: report.done,
        sentences: sentences(app, &may.actor, report.policy_diff),
        failed: report.failed.iter().chain(&confirmation.unknown).collect(),
    };
    Ok(Outcome::Response(html_with(status, &page)?))
}

/// Saves one edit that changes no permission, such as a name.
pub async fn apply_one(
    app: &State,
    may: &May<can::ManageAccess>,
    edit: Edit,
) -> Result<Result<(), Failed>, AppError> {
    let mut report = access::save(&*app.app, may.grant(), &[edit], None).await?;
    Ok(report.failed.pop().map_or(Ok(()), Err))
}
