//! `/about`: the version, the documentation that belongs to it, and what the program is built from.

use askama::Template;
use axum::response::Response;

use crate::web::auth::session::CurrentUser;
use crate::web::error::AppError;
use crate::web::extract::Path;
use crate::web::layout::{Layout, html};
use crate::web::paths;
use crate::web::state::AppState;

/// Name, version and license, a line each; the build lists them.
const COMPONENTS: &str = include_str!(concat!(env!("OUT_DIR"), "/components.tsv"));

/// The documentation: name in the address, title, what it is about, and the text.
const DOCUMENTS: [(&str, &str, &str, &str); 10] = [
    (
        "operating",
        "Operating",
        "installation, settings, backups, audit log, limits",
        include_str!("../../../docs/operating.md"),
    ),
    (
        "sign-on",
        "Sign-on",
        "OpenID Connect, Cloudflare Access, other proxies",
        include_str!("../../../docs/sign-on.md"),
    ),
    ("access", "Access", "roles, groups, permissions, approvals", include_str!("../../../docs/access.md")),
    ("devices", "Devices", "what is signed in to accounts", include_str!("../../../docs/devices.md")),
    (
        "many-accounts",
        "Many accounts",
        "changing many accounts at once",
        include_str!("../../../docs/many-accounts.md"),
    ),
    (
        "onboarding",
        "Onboarding",
        "invite links, and accounts that people add themselves",
        include_str!("../../../docs/onboarding.md"),
    ),
    (
        "logging-in",
        "Logging in",
        "the steps of an account's login",
        include_str!("../../../docs/logging-in.md"),
    ),
    (
        "failures",
        "Failures",
        "what users see when something breaks",
        include_str!("../../../docs/failures.md"),
    ),
    (
        "performance",
        "Performance",
        "figures and how to measure them",
        include_str!("../../../docs/performance.md"),
    ),
    (
        "security",
        "Security",
        "threat model, protections, reporting a vulnerability",
        include_str!("../../../SECURITY.md"),
    ),
];

#[derive(Template)]
#[template(path = "pages/about/about.html")]
struct AboutPage {
    layout: Layout,
    version: &'static str,
    components: Vec<[&'static str; 3]>,
}

pub async fn about(app: AppState, CurrentUser(actor): CurrentUser) -> Result<Response, AppError> {
    html(&AboutPage {
        layout: Layout::of(&app, &actor),
        version: env!("CARGO_PKG_VERSION"),
        components: components(),
    })
}

fn components() -> Vec<[&'static str; 3]> {
    let fields = |line: &'static str| {
        let mut fields = line.split('\t');
        Some([fields.next()?, fields.next()?, fields.next()?])
    };
    COMPONENTS.lines().filter_map(fields).collect()
}

#[derive(Template)]
#[template(path = "pages/about/document.html")]
struct DocumentPage {
    layout: Layout,
    title: &'static str,
    text: &'static str,
}

/// A document, as it was written.
pub async fn document(
    app: AppState,
    CurrentUser(actor): CurrentUser,
    Path(name): Path<String>,
) -> Result<Response, AppError> {
    let (_, title, _, text) =
        DOCUMENTS.iter().find(|(known, ..)| *known == name).ok_or(AppError::NotFound)?;
    html(&DocumentPage { layout: Layout::of(&app, &actor), title, text })
}
