//! New entries of the trail, read once for all who watch it.
//!
//! The place that commits an entry says so; one task, which lives as long as somebody watches, then reads what is new,
//! makes rows of it and hands them to every viewer. Whoever was too slow, or where too much came at once, is told to
//! look at the whole page again.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::{broadcast, watch};

use crate::domain::Phone;
use crate::store::audit::{self, Entry, Head};
use crate::store::{Db, StoreError};
use crate::web::pages::audit::row::{self, AuditRow};
use crate::web::state::AppState;

/// How long commits are gathered: what belongs together comes in small bursts.
const GATHER: Duration = Duration::from_millis(50);
/// After how long reading is tried again while the database is away.
const AGAIN: Duration = Duration::from_secs(1);
/// Entries that are handed on at once; of more the viewers are told to look again.
const MANY: usize = 100;
/// Batches that a viewer may lag behind.
const LAG: usize = 16;

/// The feed, while somebody watches.
#[derive(Debug, Default)]
pub struct AuditFeed(Mutex<Option<broadcast::Sender<Arc<Batch>>>>);

/// What came.
#[derive(Debug)]
pub struct Batch {
    /// The number of the entry before it.
    pub after: i64,
    /// The number of its last entry.
    pub last: i64,
    /// The entries, the oldest first; none if there were too many.
    pub rows: Vec<Row>,
    /// Whether entries are left out.
    pub too_many: bool,
}

/// A new entry.
#[derive(Debug)]
pub struct Row {
    /// What it says.
    pub entry: Entry,
    /// The number of its account.
    pub phone: Option<Phone>,
    /// It as a row of the table; it holds nothing of who looks at it.
    pub html: String,
}

impl AuditFeed {
    /// Everything that is committed from now on.
    pub async fn subscribe(&self, app: &AppState) -> Result<broadcast::Receiver<Arc<Batch>>, StoreError> {
        let heads = app.db.audit_heads();
        let last = audit::head(&mut app.db.read().await?).await?.seq;
        let mut feed = self.feed();
        if let Some(sender) = feed.as_ref() {
            return Ok(sender.subscribe());
        }
        let sender = broadcast::Sender::new(LAG);
        let receiver = sender.subscribe();
        *feed = Some(sender.clone());
        drop(feed);
        tokio::spawn(read(app.clone(), sender, heads, last));
        Ok(receiver)
    }

    /// Ends the feed if nobody watches any more.
    fn end_if_alone(&self, sender: &broadcast::Sender<Arc<Batch>>) -> bool {
        let mut feed = self.feed();
        let alone = sender.receiver_count() == 0;
        if alone {
            *feed = None;
        }
        alone
    }

    fn feed(&self) -> MutexGuard<'_, Option<broadcast::Sender<Arc<Batch>>>> {
        self.0.lock()
    }
}

async fn read(
    app: AppState,
    sender: broadcast::Sender<Arc<Batch>>,
    mut heads: watch::Receiver<Option<Head>>,
    mut last: i64,
) {
    loop {
        tokio::select! {
            changed = heads.changed() => {
                if changed.is_err() {
                    return;
                }
            }
            () = sender.closed() => {
                if app.audit_feed.end_if_alone(&sender) {
                    return;
                }
                continue;
            }
        }
        tokio::time::sleep(GATHER).await;
        heads.mark_unchanged();
        match batch(&app.db, last).await {
            Ok(Some(batch)) => {
                last = batch.last;
                // An error only means that nobody watches.
                let _ = sender.send(Arc::new(batch));
            }
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(%error, "new entries of the trail can't be read for those who watch it");
                tokio::time::sleep(AGAIN).await;
                heads.mark_changed();
            }
        }
    }
}

/// What came after this entry.
async fn batch(db: &Db, after: i64) -> Result<Option<Batch>, StoreError> {
    let conn = &mut db.read().await?;
    let last = audit::head(conn).await?.seq;
    if last <= after {
        return Ok(None);
    }
    let entries = audit::from(conn, after + 1, MANY as i64 + 1).await?;
    if entries.len() > MANY {
        return Ok(Some(Batch { after, last, rows: Vec::new(), too_many: true }));
    }
    let numbers = row::numbers(conn, &entries).await?;
    let rows = entries.into_iter().map(|entry| {
        let phone = entry.account.and_then(|id| numbers.get(&id)).map(|(phone, _)| phone.clone());
        let html = row::render(&[AuditRow::with(entry.clone(), &numbers)]).unwrap_or_default();
        Row { entry, phone, html }
    });
    Ok(Some(Batch { after, last, rows: rows.collect(), too_many: false }))
}
