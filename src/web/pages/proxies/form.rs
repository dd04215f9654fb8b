//! `/proxies/add` and `/proxies/{proxy}`: adding, changing and testing a proxy. The password is never in the page.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::Form;
use serde::Deserialize;
use strum::IntoEnumIterator;

use super::choice::Choice;
use crate::domain::error::ErrorCode;
use crate::domain::privilege::can;
use crate::domain::proxy::{KnownProxy, ProxyFault};
use crate::domain::{ProxyId, ProxyKind, Secret};
use crate::ops::access::MAX_NAME;
use crate::ops::proxies::ProxyDetails;
use crate::ops::{self, OpError};
use crate::web::error::AppError;
use crate::web::extract::{May, Path};
use crate::web::form::{Fields, FormState};
use crate::web::layout::{Layout, html_with};
use crate::web::pages::access::notice::{self, Notice};
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::words::proxies as words;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ProxyForm {
    name: String,
    kind: String,
    host: String,
    port: String,
    username: String,
    secret: Secret,
    /// Whether the stored password is removed.
    forget: String,
    /// Whether a password was entered that the form could not keep.
    entered: String,
    /// What the form was made from.
    version: i64,
    /// What the button does.
    step: String,
}

impl Fields for ProxyForm {
    const NAMES: &'static [&'static str] = &["name", "kind", "host", "port", "username", "secret"];
}

impl ProxyForm {
    fn of(proxy: &KnownProxy) -> Self {
        let config = proxy.config.as_ref();
        Self {
            name: proxy.name.clone(),
            kind: config.map(|config| config.kind.name().to_owned()).unwrap_or_default(),
            host: config.map(|config| config.host.clone()).unwrap_or_default(),
            port: config.map(|config| config.port.to_string()).unwrap_or_default(),
            username: config.map(|config| config.username.clone()).unwrap_or_default(),
            version: proxy.version,
            ..Self::default()
        }
    }

    fn details(&self, is_new: bool) -> Result<ProxyDetails, OpError> {
        let forgets = !self.forget.is_empty();
        if !self.entered.is_empty() && self.secret.is_empty() && !forgets {
            return Err(OpError::invalid("secret", ProxyFault::SecretAgain));
        }
        let keeps = !is_new && self.secret.is_empty() && !forgets;
        Ok(ProxyDetails {
            name: self.name.clone(),
            kind: self.kind.parse().ok(),
            host: self.host.clone(),
            port: self.port.clone(),
            username: self.username.clone(),
            secret: (!keeps).then(|| if forgets { Secret::empty() } else { self.secret.clone() }),
            untested: self.step == "anyway",
        })
    }

    /// What is shown again.
    fn again(self) -> Self {
        let entered = if self.secret.is_empty() { self.entered } else { "yes".into() };
        Self { secret: Secret::empty(), entered, ..self }
    }
}

#[derive(Template)]
#[template(path = "pages/proxies/form.html")]
struct ProxyPage {
    layout: Layout,
    /// None while it is being added.
    proxy: Option<KnownProxy>,
    form: FormState<ProxyForm>,
    /// The result of a test.
    tested: Option<String>,
    /// Whether saving without a successful test is offered.
    offers_anyway: bool,
}

impl ProxyPage {
    fn action(&self) -> String {
        self.proxy.as_ref().map_or_else(|| paths::PROXIES_ADD.to_owned(), |proxy| paths::proxy(proxy.id))
    }

    fn has_secret(&self) -> bool {
        let config = self.proxy.as_ref().and_then(|proxy| proxy.config.as_ref());
        config.is_some_and(|config| !config.secret.is_empty())
    }

    fn kinds(&self) -> Vec<Choice> {
        let choice = |kind: ProxyKind| Choice {
            value: kind.name().to_owned(),
            label: words::kind(kind).to_owned(),
            selected: self.form.values.kind == kind.name(),
        };
        ProxyKind::iter().map(choice).collect()
    }
}

fn page(
    app: &State,
    may: &May<can::ManageAccess>,
    proxy: Option<KnownProxy>,
    form: FormState<ProxyForm>,
) -> ProxyPage {
    ProxyPage { layout: Layout::of(app, &may.actor), proxy, form, tested: None, offers_anyway: false }
}

pub(super) fn stored(app: &State, id: ProxyId) -> Result<KnownProxy, AppError> {
    app.live.proxies.plan().get(id).cloned().ok_or(AppError::NotFound)
}

pub async fn add_form(app: AppState, may: May<can::ManageAccess>) -> Result<Response, AppError> {
    html_with(StatusCode::OK, &page(&app, &may, None, FormState::new(ProxyForm::default())))
}

pub async fn edit_form(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<ProxyId>,
) -> Result<Response, AppError> {
    let proxy = stored(&app, id)?;
    let form = FormState::new(ProxyForm::of(&proxy));
    html_with(StatusCode::OK, &page(&app, &may, Some(proxy), form))
}

pub async fn add(
    app: AppState,
    may: May<can::ManageAccess>,
    Form(form): Form<ProxyForm>,
) -> Result<Response, AppError> {
    answer(&app, &may, None, form).await
}

pub async fn edit(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<ProxyId>,
    Form(form): Form<ProxyForm>,
) -> Result<Response, AppError> {
    let proxy = stored(&app, id)?;
    answer(&app, &may, Some(proxy), form).await
}

/// Tests or saves.
async fn answer(
    app: &State,
    may: &May<can::ManageAccess>,
    proxy: Option<KnownProxy>,
    form: ProxyForm,
) -> Result<Response, AppError> {
    let id = proxy.as_ref().map(|proxy| proxy.id);
    let details = form.details(id.is_none());
    if form.step == "test" {
        let result = match details {
            Ok(details) => ops::proxies::test(app, &may.grant(), &details, id).await,
            Err(error) => Err(error),
        };
        let is_mtproto = form.kind == ProxyKind::Mtproto.name();
        return match result {
            Ok(took) => {
                let tested = Some(words::tested(Ok(took), is_mtproto));
                let page = page(app, may, proxy, FormState::new(form.again()));
                html_with(StatusCode::OK, &ProxyPage { tested, ..page })
            }
            Err(error) => rejected(app, may, proxy, form, error),
        };
    }
    let saved = match (details, id) {
        (Ok(details), Some(id)) => ops::proxies::change(app, may.grant(), id, &details, form.version).await,
        (Ok(details), None) => ops::proxies::add(app, may.grant(), &details).await.map(drop),
        (Err(error), _) => Err(error),
    };
    match saved {
        Ok(()) => Ok(Redirect::to(&notice::url(paths::PROXIES, Notice::Saved)).into_response()),
        Err(error) => rejected(app, may, proxy, form, error),
    }
}

fn rejected(
    app: &State,
    may: &May<can::ManageAccess>,
    proxy: Option<KnownProxy>,
    form: ProxyForm,
    error: OpError,
) -> Result<Response, AppError> {
    let offers_anyway = matches!(error.code(), ErrorCode::Proxy { fault: ProxyFault::TestFailed { .. } });
    let is_changed = error.code() == ErrorCode::Proxy { fault: ProxyFault::Changed };
    let mut form = form.again();
    // Another person may have changed it while it was tested.
    let proxy = proxy.map(|before| stored(app, before.id)).transpose()?;
    if let Some(proxy) = proxy.as_ref().filter(|_| is_changed) {
        form.version = proxy.version;
    }
    let (status, form) = FormState::rejected(form, error)?;
    let page = page(app, may, proxy, form);
    html_with(status, &ProxyPage { offers_anyway, ..page })
}
