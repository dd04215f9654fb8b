//! The live audit log: new entries that a page asks for appear above those that it shows.

use askama::Template;
use axum::response::Response;
use axum_extra::extract::Query;

use crate::domain::access::{Principal, decide_system};
use crate::domain::privilege::can;
use crate::live::events::Change;
use crate::store::audit::Search;
use crate::store::{self, StoreError};
use crate::web::auth::session::RequestSession;
use crate::web::error::AppError;
use crate::web::fragment::partial;
use crate::web::pages::audit::feed::News;
use crate::web::pages::audit::list;
use crate::web::pages::audit::query::AuditQuery;
use crate::web::pages::audit::row;
use crate::web::state::{AppState, State};
use crate::web::stream::message::{self, Message};
use crate::web::stream::{LivePage, Position, Update, open, position};

/// Rows that a page may grow to before it is shown again from its newest entries.
const LONG: usize = 300;

/// The stream, for one search.
pub async fn trail(
    app: AppState,
    caller: RequestSession,
    position: Position,
    Query(wanted): Query<AuditQuery>,
) -> Response {
    let seen = position.0.and_then(|seen| i64::try_from(seen).ok());
    let policy = app.live.policy.current();
    open(app, caller, |principal| {
        decide_system::<can::ReadAudit>(&policy, principal)?;
        match wanted.parse() {
            Ok((search, None)) => Ok(AuditPage { wanted, search, seen, rows: list::PAGE }),
            // The page of a search that makes no sense, or of what is older, does not change.
            Ok(_) | Err(_) => Err(AppError::NotFound),
        }
    })
    .await
}

struct AuditPage {
    wanted: AuditQuery,
    search: Search,
    /// The last entry that was looked at, whether it fits or not; None if the whole page has to be sent.
    seen: Option<i64>,
    /// How many rows the browser shows.
    rows: usize,
}

impl AuditPage {
    async fn update(&mut self, state: &State) -> Result<Option<String>, StoreError> {
        let Some(seen) = self.seen else { return self.whole(state).await };
        let News::Rows(news, last) = state.audit_feed.since(&state.db, seen).await? else {
            return self.whole(state).await;
        };
        self.seen = Some(last.max(seen));
        let fit = news.iter().filter(|row| self.search.fits(&row.entry, row.phone.as_ref()));
        // The newest first.
        let rows: Vec<&str> = fit.rev().map(|row| row.html.as_str()).collect();
        self.rows += rows.len();
        if self.rows > LONG {
            return self.whole(state).await;
        }
        Ok((!rows.is_empty()).then(|| {
            partial("#trail", "afterbegin", &rows.concat()) + &partial("#trail-empty", "innerHTML", "")
        }))
    }

    /// The whole page as it is now.
    async fn whole(&mut self, state: &State) -> Result<Option<String>, StoreError> {
        self.seen = None;
        let conn = &mut state.db.read().await?;
        let head = store::audit::head(conn).await?;
        let Some(shown) = list::search(conn, &self.search, None).await? else { return Ok(None) };
        let rows = row::render(&shown.rows).unwrap_or_default();
        let pager = list::pager(&self.wanted, &shown).unwrap_or_default();
        self.rows = shown.rows.len();
        self.seen = Some(head.seq);
        let empty =
            if shown.rows.is_empty() { list::Empty.render().unwrap_or_default() } else { String::new() };
        Ok(Some(
            partial("#trail", "innerMorph", &rows)
                + &partial("#trail-empty", "innerHTML", &empty)
                + &partial("#trail-pager", "innerHTML", &pager),
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
            | Change::Approvals
            | Change::Jobs
            | Change::User(_)
            | Change::SessionEnded(_) => false,
        }
    }

    async fn render(&mut self, state: &AppState, principal: &Principal) -> Update {
        if decide_system::<can::ReadAudit>(&state.live.policy.current(), principal).is_err() {
            return Update::Last(vec![message::html(&partial("#trail", "innerHTML", ""))]);
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
