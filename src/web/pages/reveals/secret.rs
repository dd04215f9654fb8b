//! Revealing a secret of an account, the same for each kind: a reason, an approval if one is needed, then the secret.
//!
//! A secret is the answer to a form and nowhere else: loading the page again shows nothing. It hides after a minute, by the
//! script or, without one, by a refresh.

use askama::Template;
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::Form;
use serde::Deserialize;

use super::revealed::RevealedPart;
use super::urls::SecretUrls;
use crate::domain::Millis;
use crate::domain::reveal::Revealing;
use crate::live::accounts::Entry;
use crate::ops::{OpError, approvals};
use crate::web::error::AppError;
use crate::web::extract::Allowed;
use crate::web::form::{Fields, FormState, RequestType};
use crate::web::layout::{Layout, html_with};
use crate::web::pages::reveals::approval::Approval;
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::words::moments::{Moment, moment};
use crate::web::words::reveals::{self as words, SecretWords};

/// Seconds that a secret stays on the page.
const SHOWN_FOR: i64 = 60;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ReasonForm {
    pub(super) reason: String,
}

impl Fields for ReasonForm {
    const NAMES: &'static [&'static str] = &["reason"];
}

/// What the page shows.
pub(super) enum Outcome {
    /// The form, or the way to an approval.
    Form,
    Shown(RevealedPart),
    /// The next code is awaited, until then.
    Waiting(Millis),
}

#[derive(Template)]
#[template(path = "pages/reveals/secret.html", blocks = ["dialog"])]
struct SecretPage<'a> {
    layout: Layout,
    entry: &'a Entry,
    words: &'static SecretWords,
    urls: SecretUrls,
    outcome: Outcome,
    form: FormState<ReasonForm>,
    /// The way to another person's approval, if one is needed.
    approval: Option<Approval>,
}

impl SecretPage<'_> {
    fn moment(&self, at: &Millis) -> Moment {
        moment(*at)
    }
}

pub async fn form<P: Revealing>(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<P>,
) -> Result<Response, AppError> {
    answer(&app, request_type, &allowed, ReasonForm::default(), Ok(Outcome::Form)).await
}

/// Asks for another person's approval.
pub async fn request<P: Revealing>(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<P>,
    Form(form): Form<ReasonForm>,
) -> Result<Response, AppError> {
    let requested = approvals::request(&app, allowed.grant(), &form.reason).await;
    if requested.is_ok() && !request_type.is_partial() {
        let urls = SecretUrls::of(P::KIND, allowed.entry.account.id);
        return Ok(Redirect::to(&urls.page).into_response());
    }
    answer(&app, request_type, &allowed, form, requested.map(|()| Outcome::Form)).await
}

pub(super) async fn answer<P: Revealing>(
    app: &State,
    request_type: RequestType,
    allowed: &Allowed<P>,
    form: ReasonForm,
    outcome: Result<Outcome, OpError>,
) -> Result<Response, AppError> {
    let (status, outcome, form) = match outcome {
        Ok(outcome) => (StatusCode::OK, outcome, FormState::new(form)),
        Err(error) => {
            let (status, form) = FormState::rejected(form, error)?;
            (status, Outcome::Form, form)
        }
    };
    let (entry, account) = (&*allowed.entry, allowed.entry.account.id);
    let approval = match &outcome {
        Outcome::Form => Approval::read(app, &allowed.actor, account, P::KIND, &form).await?,
        Outcome::Shown(_) | Outcome::Waiting(_) => None,
    };
    let shows_secret = matches!(outcome, Outcome::Shown(_));
    let page = SecretPage {
        layout: Layout::of(app, &allowed.actor),
        entry,
        words: words::secret(P::KIND),
        urls: SecretUrls::of(P::KIND, account),
        outcome,
        form,
        approval,
    };
    match request_type {
        RequestType::Partial => html_with(status, &page.as_dialog()),
        RequestType::Full if shows_secret => {
            let refresh = format!("{SHOWN_FOR}; url={}", paths::account(account));
            Ok(([(HeaderName::from_static("refresh"), refresh)], html_with(status, &page)?).into_response())
        }
        RequestType::Full => html_with(status, &page),
    }
}
