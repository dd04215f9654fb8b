//! Changing the two-step password at Telegram.
//!
//! The password before and the one after are stored, sealed, before Telegram is asked, and stay until it is known which
//! one opens the account: neither a crash nor a lost answer loses a password.

use super::{LONGEST, settle};
use crate::crypto::{self, Purpose};
use crate::domain::access::Grant;
use crate::domain::audit::{AuditEntry, AuditEvent, Outcome};
use crate::domain::error::{ErrorCode, TwoStepFault};
use crate::domain::privilege::can;
use crate::domain::refusal::{KnownRefusal, LoginRefusal};
use crate::domain::two_step::TwoStepRequest;
use crate::domain::{AccountId, Secret, Stage};
use crate::live::events::Change;
use crate::ops::audit::queue::Intent;
use crate::ops::{App, Applied, OpError, accounts, login};
use crate::store::{self, StoreError, Tx, Written};
use crate::telegram::{AccountHandle, AnswerError};

/// The longest hint, in characters.
const MAX_HINT: usize = 255;

/// The new password of an account.
#[derive(Debug)]
pub enum NewPassword {
    /// A random one.
    Generated,
    Typed(Secret),
    /// None from now on.
    None,
}

#[derive(Debug)]
pub struct TwoStepChange {
    /// The password before; without it the stored one counts.
    pub before: Option<Secret>,
    pub after: NewPassword,
    pub hint: String,
}

/// Changes the password at Telegram, and stores the new one.
pub async fn change(
    app: &App,
    grant: Grant<'_, can::EditTwoFactorPassword>,
    wanted: TwoStepChange,
) -> Result<(), OpError> {
    let id = grant.account();
    let after = new_password(&wanted)?;
    let handle = ready(app, id)?;
    let alone = app.guards.two_step.begin(id).ok_or(AnswerError::Busy)?;
    let attempt =
        AuditEntry::intent(app.clock.now(), grant.actor(), AuditEvent::TwoStepPasswordChanged).about(id);
    login::count_change(app, &attempt, id)?;
    let (before, is_stored, intent) = prepare(app, id, wanted.before.as_ref(), &after, attempt).await?;
    let request = TwoStepRequest::Change { before, after: after.clone(), hint: wanted.hint };
    let result = handle.two_step(request).await.map(drop);
    finish(app, id, (after, is_stored), intent, &result).await;
    // Before the event: the task that finds out which password is valid must not find the account busy.
    drop(alone);
    app.live.events.publish(Change::StoredPassword(id));
    result.map_err(refusal_of)
}

fn new_password(wanted: &TwoStepChange) -> Result<Secret, OpError> {
    let password = match &wanted.after {
        NewPassword::Generated => {
            crypto::new_password().map_err(|error| OpError::Internal(anyhow::Error::from(error)))?
        }
        NewPassword::Typed(password) if password.is_empty() => {
            return Err(OpError::invalid("password", ErrorCode::PasswordMissing));
        }
        NewPassword::Typed(password) => password.clone(),
        NewPassword::None => Secret::empty(),
    };
    if password.expose().len() > LONGEST || password.expose().chars().any(char::is_control) {
        return Err(OpError::invalid("password", ErrorCode::PasswordForm));
    }
    if wanted.hint.chars().count() > MAX_HINT {
        return Err(wrong("hint", TwoStepFault::HintTooLong { max: MAX_HINT }));
    }
    if !password.is_empty() && wanted.hint.contains(password.expose()) {
        return Err(wrong("hint", TwoStepFault::HintTells));
    }
    Ok(password)
}

pub(super) fn wrong(field: &'static str, fault: TwoStepFault) -> OpError {
    OpError::invalid(field, ErrorCode::TwoStep { fault })
}

pub(super) fn refused(fault: TwoStepFault) -> OpError {
    OpError::Refused(ErrorCode::TwoStep { fault })
}

/// The client of an account that is logged in.
pub(super) fn ready(app: &App, id: AccountId) -> Result<AccountHandle, OpError> {
    let entry = app.live.accounts.get(id).ok_or(OpError::NotFound)?;
    accounts::phone_of(&entry.account)?;
    let handle = app.hub.account(id).filter(|_| entry.snapshot.stage == Stage::Ready);
    handle.ok_or_else(|| refused(TwoStepFault::NotReady))
}

/// The password before, whether that is the stored one, and the intent.
type Prepared = (Secret, bool, Intent);

async fn prepare(
    app: &App,
    id: AccountId,
    typed: Option<&Secret>,
    after: &Secret,
    attempt: AuditEntry,
) -> Result<Prepared, OpError> {
    let (row, now) = (id.to_string(), app.clock.now());
    app.write_with(async |tx| -> Result<Written<Applied<Prepared, OpError>>, OpError> {
        let rejected = |error| Ok(Written::unchanged(Applied::Rejected(error)));
        if store::secrets::fact(tx, Purpose::TwoStepAfter, &row).await?.is_some() {
            return rejected(refused(TwoStepFault::Unsettled));
        }
        let stored = store::secrets::get(tx, &app.keys, Purpose::TwoStepPassword, &row).await;
        let (before, is_stored) = match (typed, stored) {
            (Some(typed), _) => (typed.clone(), false),
            (None, Ok(Some((_, stored)))) => (stored, true),
            (None, Ok(None)) => (Secret::empty(), false),
            (None, Err(StoreError::Corrupt(_))) => {
                return rejected(OpError::Refused(ErrorCode::PasswordUnreadable));
            }
            (None, Err(error)) => return Err(error.into()),
        };
        if before == *after {
            return rejected(wrong("password", TwoStepFault::Unchanged));
        }
        store::secrets::put(tx, &app.keys, Purpose::TwoStepBefore, &row, &before, now).await?;
        store::secrets::put(tx, &app.keys, Purpose::TwoStepAfter, &row, after, now).await?;
        let recorded = tx.record(&attempt).await?;
        let intent = Intent::of(&recorded, attempt.clone());
        Ok(recorded.with(Applied::Done((before, is_stored, intent))))
    })
    .await?
    .into_result()
}

/// Stores what follows from the answer together with the outcome. If that fails, both passwords stay until it is found out
/// which one is valid.
async fn finish(
    app: &App,
    id: AccountId,
    (after, is_stored): (Secret, bool),
    intent: Intent,
    result: &Result<(), AnswerError>,
) {
    let (now, row) = (app.clock.now(), id.to_string());
    let outcome = match result {
        Ok(()) => Outcome::Done,
        Err(AnswerError::Refused(why)) if why.is_certain() => Outcome::Failed,
        Err(AnswerError::Refused(_) | AnswerError::Away) => Outcome::Unknown,
        Err(AnswerError::Stale | AnswerError::Busy | AnswerError::NotNow | AnswerError::NotRunning) => {
            Outcome::NotSent
        }
    };
    let is_wrong = is_stored && result.as_ref().is_err_and(is_wrong_password);
    let entry = intent.ended(now, outcome);
    let stored = app
        .write(&entry, async |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            match outcome {
                Outcome::Done => settle::keep_new(app, tx, &row, &after, now).await,
                Outcome::Failed | Outcome::NotSent => {
                    if is_wrong {
                        settle::mark_stored_as_wrong(tx, &row, now).await?;
                    }
                    settle::forget_both(tx, &row).await
                }
                Outcome::Unknown | Outcome::Intent => Ok(()),
            }
        })
        .await;
    if let Err(error) = stored {
        tracing::warn!(account = %id, %error, "the outcome of a changed password is stored later");
        app.audit_queue.put(entry);
    }
}

/// Whether Telegram says that the password before is another one.
pub(super) fn is_wrong_password(error: &AnswerError) -> bool {
    *error == AnswerError::Refused(LoginRefusal::Known { name: KnownRefusal::PasswordInvalid })
}

pub(super) fn refusal_of(error: AnswerError) -> OpError {
    match error {
        error if is_wrong_password(&error) => wrong("before", TwoStepFault::CurrentWrong),
        AnswerError::Away => refused(TwoStepFault::Unknown),
        AnswerError::Refused(why) if !why.is_certain() => refused(TwoStepFault::Unknown),
        AnswerError::NotNow | AnswerError::NotRunning => refused(TwoStepFault::NotReady),
        error => error.into(),
    }
}
