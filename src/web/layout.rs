//! What every page has around its content, and how templates become answers.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

use crate::domain::access::{Principal, system_privileges};
use crate::domain::privilege::SystemPrivilege;
use crate::web::assets::{SCRIPT_URL, STYLE_URL};
use crate::web::error::AppError;
use crate::web::state::State;
use crate::web::words::sign_in;

/// What a page shows around its content.
#[derive(Debug, Clone, Default)]
pub struct Layout {
    /// Who is signed in.
    pub person: Option<String>,
    pub reads_audit: bool,
    pub manages_access: bool,
    /// How many requests this person could approve now; none without that permission.
    pub pending: Option<usize>,
    /// What a person has to know whose address isn't proven.
    pub unproven: Option<String>,
    /// The administrator whom everyone is taken for, while single sign-on is off.
    pub everyone: Option<String>,
    /// Whether each request says who sends it, so that a page whose session ended has only to be loaded again.
    pub by_request: bool,
    /// Telegram's test environment.
    pub test: bool,
    pub outages: Outages,
}

impl Layout {
    /// For the person who is signed in.
    pub fn of(app: &State, actor: &Principal) -> Self {
        let may = system_privileges(&app.live.policy.current(), actor);
        let reads_audit = may.has(SystemPrivilege::ReadAudit);
        let manages_access = may.has(SystemPrivilege::ManageAccess);
        let pending =
            app.live.approvals.load().pending_for(&app.live.policy.current(), actor, app.clock.now());
        let unproven = match actor {
            Principal::User(person) if !person.verified => Some(sign_in::unproven(person.email.as_str())),
            Principal::User(_) | Principal::Cli | Principal::System(_) => None,
        };
        let person = Some(actor.to_string());
        Self { person, reads_audit, manages_access, pending, unproven, ..Self::anonymous(app) }
    }

    /// For a page without a person, such as the sign-in page.
    pub fn anonymous(app: &State) -> Self {
        let config = &app.config;
        let everyone = config.admin_emails.iter().next().filter(|_| config.sso_mode.is_disabled());
        Self {
            everyone: everyone.map(ToString::to_string),
            by_request: config.sso_mode.is_by_request(),
            test: config.telegram_environment.is_test(),
            outages: Outages::now(app),
            ..Self::default()
        }
    }

    /// What everyone should know, as HTML; empty on a good day. The live stream sends it, too.
    pub fn notices(&self) -> String {
        self.outages.notices()
    }

    pub fn pending_count(&self) -> String {
        pending_count(self.pending.unwrap_or_default())
    }

    pub fn script(&self) -> &'static str {
        &SCRIPT_URL
    }

    pub fn style(&self) -> &'static str {
        &STYLE_URL
    }
}

/// The number of pending requests, beside the way to them. The live stream sends it, too.
#[derive(Template)]
#[template(path = "parts/pending_count.html")]
struct PendingCount {
    count: usize,
}

pub fn pending_count(count: usize) -> String {
    PendingCount { count }.render().unwrap_or_default()
}

pub fn html(template: &impl Template) -> Result<Response, AppError> {
    Ok(Html(template.render()?).into_response())
}

pub fn html_with(status: StatusCode, template: &impl Template) -> Result<Response, AppError> {
    Ok((status, Html(template.render()?)).into_response())
}

/// What Telescope needs and can't reach at this moment, as every page says it. The live stream sends it, too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Template)]
#[template(path = "parts/notices.html")]
pub struct Outages {
    database: bool,
    telegram: bool,
}

impl Outages {
    pub fn now(app: &State) -> Self {
        Self { database: app.db.is_away(), telegram: app.live.health.telegram_away() }
    }

    pub fn notices(self) -> String {
        self.render().unwrap_or_default()
    }
}
