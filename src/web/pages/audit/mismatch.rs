//! The warning that the audit log was changed outside of Telescope.

use crate::domain::audit::{AuditEvent, AuditKind};
use crate::store::audit::Filter;
use crate::store::{self, Conn, StoreError};
use crate::web::state::State;
use crate::web::words::{audit, moments, moments::Moment};

/// Seconds for which the page shows the warning. The entry stays.
const SHOWN: i64 = 30 * 24 * 60 * 60;

#[derive(Debug)]
pub struct Mismatch {
    /// The number of the entry that records it.
    pub seq: i64,
    pub at: Moment,
    pub words: &'static str,
}

impl Mismatch {
    pub async fn newest(app: &State, conn: &mut Conn<'_>) -> Result<Option<Self>, StoreError> {
        let filter = Filter {
            code: Some(AuditKind::AuditMismatch.code().to_owned()),
            from: Some(app.clock.now().plus_seconds(-SHOWN)),
            ..Filter::default()
        };
        let newest = store::audit::page(conn, &filter, 1).await?.pop();
        Ok(newest.map(|entry| Self {
            seq: entry.seq,
            at: moments::moment(entry.at),
            words: match entry.event() {
                AuditEvent::AuditMismatch { reason, .. } => audit::mismatch(reason),
                _ => "",
            },
        }))
    }
}
