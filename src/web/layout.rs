//! What every page has around its content, and how templates become answers.

use askama::Template;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};

use crate::domain::access::{Principal, system_privileges};
use crate::domain::privilege::SystemPrivilege;
use crate::web::assets::{SCRIPT_URL, STYLE_URL};
use crate::web::error::AppError;
use crate::web::state::State;

/// What the frame of a page shows.
#[derive(Debug, Clone, Default)]
pub struct Layout {
    /// Who is signed in.
    pub person: Option<String>,
    /// Whether the way to the audit trail is shown.
    pub reads_audit: bool,
    /// Whether the ways to the people and to what they may do are shown.
    pub manages_access: bool,
    /// How many requests to see a secret wait for this person to decide them, if he may.
    pub reveals: Option<usize>,
    /// The one person that everybody is taken for, if so.
    pub everybody: Option<String>,
    /// Telegram's test environment.
    pub test: bool,
    /// Who is away.
    pub away: Outages,
}

impl Layout {
    /// The frame for somebody.
    pub fn of(app: &State, actor: &Principal) -> Self {
        let may = system_privileges(&app.live.policy.current(), actor);
        let reads_audit = may.has(SystemPrivilege::ReadAudit);
        let manages_access = may.has(SystemPrivilege::ManageAccess);
        let reveals =
            app.live.approvals.load().pending_for(&app.live.policy.current(), actor, app.clock.now());
        Self { person: Some(actor.to_string()), reads_audit, manages_access, reveals, ..Self::anonymous(app) }
    }

    /// The frame for nobody.
    pub fn anonymous(app: &State) -> Self {
        let config = &app.config;
        let everybody = config.admin_emails.iter().next().filter(|_| config.sso_mode.is_disabled());
        Self {
            everybody: everybody.map(ToString::to_string),
            test: config.telegram_environment.is_test(),
            away: Outages::now(app),
            ..Self::default()
        }
    }

    /// What everybody should know, as HTML; empty on a good day. The live stream sends it, too.
    pub fn notices(&self) -> String {
        self.away.notices()
    }

    /// How many requests wait, beside the way to them, as HTML.
    pub fn waiting_reveals(&self) -> String {
        waiting_reveals(self.reveals.unwrap_or_default())
    }

    /// Where the script is.
    pub fn script(&self) -> &'static str {
        &SCRIPT_URL
    }

    /// Where the style sheet is.
    pub fn style(&self) -> &'static str {
        &STYLE_URL
    }
}

/// The number of requests that wait, as HTML; nothing if there are none. The live stream sends it, too.
pub fn waiting_reveals(count: usize) -> String {
    if count == 0 {
        return String::new();
    }
    format!("<span class=\"count\">{count}<span class=\"visually-hidden\"> waiting for you</span></span>")
}

/// A template as an answer.
pub fn html(template: &impl Template) -> Result<Response, AppError> {
    Ok(Html(template.render()?).into_response())
}

/// A template as an answer with a status.
pub fn html_with(status: StatusCode, template: &impl Template) -> Result<Response, AppError> {
    Ok((status, Html(template.render()?)).into_response())
}

/// A form that stands in the dialog for htmx, and on a page of its own for everybody else.
pub fn dialog_or_page(
    headers: &HeaderMap,
    status: StatusCode,
    dialog: &impl Template,
    page: &impl Template,
) -> Result<Response, AppError> {
    if wants_fragment(headers) { html_with(status, dialog) } else { html_with(status, page) }
}

/// Whether htmx asks for a fragment; anything else is a navigation and gets a page.
pub fn wants_fragment(headers: &HeaderMap) -> bool {
    let is = |name, wanted: &str| headers.get(name).is_some_and(|value| value == wanted);
    is("hx-request", "true") && is("hx-request-type", "partial")
}

/// What Telescope needs and can't reach at this moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outages {
    database: bool,
    telegram: bool,
}

impl Outages {
    /// As it is now.
    pub fn now(app: &State) -> Self {
        Self { database: app.db.is_away(), telegram: app.live.health.telegram_away() }
    }

    /// What then stands above every page, as HTML.
    pub fn notices(self) -> String {
        let mut html = String::new();
        if self.database {
            html.push_str(
                "<p class=\"note waiting\" role=\"status\">The database is away. What you see comes from memory; \
                 accounts stay connected, and changes have to wait until it is back.</p>",
            );
        }
        if self.telegram {
            html.push_str(
                "<p class=\"note waiting\" role=\"status\">Telegram can't be reached. Until it answers, no code \
                 comes in and nobody can be signed in. No session is lost; the accounts try again by themselves.</p>",
            );
        }
        html
    }
}
