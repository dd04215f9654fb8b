//! Changing who may do what takes two steps, the same for every form: a page that says what it would do, and the
//! button there that does it.
//!
//! A form that gives or takes rights is posted to its own address twice: first to be looked at, which changes nothing,
//! then with the same fields and the state of the rules that was looked at. If rules changed in between, nothing is
//! done, and what it would do now is shown.

use std::str::FromStr;

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::domain::privilege::can;
use crate::ops::OpError;
use crate::ops::access::{self, Edit, Failed, Report};
use crate::web::error::AppError;
use crate::web::extract::May;
use crate::web::layout::{Layout, html_with};
use crate::web::pages::access::diff::{Sentence, sentences};
use crate::web::paths;
use crate::web::state::State;

/// A form's fields, in their order, as they were sent: the second step sends them again.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// The first value of a field; empty if there is none.
    pub fn one(&self, name: &str) -> &str {
        self.all(name).next().unwrap_or_default()
    }

    /// Every value of a field.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// The ids in a field. What is no id is nobody's.
    pub fn ids<T: FromStr>(&self, name: &str) -> Vec<T> {
        self.all(name).filter_map(|value| value.parse().ok()).collect()
    }

    /// What stands in a text between commas, semicolons and new lines, once each.
    pub fn list(&self, name: &str) -> Vec<&str> {
        let mut found: Vec<&str> = Vec::new();
        for part in self.one(name).split([',', ';', '\n', '\r']).map(str::trim) {
            if !part.is_empty() && !found.contains(&part) {
                found.push(part);
            }
        }
        found
    }

    fn saves(&self) -> bool {
        self.one("step") == "save"
    }

    /// The state of the rules that was looked at. What is none is an old one.
    fn seen(&self) -> Option<i64> {
        self.all("seen").next().map(|seen| seen.parse().unwrap_or(-1))
    }
}

/// A form that arranges something.
#[derive(Debug)]
pub struct Plan {
    /// What it does.
    pub title: String,
    /// Where it is posted to.
    pub action: String,
    /// The page that it stands on.
    pub back: String,
    /// Where to go when it is done.
    pub then: String,
    /// What the button says that does it.
    pub button: &'static str,
    /// What was wrong before anything was tried: things that are not there.
    pub unknown: Vec<Failed>,
}

impl Plan {
    /// A form on the page `back`, posted to a place below it, which leads back there.
    pub fn below(back: String, place: &str, title: String) -> Self {
        let (action, then) = (format!("{back}/{place}"), format!("{back}?done=saved"));
        Self { title, action, back, then, button: "Save", unknown: Vec::new() }
    }
}

/// What came of a form.
#[derive(Debug)]
pub enum Outcome {
    /// This is the answer.
    Answer(Response),
    /// A field is wrong: the form is to be shown again.
    Wrong(Failed),
}

impl Outcome {
    /// The answer of a form that has no field to show a message beside.
    pub fn answer(self) -> Result<Response, AppError> {
        match self {
            Self::Answer(answer) => Ok(answer),
            Self::Wrong(failed) => Err(AppError::Bad(StatusCode::UNPROCESSABLE_ENTITY, failed.why)),
        }
    }
}

/// Where a form stands.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Moment {
    /// It was looked at.
    Preview,
    /// It was to be done, but the rules are others by now, as these words say.
    Stale(String),
    /// It was done, but not all of it.
    Done,
}

#[derive(Template)]
#[template(path = "pages/access/confirm.html")]
struct Review<'a> {
    layout: Layout,
    plan: &'a Plan,
    fields: Vec<&'a (String, String)>,
    moment: Moment,
    version: i64,
    done: usize,
    sentences: Vec<Sentence>,
    failed: Vec<&'a Failed>,
}

impl Review<'_> {
    fn is_over(&self) -> bool {
        self.moment == Moment::Done
    }

    fn stale(&self) -> Option<&str> {
        match &self.moment {
            Moment::Stale(words) => Some(words),
            Moment::Preview | Moment::Done => None,
        }
    }
}

/// Shows what the edits of a form would do, or does them: whichever the form asks for.
pub async fn confirm(
    app: &State,
    may: &May<can::ManageAccess>,
    fields: &Fields,
    edits: &[Edit],
    plan: &Plan,
) -> Result<Outcome, AppError> {
    if !fields.saves() {
        let report = access::preview(app, may.grant(), edits).await?;
        return answer(app, may, fields, report, plan, Moment::Preview);
    }
    match access::save(app, may.grant(), edits, fields.seen()).await {
        Ok(report) if report.failed.is_empty() && plan.unknown.is_empty() => {
            Ok(Outcome::Answer(Redirect::to(&plan.then).into_response()))
        }
        Ok(report) => answer(app, may, fields, report, plan, Moment::Done),
        Err(OpError::Refused(words)) if fields.seen().is_some() => {
            let report = access::preview(app, may.grant(), edits).await?;
            answer(app, may, fields, report, plan, Moment::Stale(words))
        }
        Err(error) => Err(error.into()),
    }
}

fn answer(
    app: &State,
    may: &May<can::ManageAccess>,
    fields: &Fields,
    mut report: Report,
    plan: &Plan,
    moment: Moment,
) -> Result<Outcome, AppError> {
    if let Some(at) = report.failed.iter().position(|failed| failed.field.is_some()) {
        return Ok(Outcome::Wrong(report.failed.swap_remove(at)));
    }
    let status = match moment {
        Moment::Preview => StatusCode::OK,
        Moment::Done if report.done > 0 => StatusCode::OK,
        Moment::Stale(_) | Moment::Done => StatusCode::CONFLICT,
    };
    let page = Review {
        layout: Layout::of(app, &may.actor),
        plan,
        fields: fields.0.iter().filter(|(name, _)| !matches!(name.as_str(), "step" | "seen")).collect(),
        moment,
        version: report.version,
        done: report.done,
        sentences: sentences(app, &may.actor, report.policy_diff),
        failed: report.failed.iter().chain(&plan.unknown).collect(),
    };
    Ok(Outcome::Answer(html_with(status, &page)?))
}

/// Makes one edit that gives and takes nothing, such as a name. What was wrong with it is for its form.
pub async fn make(
    app: &State,
    may: &May<can::ManageAccess>,
    edit: Edit,
) -> Result<Result<(), Failed>, AppError> {
    let mut report = access::save(app, may.grant(), &[edit], None).await?;
    Ok(report.failed.pop().map_or(Ok(()), Err))
}

/// What the address of a page says was done just now.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Done {
    done: String,
}

impl Done {
    /// It in words.
    pub fn words(&self) -> Option<&'static str> {
        match self.done.as_str() {
            "made" => Some("It is made. Arrange below what belongs to it."),
            "saved" => Some("Saved. It counts from now on."),
            "renamed" => Some("Renamed."),
            "deleted" => Some("Deleted."),
            _ => None,
        }
    }
}
