//! What Telegram says of an account's two-step password, and its recovery address.

use super::change::{is_wrong_password, ready, refusal_of, wrong};
use super::settle;
use crate::crypto::Purpose;
use crate::domain::access::Grant;
use crate::domain::audit::{AuditEntry, AuditEvent, Outcome};
use crate::domain::error::{ErrorCode, TwoStepFault};
use crate::domain::privilege::can;
use crate::domain::two_step::{TwoStepRequest, TwoStepState};
use crate::domain::{AccountId, Email, Secret};
use crate::live::events::Change;
use crate::ops::audit::queue::Intent;
use crate::ops::{App, OpError, login};
use crate::store::{self, Tx, Written};
use crate::telegram::AnswerError;

/// What Telegram says of it now.
pub async fn state(
    app: &App,
    grant: &Grant<'_, can::EditTwoFactorPassword>,
) -> Result<TwoStepState, OpError> {
    ready(app, grant.account())?.two_step(TwoStepRequest::State).await.map_err(refusal_of)
}

/// Whether the stored password opens the account.
pub async fn check_stored(app: &App, grant: Grant<'_, can::EditTwoFactorPassword>) -> Result<bool, OpError> {
    let id = grant.account();
    let handle = ready(app, id)?;
    let alone = app.guards.two_step.begin(id).ok_or(AnswerError::Busy)?;
    let event = AuditEvent::TwoStepPasswordChecked;
    let attempt = AuditEntry::intent(app.clock.now(), grant.actor(), event).about(id);
    login::count_change(app, &attempt, id)?;
    let (intent, password) = begin(app, id, attempt).await?;
    let result = handle.two_step(TwoStepRequest::Check(password)).await;
    let opens = match &result {
        Ok(state) => Some(state.has_password),
        Err(error) if is_wrong_password(error) => Some(false),
        Err(_) => None,
    };
    let (now, row) = (app.clock.now(), id.to_string());
    let outcome = match (opens, &result) {
        (Some(true), _) => Outcome::Done,
        (Some(false), _) | (None, Err(AnswerError::Refused(_))) => Outcome::Failed,
        (None, _) => Outcome::Unknown,
    };
    let entry = intent.ended(now, outcome);
    app.write(&entry, async |tx: &mut Tx<'_>| match opens {
        Some(true) => store::secrets::mark_valid(tx, Purpose::TwoStepPassword, &row).await,
        Some(false) => settle::mark_stored_as_wrong(tx, &row, now).await,
        None => Ok(()),
    })
    .await?;
    drop(alone);
    app.live.events.publish(Change::StoredPassword(id));
    match (opens, result) {
        (Some(opens), _) => Ok(opens),
        (None, Err(error)) => Err(refusal_of(error)),
        (None, Ok(_)) => Ok(false),
    }
}

/// The stored password, and the intent.
async fn begin(app: &App, id: AccountId, attempt: AuditEntry) -> Result<(Intent, Secret), OpError> {
    app.write_with(async |tx| -> Result<Written<(Intent, Secret)>, OpError> {
        let stored = store::secrets::get(tx, &app.keys, Purpose::TwoStepPassword, &id.to_string()).await?;
        let (_, password) = stored.ok_or(OpError::Refused(ErrorCode::PasswordNotStored))?;
        let recorded = tx.record(&attempt).await?;
        let intent = Intent::of(&recorded, attempt.clone());
        Ok(recorded.with((intent, password)))
    })
    .await
}

/// Sets the address that codes for recovering the password go to. Telegram sends a code there first. Without `password`,
/// the stored one is used.
pub async fn set_recovery_email(
    app: &App,
    grant: Grant<'_, can::EditTwoFactorPassword>,
    password: Option<Secret>,
    email: Email,
) -> Result<(), OpError> {
    let id = grant.account();
    let event = AuditEvent::RecoveryEmailSet { email: email.clone() };
    let password = match password {
        Some(password) => password,
        None => stored(app, id).await?.ok_or_else(|| wrong("before", TwoStepFault::CurrentMissing))?,
    };
    ask(app, &grant, event, TwoStepRequest::SetRecoveryEmail { password, email }).await
}

async fn stored(app: &App, id: AccountId) -> Result<Option<Secret>, OpError> {
    let conn = &mut app.db.read().await?;
    let stored = store::secrets::get(conn, &app.keys, Purpose::TwoStepPassword, &id.to_string()).await?;
    Ok(stored.map(|(_, password)| password))
}

/// Confirms the new recovery address with the code that was sent there.
pub async fn confirm_recovery_email(
    app: &App,
    grant: Grant<'_, can::EditTwoFactorPassword>,
    code: Secret,
) -> Result<(), OpError> {
    if code.is_empty() {
        return Err(OpError::invalid("code", ErrorCode::EmailCodeMissing));
    }
    ask(app, &grant, AuditEvent::RecoveryEmailConfirmed, TwoStepRequest::ConfirmRecoveryEmail(code)).await
}

/// Gives a recovery address up that was not confirmed yet.
pub async fn cancel_recovery_email(
    app: &App,
    grant: Grant<'_, can::EditTwoFactorPassword>,
) -> Result<(), OpError> {
    ask(app, &grant, AuditEvent::RecoveryEmailCancelled, TwoStepRequest::CancelRecoveryEmail).await
}

/// Keeps the password, of which a person without it has asked Telegram to remove it.
pub async fn cancel_reset(app: &App, grant: Grant<'_, can::EditTwoFactorPassword>) -> Result<(), OpError> {
    ask(app, &grant, AuditEvent::PasswordResetCancelled, TwoStepRequest::CancelReset).await
}

/// Makes a request that is recorded before, and its outcome after.
async fn ask(
    app: &App,
    grant: &Grant<'_, can::EditTwoFactorPassword>,
    event: AuditEvent,
    request: TwoStepRequest,
) -> Result<(), OpError> {
    let id = grant.account();
    let handle = ready(app, id)?;
    let alone = app.guards.two_step.begin(id).ok_or(AnswerError::Busy)?;
    let attempt = AuditEntry::intent(app.clock.now(), grant.actor(), event).about(id);
    login::count_change(app, &attempt, id)?;
    let intent = Intent::begin(app, attempt).await?;
    let result = handle.two_step(request).await.map(drop);
    intent.end_at_telegram(app, &result).await;
    drop(alone);
    app.live.events.publish(Change::StoredPassword(id));
    result.map_err(email_refusal)
}

fn email_refusal(error: AnswerError) -> OpError {
    use crate::domain::Input;
    match &error {
        AnswerError::Refused(why) if why.is_about(Input::EmailAddress) => {
            wrong("email", TwoStepFault::EmailWrong)
        }
        AnswerError::Refused(why) if why.is_about(Input::RecoveryCode) => {
            wrong("code", TwoStepFault::EmailCodeWrong)
        }
        _ => refusal_of(error),
    }
}
