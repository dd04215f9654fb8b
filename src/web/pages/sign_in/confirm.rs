//! `/confirm-identity`: a person who is signed in proves again who they are, where a group requires that before secrets of
//! its accounts are shown.

use askama::Template;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::{Form, Query};
use serde::Deserialize;

use super::form::SignInQuery;
use super::oidc::status;
use crate::domain::Email;
use crate::domain::access::Principal;
use crate::domain::audit::ConfirmationDenied;
use crate::ops::{OpError, confirmation};
use crate::sso::oidc::{Answer, OidcError, PendingAuthorization, PendingConfirmation, Provider};
use crate::web::auth::session::{self, CurrentUser, RequestSession, keep_confirmation};
use crate::web::auth::{pending_sign_ins, sign_in_limit};
use crate::web::error::AppError;
use crate::web::form::rejection;
use crate::web::layout::{Layout, html_with};
use crate::web::paths::{self, with_query};
use crate::web::return_to::local_redirect;
use crate::web::state::{AppState, State};
use crate::web::words::confirmation as words;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ClaimForm {
    email: String,
    next: String,
}

/// How a person confirms their identity here.
enum Way {
    /// At the identity provider.
    Provider {
        host: String,
        start: String,
    },
    /// By the form, in the mode in which people claim their address.
    Claim,
    /// By a newer assertion of the proxy. The address is that of its sign-out page.
    Proxy {
        message: &'static str,
        sign_out: Option<&'static str>,
    },
    Impossible,
}

#[derive(Template)]
#[template(path = "pages/sign_in/confirm.html")]
struct ConfirmPage {
    layout: Layout,
    /// The address of the person.
    person: String,
    way: Way,
    confirmed: bool,
    error: Option<String>,
    next: String,
}

impl ConfirmPage {
    fn new(app: &State, actor: &Principal, next: &str, error: Option<String>) -> Self {
        let next = local_redirect(next).to_owned();
        Self {
            layout: Layout::of(app, actor),
            person: actor.to_string(),
            way: Way::of(app, &next),
            confirmed: error.is_none() && confirmation::has_one(app, actor),
            error,
            next,
        }
    }
}

impl Way {
    fn of(app: &State, next: &str) -> Self {
        if !confirmation::is_possible(&app.config.sso) {
            return Self::Impossible;
        }
        if let Some(provider) = &app.sso.oidc {
            return Self::Provider { host: provider.host(), start: address(app, next) };
        }
        if app.config.sso.mode.is_mock() {
            return Self::Claim;
        }
        let sign_out = app.sso.proxy.as_ref().and_then(|proxy| proxy.format().log_out);
        Self::Proxy { message: words::at_proxy(sign_out.is_some()), sign_out }
    }
}

/// Where a link leads with which people confirm their identity: to the provider at once, or to the page.
pub fn address(app: &State, next: &str) -> String {
    let page = if app.sso.oidc.is_some() { paths::CONFIRM_IDENTITY_START } else { paths::CONFIRM_IDENTITY };
    with_query(page, [("next", local_redirect(next))])
}

pub async fn page(
    app: AppState,
    CurrentUser(actor): CurrentUser,
    Query(query): Query<SignInQuery>,
) -> Result<Response, AppError> {
    html_with(StatusCode::OK, &ConfirmPage::new(&app, &actor, &query.next, None))
}

/// Confirms the identity by the claimed address, in the mode without proof.
pub async fn claim(
    app: AppState,
    CurrentUser(actor): CurrentUser,
    caller: RequestSession,
    Form(form): Form<ClaimForm>,
) -> Result<Response, AppError> {
    if !app.config.sso.mode.is_mock() {
        return Err(AppError::Forbidden(words::NO_FORM.into()));
    }
    sign_in_limit::check_address(&app, &caller.origin)?;
    let confirmed = match Email::parse(&form.email) {
        Ok(email) => confirmation::by_claim(&app, &actor, &email).await,
        Err(error) => Err(OpError::invalid("email", error)),
    };
    match confirmed {
        Ok(confirmation) => {
            keep_confirmation(&app, &caller.session, &actor, confirmation).await?;
            Ok(Redirect::to(local_redirect(&form.next)).into_response())
        }
        Err(error) => {
            sign_in_limit::count_failure(&app, &caller.origin);
            let (status, error) = rejection(error)?;
            html_with(status, &ConfirmPage::new(&app, &actor, &form.next, Some(error.message)))
        }
    }
}

/// Sends the browser to the provider, where the person has to sign in although they are signed in there.
pub async fn start(
    app: AppState,
    CurrentUser(actor): CurrentUser,
    caller: RequestSession,
    headers: HeaderMap,
    Query(query): Query<SignInQuery>,
) -> Result<Response, AppError> {
    let provider = app.sso.oidc.as_ref().ok_or(AppError::NotFound)?;
    let (Principal::User(person), Some(session)) = (&actor, caller.session.id()) else {
        return Err(AppError::SignedOut);
    };
    let confirms =
        PendingConfirmation { person: person.id, session: session.to_string(), sent: app.clock.now().0 };
    let next = local_redirect(&query.next);
    let begun = provider.begin_confirmation(next.to_owned(), person.email.as_str(), confirms).await;
    let (address, pending) = match begun {
        Ok(begun) => begun,
        Err(fault) => return failed(&app, &actor, next, fault),
    };
    let mut all = pending_sign_ins::of(&app, &headers);
    all.push(pending);
    let cookie = pending_sign_ins::cookie(&app, all)?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(address.as_str())).into_response())
}

/// The provider's answer. It counts for the person and the session that the browser was sent from, and signs no one in.
pub(super) async fn finish(
    app: &State,
    caller: &RequestSession,
    provider: &Provider,
    pending: &PendingAuthorization,
    confirms: &PendingConfirmation,
    answer: &Answer,
) -> Result<Response, AppError> {
    let actor = session::current(app, caller).await?.ok_or(OidcError::Stale)?;
    let is_same = matches!(&actor, Principal::User(person) if person.id == confirms.person)
        && caller.session.id().is_some_and(|id| id.to_string() == confirms.session);
    if !is_same {
        return failed(app, &actor, &pending.next, OidcError::Stale);
    }
    let proven = match provider.finish_confirmation(pending, answer).await {
        Ok(proven) => proven,
        Err(fault) => {
            if let Some(why) = denied(fault) {
                confirmation::refused(app, &actor, why);
            }
            return failed(app, &actor, &pending.next, fault);
        }
    };
    let identity = (proven.issuer.as_str(), proven.subject.as_str());
    match confirmation::by_provider(app, &actor, identity, proven.at).await {
        Ok(confirmation) => {
            keep_confirmation(app, &caller.session, &actor, confirmation).await?;
            Ok(Redirect::to(local_redirect(&pending.next)).into_response())
        }
        Err(error) => {
            let (status, error) = rejection(error)?;
            html_with(status, &ConfirmPage::new(app, &actor, &pending.next, Some(error.message)))
        }
    }
}

fn failed(app: &State, actor: &Principal, next: &str, fault: OidcError) -> Result<Response, AppError> {
    let message = words::oidc(&fault).to_owned();
    html_with(status(fault), &ConfirmPage::new(app, actor, next, Some(message)))
}

/// What of this the audit log has: an answer that is about a person, and does not confirm their identity.
const fn denied(fault: OidcError) -> Option<ConfirmationDenied> {
    match fault {
        OidcError::NotRecent => Some(ConfirmationDenied::NotRecent),
        OidcError::Method => Some(ConfirmationDenied::Method),
        OidcError::Unavailable
        | OidcError::Stale
        | OidcError::Denied
        | OidcError::Rejected
        | OidcError::InvalidToken
        | OidcError::NoEmail => None,
    }
}
