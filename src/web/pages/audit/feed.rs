//! New entries of the audit log, read and rendered once for all viewers.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::Mutex;

use crate::domain::Identifier;
use crate::store::audit::{self, Entry};
use crate::store::{Db, StoreError};
use crate::web::pages::audit::row;

/// Entries that are read at once; if there are more, the page is sent as a whole.
const MANY: usize = 100;
/// Entries that are kept for viewers that are behind.
const KEPT: usize = 200;

#[derive(Debug, Default)]
pub struct AuditFeed(Mutex<Option<Recent>>);

/// The newest entries.
#[derive(Debug)]
struct Recent {
    /// Everything after this number, up to `last`, is in `rows`.
    after: i64,
    last: i64,
    rows: VecDeque<Arc<Row>>,
}

/// An entry, and how it looks in the table: for readers who may open the pages of people, and for the others.
#[derive(Debug)]
pub struct Row {
    pub entry: Entry,
    /// The number of its account, or the id of a bot.
    pub identifier: Option<Identifier>,
    pub html: String,
    pub html_with_people: String,
}

/// What came after an entry.
#[derive(Debug)]
pub enum News {
    /// The entries, oldest first, and the number of the last.
    Rows(Vec<Arc<Row>>, i64),
    /// Too many to send one by one.
    Many,
}

impl AuditFeed {
    /// What was committed after the entry with this number.
    pub async fn since(&self, db: &Db, seen: i64) -> Result<News, StoreError> {
        let committed = db.audit_heads().borrow().as_ref().map_or(0, |head| head.seq);
        let mut recent = self.0.lock().await;
        let recent = recent.get_or_insert_with(|| Recent { after: seen, last: seen, rows: VecDeque::new() });
        if recent.last < committed {
            recent.read_on(db).await?;
        }
        if seen < recent.after {
            return Ok(News::Many);
        }
        let rows = recent.rows.iter().filter(|row| row.entry.seq > seen).cloned().collect();
        Ok(News::Rows(rows, recent.last))
    }
}

impl Recent {
    async fn read_on(&mut self, db: &Db) -> Result<(), StoreError> {
        let conn = &mut db.read().await?;
        let entries = audit::from(conn, self.last + 1, MANY as i64 + 1).await?;
        if entries.len() > MANY {
            let last = audit::head(conn).await?.seq;
            *self = Self { after: last, last, rows: VecDeque::new() };
            return Ok(());
        }
        let rows = row::rows(conn, entries.clone()).await?;
        for (entry, row) in entries.into_iter().zip(rows) {
            let identifier = row.account.as_ref().and_then(|account| account.identifier.clone());
            let render = |people| row::render(std::slice::from_ref(&row), people).unwrap_or_default();
            self.last = entry.seq;
            self.rows.push_back(Arc::new(Row {
                entry,
                identifier,
                html: render(false),
                html_with_people: render(true),
            }));
        }
        while self.rows.len() > KEPT {
            if let Some(row) = self.rows.pop_front() {
                self.after = row.entry.seq;
            }
        }
        Ok(())
    }
}
