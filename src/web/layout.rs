//! What every page has around its content, and how templates become answers.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

use crate::domain::access::{Principal, system_privileges};
use crate::domain::privilege::SystemPrivilege;
use crate::domain::{AccountId, Millis};
use crate::live::approvals::{EmergencyAccess, Requests};
use crate::web::assets::{SCRIPT_URL, STYLE_URL, THEME_URL};
use crate::web::error::AppError;
use crate::web::paths;
use crate::web::state::State;
use crate::web::words::moments::{Moment, moment};
use crate::web::words::reveals::{self as words, EmergencyWords};
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
    /// How many requests of their own this person has made lately.
    pub own_requests: usize,
    /// Emergency access that this person is told of.
    pub emergencies: Vec<EmergencyRow>,
    /// What a person has to know whose address isn't proven.
    pub unproven: Option<String>,
    /// The administrator that everyone is while single sign-on is off.
    pub everyone: Option<String>,
    /// Whether each request says who sends it, so that a page whose session ended has only to be loaded again.
    pub by_request: bool,
    /// Telegram's test environment.
    pub test: bool,
    pub outages: Outages,
    /// When the page was made.
    made: Option<Millis>,
}

impl Layout {
    /// The layout for a signed-in person.
    pub fn of(app: &State, actor: &Principal) -> Self {
        let may = system_privileges(&app.live.policy.current(), actor);
        let reads_audit = may.has(SystemPrivilege::ReadAudit);
        let manages_access = may.has(SystemPrivilege::ManageAccess);
        let requests = app.live.approvals.load();
        let pending = requests.pending_for(&app.live.policy.current(), actor, app.clock.now());
        let own_requests = requests.own(actor).count();
        let emergencies = if pending.is_some() { emergencies(app, &requests) } else { Vec::new() };
        let unproven = match actor {
            Principal::User(person) if !person.verified => Some(sign_in::unproven(person.email.as_str())),
            Principal::User(_) | Principal::Invite(_) | Principal::Cli | Principal::System(_) => None,
        };
        Self {
            person: Some(actor.to_string()),
            reads_audit,
            manages_access,
            pending,
            own_requests,
            emergencies,
            unproven,
            ..Self::anonymous(app)
        }
    }

    /// The layout for a page without a person, such as the sign-in page.
    pub fn anonymous(app: &State) -> Self {
        let config = &app.config;
        let everyone = config.sso.admin_emails.iter().next().filter(|_| config.sso.mode.is_disabled());
        Self {
            everyone: everyone.map(ToString::to_string),
            by_request: config.sso.mode.is_by_request(),
            test: config.telegram.environment.is_test(),
            outages: Outages::now(app),
            made: Some(app.clock.now()),
            ..Self::default()
        }
    }

    /// The notices as HTML; empty if there are none. The live stream sends them, too.
    pub fn notices(&self) -> String {
        self.outages.notices()
    }

    pub fn pending_count(&self) -> String {
        pending_count(self.pending.unwrap_or_default())
    }

    pub fn own_requests(&self) -> String {
        own_requests(self.own_requests)
    }

    pub fn emergencies(&self) -> String {
        emergency_notices(&self.emergencies)
    }

    /// When the page was made, for what is printed of it.
    pub fn now(&self) -> Moment {
        moment(self.made.unwrap_or(Millis(0)))
    }

    pub fn theme_script(&self) -> &'static str {
        &THEME_URL
    }

    pub fn script(&self) -> &'static str {
        &SCRIPT_URL
    }

    pub fn style(&self) -> &'static str {
        &STYLE_URL
    }
}

/// The number of pending requests beside their link. The live stream sends it, too.
#[derive(Template)]
#[template(path = "parts/pending_count.html")]
struct PendingCount {
    count: usize,
}

pub fn pending_count(count: usize) -> String {
    PendingCount { count }.render().unwrap_or_default()
}

/// The way to one's own requests, if there are any. The live stream sends it, too.
#[derive(Template)]
#[template(path = "parts/own_requests.html")]
struct OwnRequests {
    count: usize,
}

pub fn own_requests(count: usize) -> String {
    OwnRequests { count }.render().unwrap_or_default()
}

/// A login code that was viewed without approval, as approvers are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmergencyRow {
    seq: i64,
    at: Millis,
    actor: String,
    account: Option<(AccountId, String)>,
    reason: String,
    words: &'static EmergencyWords,
}

impl EmergencyRow {
    fn moment(&self) -> Moment {
        moment(self.at)
    }
}

pub fn emergencies(app: &State, requests: &Requests) -> Vec<EmergencyRow> {
    let row = |access: &EmergencyAccess| EmergencyRow {
        seq: access.seq,
        at: access.at,
        actor: access.actor.clone(),
        account: access.account.and_then(|id| {
            let entry = app.live.accounts.get(id)?;
            Some((id, entry.account.identifier.to_string()))
        }),
        reason: access.reason.clone().unwrap_or_default(),
        words: words::emergency(access.kind),
    };
    requests.emergencies.iter().map(row).collect()
}

/// The live stream sends it, too.
#[derive(Template)]
#[template(path = "parts/emergencies.html")]
struct EmergencyNotices<'a> {
    rows: &'a [EmergencyRow],
}

pub fn emergency_notices(rows: &[EmergencyRow]) -> String {
    EmergencyNotices { rows }.render().unwrap_or_default()
}

pub fn html(template: &impl Template) -> Result<Response, AppError> {
    Ok(Html(template.render()?).into_response())
}

pub fn html_with(status: StatusCode, template: &impl Template) -> Result<Response, AppError> {
    Ok((status, Html(template.render()?)).into_response())
}

/// The notice about services that can't be reached at the moment. The live stream sends it, too.
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
