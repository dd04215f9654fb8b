//! Taking back a request, or an approval that is not needed any more.

use crate::domain::RevealId;
use crate::domain::access::Principal;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::reveal::RequestState;
use crate::ops::approvals::authorize::{closed, person};
use crate::ops::approvals::{refused, view};
use crate::ops::{App, OpError, current};
use crate::store::{self, Written};

/// Withdraws a request of the actor's own.
pub async fn withdraw(app: &App, actor: &Principal, id: RevealId) -> Result<(), OpError> {
    let now = app.clock.now();
    let withdrawn = app
        .write_with(async |tx| -> Result<Written<()>, OpError> {
            let present = current::principal(tx, actor).await?;
            let request = store::reveal_requests::get(tx, id).await?.ok_or(OpError::NotFound)?;
            if request.requester != person(&present)?.id {
                return Err(OpError::NotFound);
            }
            if let Some(why) = closed(&request, now) {
                return refused(why);
            }
            store::reveal_requests::end(tx, id, RequestState::Withdrawn).await?;
            let event = AuditEvent::RevealWithdrawn { kind: request.kind };
            let entry = AuditEntry::done(now, actor, event).about(request.account);
            Ok(tx.record(&entry).await?.with(()))
        })
        .await;
    view::changed(app).await;
    withdrawn
}
