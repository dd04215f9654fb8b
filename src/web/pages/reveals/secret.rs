//! Revealing a secret of an account, the same for each kind: a reason, an approval if one is needed, then the secret.
//!
//! A secret is only in the answer to a form: reloading the page does not show it. It is hidden after a minute, by the
//! script or, without one, by a refresh.

use askama::Template;
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::{Form, Query};
use serde::Deserialize;

use super::device::LoggedInPart;
use super::revealed::RevealedPart;
use super::urls::SecretUrls;
use crate::domain::Millis;
use crate::domain::device_login::{MAX_MEGABYTES, TOKEN_LIFE};
use crate::domain::reveal::Revealing;
use crate::live::accounts::Entry;
use crate::ops::{OpError, accounts, approvals, confirmation};
use crate::web::error::AppError;
use crate::web::extract::Allowed;
use crate::web::form::{Fields, FormState, RequestType};
use crate::web::layout::{Layout, html_with};
use crate::web::pages::reveals::approval::Approval;
use crate::web::pages::sign_in::confirm;
use crate::web::paths::{self, with_query};
use crate::web::return_to::local_redirect;
use crate::web::state::{AppState, State};
use crate::web::words::moments::{Moment, moment};
use crate::web::words::reveals::{self as words, DEVICE_CAUTION, SecretWords};

/// Seconds that a secret stays on the page.
const SHOWN_FOR: i64 = 60;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ReasonForm {
    pub(super) reason: String,
}

impl Fields for ReasonForm {
    const NAMES: &'static [&'static str] = &["reason", "qr"];
}

/// What the page shows.
pub(super) enum Outcome {
    /// The form, or the request for an approval.
    Form,
    Shown(RevealedPart),
    /// The next code is awaited until this time.
    Waiting(Millis),
    LoggedIn(LoggedInPart),
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
    /// The approval, if one is needed.
    approval: Option<Approval>,
    /// Where the person confirms their identity, if they have to before the secret is shown.
    confirm: Option<String>,
}

impl SecretPage<'_> {
    fn moment(&self, at: &Millis) -> Moment {
        moment(*at)
    }
}

/// The form. The reason is there again after the person confirmed their identity.
pub async fn form<R: Revealing>(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<R::Needs>,
    Query(form): Query<ReasonForm>,
) -> Result<Response, AppError> {
    accounts::phone_of(&allowed.entry.account)?;
    answer::<R>(&app, request_type, &allowed, form, Ok(Outcome::Form)).await
}

/// Asks for another person's approval.
pub async fn request<R: Revealing>(
    app: AppState,
    request_type: RequestType,
    allowed: Allowed<R::Needs>,
    Form(form): Form<ReasonForm>,
) -> Result<Response, AppError> {
    let requested = approvals::request::<R>(&app, allowed.grant(), &form.reason).await;
    if requested.is_ok() && !request_type.is_partial() {
        let urls = SecretUrls::of(R::KIND, allowed.entry.account.id);
        return Ok(Redirect::to(&urls.page).into_response());
    }
    answer::<R>(&app, request_type, &allowed, form, requested.map(|()| Outcome::Form)).await
}

pub(super) async fn answer<R: Revealing>(
    app: &State,
    request_type: RequestType,
    allowed: &Allowed<R::Needs>,
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
    let (confirm, approval) = match &outcome {
        Outcome::Form => {
            let confirm = confirm_at::<R>(app, allowed, &form.values.reason).await?;
            let (actor, confirm_at) = (&allowed.actor, confirm.as_deref());
            (confirm.clone(), Approval::read(app, actor, account, R::KIND, &form, confirm_at).await?)
        }
        Outcome::Shown(_) | Outcome::Waiting(_) | Outcome::LoggedIn(_) => (None, None),
    };
    let shows_secret = matches!(outcome, Outcome::Shown(_));
    let page = SecretPage {
        layout: Layout::of(app, &allowed.actor),
        entry,
        words: words::secret(R::KIND),
        urls: SecretUrls::of(R::KIND, account),
        outcome,
        form,
        approval,
        confirm,
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

/// Where the person confirms their identity, if they have to and haven't; none otherwise. The way leads back to the form
/// with the reason, unless that is too long for an address.
async fn confirm_at<R: Revealing>(
    app: &State,
    allowed: &Allowed<R::Needs>,
    reason: &str,
) -> Result<Option<String>, OpError> {
    let account = allowed.entry.account.id;
    if !confirmation::is_required(app, account).await? || confirmation::has_one(app, &allowed.actor) {
        return Ok(None);
    }
    let page = SecretUrls::of(R::KIND, account).page;
    let kept = with_query(&page, (!reason.is_empty()).then_some(("reason", reason)).as_slice());
    let next = if local_redirect(&kept) == kept { &kept } else { &page };
    Ok(Some(confirm::address(app, next)))
}
