//! The warning that the audit log was changed outside of Telescope, until an administrator acknowledges it.

use axum::response::Redirect;
use axum_extra::extract::Form;
use serde::Deserialize;

use crate::domain::access::Principal;
use crate::domain::audit::AuditEvent;
use crate::domain::privilege::can;
use crate::ops::audit::acknowledge;
use crate::store::{self, Conn, StoreError};
use crate::web::error::AppError;
use crate::web::extract::May;
use crate::web::paths;
use crate::web::state::AppState;
use crate::web::words::{audit, moments, moments::Moment};

pub struct Mismatch {
    /// The number of the entry that records it.
    pub seq: i64,
    pub at: Moment,
    pub words: &'static str,
    /// Whether the reader may acknowledge it.
    pub can_acknowledge: bool,
}

impl Mismatch {
    pub async fn newest(conn: &mut Conn<'_>, reader: &Principal) -> Result<Option<Self>, StoreError> {
        let newest = store::audit::unacknowledged(conn).await?;
        Ok(newest.map(|entry| Self {
            seq: entry.seq,
            at: moments::moment(entry.at),
            words: match entry.event() {
                AuditEvent::AuditMismatch { reason, .. } => audit::mismatch(reason),
                _ => "",
            },
            can_acknowledge: matches!(reader, Principal::User(person) if person.admin),
        }))
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct AcknowledgeForm {
    entry: i64,
    reason: String,
}

pub async fn acknowledge(
    app: AppState,
    may: May<can::ReadAudit>,
    Form(form): Form<AcknowledgeForm>,
) -> Result<Redirect, AppError> {
    acknowledge::mismatch(&app.context, may.grant(), form.entry, &form.reason).await?;
    Ok(Redirect::to(paths::AUDIT))
}
