//! Removing an account, and logging one out. Both end the session at Telegram; disconnecting does not.
//!
//! A removal can take long: Telegram may be unreachable, and the session has to be ended before its files are deleted,
//! because ending it needs them. So the request writes a job, and the job runner does the steps below and records each
//! in the audit log. If the number is added again later, that is a new account in a new folder.

use std::time::Duration;

use tokio::time::Instant;

use crate::crypto::Purpose;
use crate::domain::access::{Grant, Principal};
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::error::ErrorCode;
use crate::domain::job::{JobKind, JobRecord, JobState, RemoveStep, StepOutcome, Steps};
use crate::domain::privilege::can;
use crate::domain::{Account, AccountId, DesiredState, JobId, Millis, Network, Snapshot, Stage};
use crate::live::accounts::Entry;
use crate::live::events::Change;
use crate::ops::accounts::{self, folder};
use crate::ops::audit::queue::Intent;
use crate::ops::{App, OpError};
use crate::store::{self, Recorded, StoreError, Tx, Written};
use crate::telegram::AnswerError;

/// How long a step waits for an account to leave a transient stage.
const SETTLES: Duration = Duration::from_secs(30);
/// After this many attempts with Telegram reachable, the removal goes on without its confirmation.
const ENOUGH: i64 = 5;
/// The secrets of an account that are deleted with it.
const SECRETS: [Purpose; 4] =
    [Purpose::TwoStepPassword, Purpose::TwoStepBefore, Purpose::TwoStepAfter, Purpose::BotToken];
/// The principal that does the steps.
const ACTOR: Principal = Principal::System("remove-account");

/// Ends the account's session at Telegram. The account stays, and can be logged in again.
pub async fn log_out(app: &App, grant: Grant<'_, can::RemoveAccount>) -> Result<(), OpError> {
    let id = grant.account();
    let entry = app.live.accounts.get(id).ok_or(OpError::NotFound)?;
    if !entry.snapshot.stage.can_log_out() {
        return Err(OpError::Refused(ErrorCode::NotLoggedIn));
    }
    let handle = app.hub.account(id).ok_or(AnswerError::NotRunning)?;
    let entry = AuditEntry::intent(app.clock.now(), grant.actor(), AuditEvent::SessionLoggedOut).about(id);
    let intent = Intent::begin(app, entry).await?;
    let result = handle.log_out().await;
    intent.end(app, &result);
    Ok(result?)
}

/// Begins to remove an account. `digits` are the last four of its number, typed as a confirmation.
pub async fn remove(app: &App, grant: Grant<'_, can::RemoveAccount>, digits: &str) -> Result<(), OpError> {
    let id = grant.account();
    let entry = app.live.accounts.get(id).ok_or(OpError::NotFound)?;
    if entry.account.wanted == DesiredState::Removed {
        return Err(OpError::Refused(ErrorCode::AlreadyBeingRemoved));
    }
    if !ends_with(&entry.account, digits) {
        return Err(OpError::invalid("digits", ErrorCode::DigitsWrong));
    }
    let now = app.clock.now();
    app.write_with(async |tx| -> Result<Written<()>, OpError> {
        Ok(begin(tx, grant.actor(), id, now).await?.with(()))
    })
    .await?;
    tracing::info!(account = %id, actor = %grant.actor(), "account is being removed");
    announce(app, id);
    Ok(())
}

/// Begins to remove an account, within a transaction; [`announce`] follows the commit.
pub(in crate::ops) async fn begin(
    tx: &mut Tx<'_>,
    actor: &Principal,
    id: AccountId,
    now: Millis,
) -> Result<Recorded, OpError> {
    let event = AuditEvent::DesiredStateSet { wanted: DesiredState::Removed };
    let entry = AuditEntry::done(now, actor, event).about(id);
    let job = JobRecord {
        id: JobId::generate(),
        kind: JobKind::RemoveAccount,
        args: id.to_string(),
        cursor: Some(RemoveStep::LogOut.name().to_owned()),
        state: JobState::Waiting,
        attempts: 0,
        not_before: now,
        error: None,
        actor: actor.to_string(),
        created: now,
    };
    accounts::set_wanted(tx, id, DesiredState::Removed).await?;
    store::jobs::insert(tx, &job).await?;
    let mut recorded = tx.record(&entry).await?;
    // Nothing could come of them any more.
    for person in store::invites::revoke_for(tx, id).await? {
        let event = AuditEvent::InviteRevoked { person };
        recorded = tx.record(&AuditEntry { event, ..entry.clone() }).await?;
    }
    Ok(recorded)
}

pub(in crate::ops) fn announce(app: &App, id: AccountId) {
    app.live.accounts.put_wanted(id, DesiredState::Removed);
    app.live.events.publish(Change::Invites);
    app.live.jobs.wake();
}

fn ends_with(account: &Account, digits: &str) -> bool {
    let digits = digits.trim();
    let of_account = account.identifier.digits();
    // The id of an old bot may be shorter.
    digits.len() == of_account.len().min(4) && of_account.ends_with(digits)
}

/// Resumes a removal that waits for its next attempt or has failed.
pub async fn retry(app: &App, grant: Grant<'_, can::RemoveAccount>) -> Result<(), OpError> {
    change_job(app, grant, AuditEvent::RemovalRetried, None).await
}

/// Resumes a removal without ending the session at Telegram, for when Telegram can't be reached.
pub async fn without_log_out(app: &App, grant: Grant<'_, can::RemoveAccount>) -> Result<(), OpError> {
    change_job(app, grant, AuditEvent::LogOutSkipped, Some(RemoveStep::LogOut)).await
}

/// Resumes the removal of an account now, after the step `past` if that is the current one.
async fn change_job(
    app: &App,
    grant: Grant<'_, can::RemoveAccount>,
    event: AuditEvent,
    past: Option<RemoveStep>,
) -> Result<(), OpError> {
    let id = grant.account();
    let now = app.clock.now();
    let entry = AuditEntry::done(now, grant.actor(), event).about(id);
    let is_there = app
        .write_with(async |tx| -> Result<Written<bool>, StoreError> {
            let job = store::jobs::about(tx, JobKind::RemoveAccount, &id.to_string()).await?;
            let Some(job) = job.filter(|job| job.state != JobState::Done) else {
                return Ok(Written::unchanged(false));
            };
            store::jobs::retry(tx, job.id, now).await?;
            if let Some(past) = past.filter(|past| job.cursor.as_deref() == Some(past.name())) {
                store::jobs::advance(tx, job.id, past.next_cursor()).await?;
            }
            Ok(tx.record(&entry).await?.with(true))
        })
        .await?;
    if !is_there {
        return Err(OpError::Refused(ErrorCode::NotBeingRemoved));
    }
    app.live.jobs.wake();
    Ok(())
}

/// Ends the session, if there still is one.
pub(crate) async fn log_out_for_good(
    app: &App,
    entry: &Entry,
    attempts: i64,
) -> Result<StepOutcome, StoreError> {
    let id = entry.account.id;
    if !folder::exists(&app.config.storage.accounts_dir, &entry.account) {
        return Ok(StepOutcome::Done);
    }
    if app.hub.account(id).is_none() && accounts::start(app, &entry.account).is_err() {
        // The session's files can't be decrypted, so only another device can end the session.
        return record_no_log_out(app, id).await;
    }
    let snapshot = settled(app, id).await;
    let stage = snapshot.as_ref().map(|snapshot| &snapshot.stage);
    match stage {
        Some(Stage::SignedOut | Stage::Ended(_)) => Ok(StepOutcome::Done),
        Some(Stage::Failed(_) | Stage::Quarantined) => record_no_log_out(app, id).await,
        Some(stage) if stage.can_log_out() => {
            let Some(handle) = app.hub.account(id) else {
                return Ok(StepOutcome::Later("The client does not run.".into()));
            };
            let event = AuditEvent::SessionLoggedOut;
            let entry = AuditEntry::intent(app.clock.now(), &ACTOR, event).about(id);
            let intent = Intent::begin(app, entry).await?;
            let result = handle.log_out().await;
            intent.end(app, &result);
            Ok(if result.is_ok() { StepOutcome::Done } else { not_confirmed(snapshot.as_ref(), attempts) })
        }
        _ => Ok(not_confirmed(snapshot.as_ref(), attempts)),
    }
}

/// What to do if Telegram did not confirm the end of the session.
fn not_confirmed(snapshot: Option<&Snapshot>, attempts: i64) -> StepOutcome {
    let in_touch = snapshot.is_some_and(|snapshot| snapshot.network == Network::Ready);
    if in_touch && attempts >= ENOUGH - 1 {
        return StepOutcome::Done;
    }
    StepOutcome::Later("Telegram has not confirmed yet that the session is over; it is asked again.".into())
}

/// Records that the session could not be ended from here.
async fn record_no_log_out(app: &App, id: AccountId) -> Result<StepOutcome, StoreError> {
    let event = AuditEvent::SessionLoggedOut;
    let intent = Intent::begin(app, AuditEntry::intent(app.clock.now(), &ACTOR, event).about(id)).await?;
    intent.end(app, &Err::<(), ()>(()));
    Ok(StepOutcome::Done)
}

/// The account's snapshot once its stage is no longer transient, or after [`SETTLES`] the present one. None if there
/// is no such account.
pub(in crate::ops) async fn settled(app: &App, id: AccountId) -> Option<Snapshot> {
    let mut changes = app.live.events.subscribe();
    let end = Instant::now() + SETTLES;
    loop {
        let snapshot = app.live.accounts.get(id)?.snapshot.clone();
        if !snapshot.stage.is_passing() {
            return Some(snapshot);
        }
        let changed = changes.wait_for(|change| change == Change::Account(id));
        if tokio::time::timeout_at(end, changed).await.is_err() {
            return Some(snapshot);
        }
    }
}

/// Stops the client and removes every file of the account.
pub(crate) async fn destroy(app: &App, account: &Account) -> Result<StepOutcome, StoreError> {
    app.hub.disconnect(account.id).await;
    if !folder::exists(&app.config.storage.accounts_dir, account) {
        return Ok(StepOutcome::Done);
    }
    let entry = AuditEntry::intent(app.clock.now(), &ACTOR, AuditEvent::FolderDestroyed).about(account.id);
    let intent = Intent::begin(app, entry).await?;
    let destroyed = folder::destroy(&app.config.storage.accounts_dir, account);
    intent.end(app, &destroyed);
    Ok(match destroyed {
        Ok(()) => StepOutcome::Done,
        Err(error) => {
            tracing::error!(account = %account.id, %error, "a folder can't be removed");
            StepOutcome::Later(
                "The account's folder can't be removed from the disk; the log says why.".into(),
            )
        }
    })
}

/// The last step, in one transaction: delete the secrets, turn the row into a tombstone, finish the job.
pub(crate) async fn forget(app: &App, job: &JobRecord, id: AccountId) -> Result<StepOutcome, StoreError> {
    let now = app.clock.now();
    let entry = AuditEntry::done(now, &ACTOR, AuditEvent::AccountRemoved).about(id);
    app.write(&entry, async |tx| -> Result<(), StoreError> {
        for purpose in SECRETS {
            store::secrets::delete(tx, purpose, &id.to_string()).await?;
        }
        store::account_states::remove(tx, id).await?;
        store::account_pictures::remove(tx, id).await?;
        store::account_devices::remove(tx, id).await?;
        store::accounts::tombstone(tx, id, now).await?;
        store::jobs::advance(tx, job.id, None).await
    })
    .await?;
    tracing::info!(account = %id, "account removed");
    app.live.accounts.remove(id);
    app.live.last_known.remove(id);
    app.live.devices.remove(id);
    Ok(StepOutcome::Committed)
}
