//! `/sign-in`. Where an identity provider knows who people are, the page is [`oidc`]'s; where each request proves who sends it,
//! the page only says so. The form here is for trying Telescope out, where anyone can claim any address.

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::{Form, Query};
use serde::Deserialize;

use super::session::begin;
use crate::domain::{Email, Identity};
use crate::ops::OpError;
use crate::web::auth::session::RequestSession;
use crate::web::auth::sign_in_limit;
use crate::web::error::AppError;
use crate::web::form::{Fields, FormState};
use crate::web::layout::{Layout, html, html_with};
use crate::web::pages::sign_in::oidc;
use crate::web::paths;
use crate::web::return_to::local_redirect;
use crate::web::state::{AppState, State};
use crate::web::words::sign_in as words;

/// Where to go afterwards, if somewhere.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SignInQuery {
    pub(super) next: String,
    pub(super) why: Option<SignInReason>,
}

/// Why a person is asked to sign in.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SignInReason {
    /// Their session has ended.
    Ended,
    #[serde(other)]
    Unknown,
}

impl SignInReason {
    const fn sentence(self) -> Option<&'static str> {
        match self {
            Self::Ended => Some(words::ENDED),
            Self::Unknown => None,
        }
    }
}

impl SignInQuery {
    pub(super) fn reason(&self) -> Option<&'static str> {
        self.why?.sentence()
    }
}

#[derive(Debug, Deserialize)]
pub struct SignInForm {
    email: String,
    #[serde(default)]
    next: String,
}

impl Fields for SignInForm {
    const NAMES: &'static [&'static str] = &["email"];
}

#[derive(Template)]
#[template(path = "pages/sign_in/form.html")]
struct FormPage {
    layout: Layout,
    reason: Option<&'static str>,
    form: FormState<SignInForm>,
    admins: Vec<String>,
}

impl FormPage {
    fn new(app: &State, form: FormState<SignInForm>, reason: Option<&'static str>) -> Self {
        let admins = app.config.sso.admin_emails.iter().map(ToString::to_string).collect();
        Self { layout: Layout::anonymous(app), reason, form, admins }
    }
}

/// Says how people sign in where there is no form.
#[derive(Template)]
#[template(path = "pages/sign_in/proxy.html")]
struct ProxyPage {
    layout: Layout,
    message: &'static str,
    next: String,
}

pub async fn form(app: AppState, Query(query): Query<SignInQuery>) -> Result<Response, AppError> {
    if let Some(provider) = &app.sso.oidc {
        return oidc::page(&app, provider, &query);
    }
    let mode = app.config.sso.mode;
    if !mode.is_mock() {
        let next = local_redirect(&query.next).to_owned();
        let message = words::without_form(mode);
        return html(&ProxyPage { layout: Layout::anonymous(&app), message, next });
    }
    let email = app.config.sso.admin_emails.iter().next().map(ToString::to_string).unwrap_or_default();
    let reason = query.reason();
    html(&FormPage::new(&app, FormState::new(SignInForm { email, next: query.next }), reason))
}

/// Signs a person in under the address that they claim, where a claim is proof enough.
pub async fn sign_in(
    app: AppState,
    caller: RequestSession,
    Form(form): Form<SignInForm>,
) -> Result<Response, AppError> {
    if !app.config.sso.mode.is_mock() {
        return Err(AppError::Forbidden(words::NO_FORM.into()));
    }
    sign_in_limit::check_address(&app, &caller.origin)?;
    match Email::parse(&form.email) {
        Ok(email) => {
            begin(&app, &caller, &Identity::claimed(email)).await?;
            Ok(Redirect::to(local_redirect(&form.next)).into_response())
        }
        Err(error) => {
            sign_in_limit::count_failure(&app, &caller.origin);
            let (status, form) = FormState::rejected(form, OpError::invalid("email", error))?;
            html_with(status, &FormPage::new(&app, form, None))
        }
    }
}
