//! `/sign-in`, and signing out. Where an identity provider says who people are, the page is [`oidc`]'s. Where each
//! request says itself who sends it, the page says so; there is nothing to type. The form here is for trying Telescope
//! out, where anybody may claim any address.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::{Form, Query};
use serde::Deserialize;
use tower_sessions::session::Id;

use crate::domain::access::Person;
use crate::domain::{Email, Identity};
use crate::live::events::{Change, SessionId};
use crate::ops::sign_in;
use crate::web::auth::session::{self, RequestSession};
use crate::web::error::AppError;
use crate::web::layout::{Layout, html, html_with};
use crate::web::pages::sign_in::oidc;
use crate::web::return_to::local_redirect;
use crate::web::state::{AppState, State};
use crate::web::words::sign_in as words;
use crate::web::{paths, rate_limit};

#[derive(Template)]
#[template(path = "pages/sign_in/form.html")]
struct SignIn {
    layout: Layout,
    email: String,
    admins: Vec<String>,
    next: String,
    error: Option<String>,
}

impl SignIn {
    fn new(app: &State, email: String, next: String, error: Option<String>) -> Self {
        let admins = app.config.admin_emails.iter().map(ToString::to_string).collect();
        Self { layout: Layout::anonymous(app), email, admins, next, error }
    }
}

/// Where to go afterwards, if somewhere.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct After {
    pub(crate) next: String,
}

/// What a person typed.
#[derive(Debug, Deserialize)]
pub struct Typed {
    email: String,
    #[serde(default)]
    next: String,
}

/// Says how one gets in.
#[derive(Template)]
#[template(path = "pages/sign_in/proxy.html")]
struct Entrance {
    layout: Layout,
    words: &'static str,
    next: String,
}

/// The form, or how one gets in without.
pub async fn form(app: AppState, Query(after): Query<After>) -> Result<Response, AppError> {
    if let Some(provider) = &app.sso.oidc {
        return oidc::page(&app, provider, &after.next);
    }
    let mode = app.config.sso_mode;
    if !mode.is_mock() {
        let next = local_redirect(&after.next).to_owned();
        return html(&Entrance { layout: Layout::anonymous(&app), words: words::without_form(mode), next });
    }
    let first = app.config.admin_emails.iter().next().map(ToString::to_string).unwrap_or_default();
    html(&SignIn::new(&app, first, after.next, None))
}

/// Signs in whoever claims an address, where that is proof enough.
pub async fn sign_in(
    app: AppState,
    caller: RequestSession,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    if !app.config.sso_mode.is_mock() {
        return Err(AppError::Forbidden(words::NO_FORM.into()));
    }
    rate_limit::check_rate(&app, &caller.origin)?;
    match Email::parse(&typed.email) {
        Ok(email) => {
            begin(&app, &caller, &Identity::claimed(email)).await?;
            Ok(Redirect::to(local_redirect(&typed.next)).into_response())
        }
        Err(error) => {
            let page = SignIn::new(&app, typed.email, typed.next, Some(error.to_string()));
            html_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
    }
}

/// Begins a person's session: under a new id, and nothing knows the former one any more.
pub(crate) async fn begin(
    app: &State,
    caller: &RequestSession,
    identity: &Identity,
) -> Result<Person, AppError> {
    let replaced = caller.session.id();
    let person = session::sign_in(app, caller, identity).await?;
    over(app, replaced);
    Ok(person)
}

/// Signs out: the session ends, and its open pages with it. Then the provider is told, if there is one. Whoever is
/// known by a proxy is sent to sign out there, since otherwise the next page would begin a session again.
pub async fn sign_out(app: AppState, caller: RequestSession) -> Result<Response, AppError> {
    let RequestSession { session, origin } = caller;
    let ended = session.id();
    if let Some(actor) = session::current(&app, &session, &origin).await? {
        sign_in::sign_out(&app, &actor).await?;
    }
    let proof = oidc::proof(&session).await?;
    session.flush().await?;
    over(&app, ended);
    if let Some(provider) = &app.sso.oidc
        && let Some(page) = oidc::signed_out(&app, provider, proof).await
    {
        return page;
    }
    let elsewhere = app.sso.proxy.as_ref().and_then(|proxy_auth| proxy_auth.format().log_out);
    Ok(Redirect::to(elsewhere.unwrap_or(paths::SIGN_IN)).into_response())
}

/// Whatever still knows a session learns that it is over.
fn over(app: &State, session: Option<Id>) {
    if let Some(session) = session {
        app.live.events.publish(Change::SessionEnded(SessionId(session.0)));
    }
}
