//! `/users/off-boarding`: what a person has who leaves, and the plan of what is taken back. Nothing is changed before the
//! plan that was shown is confirmed.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::{Form, Query};
use serde::Deserialize;

use super::form::{OwnerChoice, PlanForm};
use super::rows::{self, AccountRow, PartRow, ReachRow, Tick};
use crate::domain::error::ErrorCode;
use crate::domain::job_line::LineFault;
use crate::domain::privilege::can;
use crate::domain::reveal::RevealRequest;
use crate::domain::{Email, JobId};
use crate::ops::offboarding::{self, Plan, Request, Review};
use crate::store;
use crate::store::groups::Group;
use crate::web::error::AppError;
use crate::web::extract::May;
use crate::web::form::FormState;
use crate::web::layout::{Layout, html_with};
use crate::web::pages::access::fields::FormFields;
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::words::moments::{Moment, moment};
use crate::web::words::offboarding as words;
use crate::web::words::privileges::system_labels;
use crate::words::sentence;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PersonQuery {
    person: String,
}

/// The page that asks whom it is about.
#[derive(Template)]
#[template(path = "pages/offboarding/person.html")]
struct PersonPage {
    layout: Layout,
    person: String,
    error: Option<String>,
}

#[derive(Template)]
#[template(path = "pages/offboarding/show.html")]
struct ReviewPage {
    layout: Layout,
    review: Review,
    form: FormState<PlanForm>,
    access: Vec<Tick>,
    accounts: Vec<AccountRow>,
    reach: Vec<ReachRow>,
    groups: Vec<Group>,
    preview: Option<Preview>,
}

/// A plan that was checked.
struct Preview {
    parts: Vec<PartRow>,
    /// Why nothing of it may be done.
    refused: Option<String>,
    digest: String,
    /// The job that will do it.
    job: JobId,
    steps: usize,
    refused_steps: usize,
}

impl Preview {
    fn of(plan: &Plan) -> Self {
        Self {
            parts: rows::parts(plan),
            refused: plan.refused.as_ref().map(sentence),
            digest: plan.digest.clone(),
            job: JobId::generate(),
            steps: plan.steps.len(),
            refused_steps: plan.steps.len() - plan.possible(),
        }
    }

    fn can_begin(&self) -> bool {
        self.refused.is_none() && self.refused_steps < self.steps
    }
}

impl ReviewPage {
    fn system(&self) -> Vec<&'static str> {
        system_labels(self.review.system)
    }

    fn is_blocked(&self) -> bool {
        self.review.leaver.user().is_some_and(|user| user.disabled)
    }

    fn owns_any(&self) -> bool {
        self.accounts.iter().any(|row| row.is_owned)
    }

    /// The groups that the person's accounts are in.
    fn present_groups(&self) -> Vec<&Group> {
        let owned = self.review.accounts.iter().filter(|it| it.is_owned);
        let present: Vec<_> = owned.flat_map(|it| it.entry.account.groups.iter().copied()).collect();
        self.groups.iter().filter(|group| present.contains(&group.id)).collect()
    }

    fn joins(&self, group: &Group) -> bool {
        self.form.values.choices.join == Some(group.id)
    }

    fn leaves(&self, group: &Group) -> bool {
        self.form.values.choices.leave.contains(&group.id)
    }

    fn request_moment(&self, request: &RevealRequest) -> Moment {
        moment(request.created)
    }
}

pub async fn show(
    app: AppState,
    may: May<can::ManageAccess>,
    Query(query): Query<PersonQuery>,
) -> Result<Response, AppError> {
    if query.person.is_empty() {
        return asked(&app, &may, String::new(), None);
    }
    let review = match reviewed(&app, &may, &query.person).await? {
        Ok(review) => review,
        Err(error) => return asked(&app, &may, query.person, Some(error)),
    };
    let form = FormState::new(PlanForm::suggested(&review));
    page(&app, &may, StatusCode::OK, (review, form, None)).await
}

/// Shows what these choices would do, or begins.
pub async fn submit(
    app: AppState,
    may: May<can::ManageAccess>,
    Form(fields): Form<FormFields>,
) -> Result<Response, AppError> {
    let review = match reviewed(&app, &may, fields.one("person")).await? {
        Ok(review) => review,
        Err(error) => return asked(&app, &may, fields.one("person").to_owned(), Some(error)),
    };
    let form = PlanForm::sent(&fields)?;
    let choices = match form.choices(&review.leaver.email) {
        Ok(choices) => choices,
        Err(error) => {
            let (status, form) = FormState::rejected(form, error)?;
            return page(&app, &may, status, (review, form, None)).await;
        }
    };
    let mut failed = None;
    if let (Ok(job), "begin") = (fields.one("job").parse(), fields.one("action")) {
        let digest = fields.one("seen");
        let request = Request { person: &review.leaver.email, choices: &choices, digest, job };
        match offboarding::begin(&app, may.grant(), request).await {
            Ok(()) => return Ok(Redirect::to(&paths::job(job)).into_response()),
            Err(error) => failed = Some(error),
        }
    }
    let plan = offboarding::plan(&app, &may.grant(), &review, &choices).await?;
    let preview = Some(Preview::of(&plan));
    let (status, form) = match failed {
        Some(error) => FormState::rejected(form, error)?,
        None => (StatusCode::OK, FormState::new(form)),
    };
    page(&app, &may, status, (review, form, preview)).await
}

/// The review of a person, or what is wrong with the address.
async fn reviewed(
    app: &State,
    may: &May<can::ManageAccess>,
    person: &str,
) -> Result<Result<Review, String>, AppError> {
    let email = match Email::parse(person) {
        Ok(email) => email,
        Err(why) => return Ok(Err(sentence(&ErrorCode::from(why)))),
    };
    let review = offboarding::review(app, &may.grant(), &email).await?;
    Ok(review.ok_or_else(|| sentence(&LineFault::UnknownPerson.into())))
}

/// Asks whom it is about.
fn asked(
    app: &State,
    may: &May<can::ManageAccess>,
    person: String,
    error: Option<String>,
) -> Result<Response, AppError> {
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    html_with(status, &PersonPage { layout: Layout::of(app, &may.actor), person, error })
}

async fn page(
    app: &State,
    may: &May<can::ManageAccess>,
    status: StatusCode,
    (review, form, preview): (Review, FormState<PlanForm>, Option<Preview>),
) -> Result<Response, AppError> {
    let conn = &mut app.db.read().await?;
    let reach = rows::reach(app, conn, &review.reach).await?;
    let groups = store::groups::all(conn).await?;
    let (access, accounts) = (rows::access(&review, &form.values), rows::accounts(&review, &form.values));
    let layout = Layout::of(app, &may.actor);
    html_with(status, &ReviewPage { layout, review, form, access, accounts, reach, groups, preview })
}
