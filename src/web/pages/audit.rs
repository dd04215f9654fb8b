//! `/audit`: what happened, newest first.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum_extra::extract::Query;
use serde::Deserialize;

use crate::app::App;
use crate::domain::AccountId;
use crate::domain::audit::AuditEvent;
use crate::domain::privilege::can;
use crate::store::audit::{Entry, Filter};
use crate::store::{self, Conn, StoreError};
use crate::web::error::AppError;
use crate::web::extract::May;
use crate::web::shell::{Shell, html};
use crate::web::text;

/// Entries on a page.
const PAGE: u32 = 100;
/// Seconds for which the page says above all that the trail is not what it was; the entry stays.
const MISMATCH_SHOWN: i64 = 30 * 24 * 60 * 60;

/// What to show, from the URL.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wanted {
    actor: String,
    code: String,
    account: String,
    before: Option<i64>,
}

/// An entry as a line of a page.
#[derive(Debug)]
pub struct Line {
    /// Its number.
    pub seq: i64,
    /// When.
    pub at: String,
    /// What, as a code.
    pub code: String,
    /// Done, intent, failed or unknown.
    pub outcome: &'static str,
    /// All of it in words, but for who and when.
    pub words: String,
    /// Who.
    pub actor: String,
    /// The account's id and number, if it is still there.
    pub account: Option<(AccountId, String)>,
    /// The address that the request came from.
    pub address: Option<String>,
    /// The number of the request in the log.
    pub request: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// More.
    pub details: Option<String>,
}

impl Line {
    /// An entry, with the account's number as it is known now.
    pub fn of(app: &App, entry: Entry) -> Self {
        let account = entry.account.map(|id| {
            let known = app.directory.get(id).map(|known| known.account.phone.to_string());
            (id, known.unwrap_or_else(|| "removed".into()))
        });
        Self {
            seq: entry.seq,
            at: text::moment(entry.at),
            words: text::event(&entry.code, entry.outcome.name(), entry.details.as_deref()),
            code: entry.code,
            outcome: entry.outcome.name(),
            actor: entry.actor,
            account,
            address: entry.address,
            request: entry.request_id,
            reason: entry.reason,
            details: entry.details,
        }
    }
}

#[derive(Template)]
#[template(path = "pages/audit.html")]
struct AuditPage {
    shell: Shell,
    lines: Vec<Line>,
    wanted: Wanted,
    codes: &'static [&'static str],
    older: Option<i64>,
    mismatch: Option<Mismatch>,
}

/// That the trail was found not to be what it was, not long ago.
#[derive(Debug)]
struct Mismatch {
    /// The entry that says so.
    seq: i64,
    at: String,
    words: &'static str,
}

impl Mismatch {
    async fn newest(app: &App, conn: &mut Conn<'_>) -> Result<Option<Self>, StoreError> {
        let filter = Filter {
            code: Some(AuditEvent::TRAIL_MISMATCH.to_owned()),
            from: Some(app.clock.now().plus_seconds(-MISMATCH_SHOWN)),
            ..Filter::default()
        };
        let newest = store::audit::page(conn, &filter, 1).await?.pop();
        Ok(newest.map(|entry| Self {
            seq: entry.seq,
            at: text::moment(entry.at),
            words: text::trail_fault(entry.details.as_deref()),
        }))
    }
}

/// The page.
pub async fn list(
    State(app): State<Arc<App>>,
    may: May<can::ReadAudit>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, AppError> {
    let given = |text: &str| (!text.trim().is_empty()).then(|| text.trim().to_owned());
    let filter = Filter {
        account: wanted.account.trim().parse().ok(),
        code: given(&wanted.code),
        actor: given(&wanted.actor),
        before: wanted.before,
        ..Filter::default()
    };
    let mut conn = app.db.read().await?;
    let entries = store::audit::page(&mut conn, &filter, PAGE).await?;
    let mismatch = Mismatch::newest(&app, &mut conn).await?;
    drop(conn);
    let full = entries.len() == PAGE as usize;
    let older = entries.last().filter(|_| full).map(|entry| entry.seq);
    let lines = entries.into_iter().map(|entry| Line::of(&app, entry)).collect();
    let shell = Shell::of(&app, &may.actor);
    html(&AuditPage { shell, lines, wanted, codes: AuditEvent::CODES, older, mismatch })
}
