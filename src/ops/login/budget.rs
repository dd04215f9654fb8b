//! How many codes Telegram may be asked for: per number, per person and for all, counted in the database.

use crate::domain::access::{Grant, Principal, SystemGrant};
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::error::ErrorCode;
use crate::domain::privilege::can;
use crate::domain::reveal::Reason;
use crate::domain::{AccountId, Phone};
use crate::live::events::Change;
use crate::ops::audit::failed_attempts;
use crate::ops::audit::queue::Intent;
use crate::ops::{App, Applied, OpError, accounts};
use crate::store::{self, StoreError, Tx, Written};
use crate::telegram::AnswerError;

const DAY: i64 = 24 * 60 * 60;
const HOUR: i64 = 60 * 60;

/// Whether a request for a code counts: it doesn't if Telegram was not asked, or certainly sent nothing.
pub(super) fn counts(result: &Result<(), AnswerError>) -> bool {
    match result {
        Ok(()) | Err(AnswerError::Away) => true,
        Err(AnswerError::Refused(why)) => why.counts_as_a_code(),
        Err(AnswerError::Stale | AnswerError::Busy | AnswerError::NotNow | AnswerError::NotRunning) => false,
    }
}

/// Stops counting a request for a code. If that fails, it counts, which harms less than one too many.
pub(super) async fn take_back(app: &App, account: AccountId, note: &str) {
    let done = app.db.maintain(async |conn| store::login_attempts::delete(conn, note).await).await;
    match done {
        Ok(()) => app.live.events.publish(Change::Account(account)),
        Err(error) => tracing::warn!(%account, %error, "a request that Telegram does not count is counted"),
    }
}

/// An attempt that was recorded, with what was noted; or why it was refused.
type Recorded<N> = Applied<(Intent, N), OpError>;

/// Records an attempt if `admit` lets it pass; returns the entry, and what `admit` noted.
pub(super) async fn record_if<N>(
    app: &App,
    attempt: AuditEntry,
    admit: impl AsyncFnOnce(&mut Tx<'_>) -> Result<Applied<N, OpError>, StoreError>,
) -> Result<(Intent, N), OpError> {
    let counted = app
        .write_with(async |tx| -> Result<Written<Recorded<N>>, StoreError> {
            let noted = match admit(tx).await? {
                Applied::Done(noted) => noted,
                Applied::Rejected(why) => return Ok(Written::unchanged(Applied::Rejected(why))),
            };
            let recorded = tx.record(&attempt).await?;
            let intent = Intent::of(&recorded, attempt.clone());
            Ok(recorded.with(Applied::Done((intent, noted))))
        })
        .await?
        .into_result();
    if counted.is_err() {
        failed_attempts::note(app, &attempt.actor, attempt.clone());
    }
    counted
}

/// Notes that Telegram is asked to send something, unless the limit of the number, of the actor or of all is used up.
pub(super) async fn note_sending(
    app: &App,
    tx: &mut Tx<'_>,
    actor: &Principal,
    phone: &Phone,
    attempt: &AuditEntry,
) -> Result<Applied<String, OpError>, StoreError> {
    let now = app.clock.now();
    let since = now.plus_seconds(-DAY);
    let limit = i64::from(app.config.limits.login_attempts_per_day);
    let personal = personal_limit(app, actor);
    let together = i64::from(app.config.limits.codes_per_hour);
    let used = store::login_attempts::count_since(tx, phone, since).await?;
    if used >= limit {
        return Ok(Applied::Rejected(OpError::Refused(ErrorCode::CodesUsedUp { used, limit })));
    }
    if store::login_attempts::count_by_actor(tx, &attempt.actor, since).await? >= personal {
        return Ok(Applied::Rejected(too_often(attempt, ErrorCode::TooManyCodes { limit: personal })));
    }
    if store::login_attempts::count_all(tx, now.plus_seconds(-HOUR)).await? >= together {
        return Ok(Applied::Rejected(too_often(attempt, ErrorCode::TooManyCodesHere { limit: together })));
    }
    store::login_attempts::insert(tx, phone, now, &attempt.actor).await.map(Applied::Done)
}

/// How many codes an actor may request in a day. A person with an invite brings in one account and perhaps corrects its
/// number: the limit of others would let people who create many invites use up what there is for all.
fn personal_limit(app: &App, actor: &Principal) -> i64 {
    let limits = &app.config.limits;
    let personal = i64::from(limits.codes_per_person_per_day);
    match actor {
        Principal::Invite(_) => personal.min(2 * i64::from(limits.login_attempts_per_day)),
        Principal::User(_) | Principal::Cli | Principal::System(_) => personal,
    }
}

/// The refusal when a limit is used up.
pub(super) fn too_often(attempt: &AuditEntry, code: ErrorCode) -> OpError {
    tracing::warn!(actor = %attempt.actor, code = attempt.event.code(), "refused: a limit is used up");
    OpError::TooOften(code)
}

/// Lets more codes be requested for an account's number than the limit of a day. The reason is recorded.
pub async fn allow_more_codes(
    app: &App,
    grant: Grant<'_, can::Login>,
    _may: SystemGrant<'_, can::ManageAccess>,
    reason: &str,
) -> Result<(), OpError> {
    let reason = Reason::parse(reason).map_err(|error| OpError::invalid("reason", error))?;
    let entry = app.live.accounts.get(grant.account()).ok_or(OpError::NotFound)?;
    let phone = accounts::phone_of(&entry.account)?;
    let event = AuditEvent::CodeLimitLifted;
    let audit = AuditEntry::done(app.clock.now(), grant.actor(), event)
        .about(grant.account())
        .because(reason.as_str());
    let forgiven = app
        .write_with(async |tx| -> Result<Written<u64>, StoreError> {
            match store::login_attempts::forgive(tx, phone).await? {
                0 => Ok(Written::unchanged(0)),
                forgiven => Ok(tx.record(&audit).await?.with(forgiven)),
            }
        })
        .await?;
    if forgiven == 0 {
        return Err(OpError::Refused(ErrorCode::NoCodesCounted));
    }
    app.live.events.publish(Change::Account(grant.account()));
    Ok(())
}
