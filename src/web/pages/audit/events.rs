//! The live audit log: new entries that a page asks for appear above those that it shows.

use askama::Template;
use axum::response::Response;
use axum_extra::extract::Query;

use crate::domain::access::{Principal, decide_system};
use crate::domain::audit::Outcome;
use crate::domain::privilege::can;
use crate::live::events::Change;
use crate::store::audit::{Entry, Search};
use crate::store::{self, StoreError};
use crate::web::auth::session::RequestSession;
use crate::web::error::AppError;
use crate::web::fragment::partial;
use crate::web::pages::audit::feed::{News, Row};
use crate::web::pages::audit::list;
use crate::web::pages::audit::query::AuditQuery;
use crate::web::pages::audit::row;
use crate::web::state::{AppState, State};
use crate::web::stream::message::{self, Message};
use crate::web::stream::{LivePage, Position, Update, open, position};

/// Rows that a page may grow to before it is shown again from its newest entries.
const LONG: usize = 300;

/// The stream, for one search.
pub async fn stream(
    app: AppState,
    caller: RequestSession,
    position: Position,
    Query(wanted): Query<AuditQuery>,
) -> Response {
    let seen = position.0.and_then(|seen| i64::try_from(seen).ok());
    let (policy, now) = (app.live.policy.current(), app.clock.now());
    open(app, caller, |principal| {
        decide_system::<can::ReadAudit>(&policy, principal)?;
        match wanted.parse(now) {
            Ok((search, None)) => Ok(AuditPage {
                wanted,
                search: list::folded(search),
                seen,
                rows: list::PAGE,
                links_people: false,
            }),
            // The page of an invalid search, or of older entries, does not change.
            Ok(_) | Err(_) => Err(AppError::NotFound),
        }
    })
    .await
}

struct AuditPage {
    wanted: AuditQuery,
    search: Search,
    /// The last entry that was checked, whether it matches or not; None if the whole page has to be sent.
    seen: Option<i64>,
    /// How many rows the browser shows.
    rows: usize,
    /// Whether the reader may open the pages of people.
    links_people: bool,
}

impl AuditPage {
    async fn update(&mut self, state: &State) -> Result<Option<String>, StoreError> {
        let Some(seen) = self.seen else { return self.whole(state).await };
        let News::Rows(news, last) = state.audit_feed.since(&state.db, seen).await? else {
            return self.whole(state).await;
        };
        self.seen = Some(last.max(seen));
        let fit = || news.iter().filter(|row| self.search.fits(&row.entry, row.identifier.as_ref()));
        // The newest first.
        let new: Vec<&str> =
            fit().rev().filter(|row| self.is_own_row(&row.entry)).map(|row| self.html(row)).collect();
        self.rows += new.len();
        if self.rows > LONG {
            return self.whole(state).await;
        }
        let mut html = String::new();
        if !new.is_empty() {
            html = partial("#audit-entries", "afterbegin", &new.concat())
                + &partial("#audit-empty", "innerHTML", "");
        }
        for (row, intent) in news.iter().filter_map(|row| Some((row, row.entry.intent?))) {
            let target = format!("#entry-{intent}");
            match self.search.outcome {
                None => html += &partial(&target, "outerMorph", self.html(row)),
                Some(Outcome::Intent) => html += &partial(&target, "delete", ""),
                Some(Outcome::Done | Outcome::Failed | Outcome::NotSent | Outcome::Unknown) => {}
            }
        }
        Ok((!html.is_empty()).then_some(html))
    }

    /// Whether the entry has a row of its own. Outcomes replace the row of their intent, unless they are asked for.
    fn is_own_row(&self, entry: &Entry) -> bool {
        match self.search.outcome {
            None | Some(Outcome::Intent) => entry.intent.is_none(),
            Some(Outcome::Done | Outcome::Failed | Outcome::NotSent | Outcome::Unknown) => true,
        }
    }

    fn html<'a>(&self, row: &'a Row) -> &'a str {
        if self.links_people { &row.html_with_people } else { &row.html }
    }

    /// The whole page as it is now.
    async fn whole(&mut self, state: &State) -> Result<Option<String>, StoreError> {
        self.seen = None;
        let conn = &mut state.db.read().await?;
        let head = store::audit::head(conn).await?;
        let Some(shown) = list::search(conn, &self.search, None).await? else { return Ok(None) };
        let rows = row::render(&shown.rows, self.links_people).unwrap_or_default();
        let pager = list::pager(&self.wanted, &shown).unwrap_or_default();
        self.rows = shown.rows.len();
        self.seen = Some(head.seq);
        let empty =
            if shown.rows.is_empty() { list::Empty.render().unwrap_or_default() } else { String::new() };
        Ok(Some(
            partial("#audit-entries", "innerMorph", &rows)
                + &partial("#audit-empty", "innerHTML", &empty)
                + &partial("#audit-pager", "innerHTML", &pager),
        ))
    }
}

impl LivePage for AuditPage {
    fn concerns(&self, change: Change) -> bool {
        match change {
            // What could not be read is read when the database is available again.
            Change::Audit | Change::Health | Change::Policy | Change::Everything => true,
            Change::Account(_)
            | Change::StoredPassword(_)
            | Change::Devices(_)
            | Change::Approvals
            | Change::Jobs
            | Change::Invites
            | Change::Proxies
            | Change::User(_)
            | Change::SessionEnded(_) => false,
        }
    }

    async fn render(&mut self, state: &AppState, principal: &Principal) -> Update {
        let policy = state.live.policy.current();
        self.links_people = decide_system::<can::ManageAccess>(&policy, principal).is_ok();
        if decide_system::<can::ReadAudit>(&policy, principal).is_err() {
            return Update::Last(vec![message::html(&partial("#audit-entries", "innerHTML", ""))]);
        }
        match self.update(state).await {
            Ok(Some(html)) => {
                let seen = self.seen.unwrap_or(0).unsigned_abs();
                Update::Message(Message::new(&position::id(state, seen), &html))
            }
            Ok(None) => Update::Nothing,
            Err(error) => {
                tracing::debug!(%error, "an open page of the audit log is not updated yet");
                Update::Nothing
            }
        }
    }
}
