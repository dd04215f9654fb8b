//! Logging a device in to an account by the QR code that the device shows. The account's session confirms it at Telegram,
//! so no one sees a login code.
//!
//! It is worth as much as a login code, so the same is required as for showing one: a reason, an approval and a confirmed
//! identity where the account's groups require them, decided in the transaction that records the intent. An approval is
//! consumed before Telegram is asked. It becomes valid again only if Telegram certainly logged no device in: a QR code
//! lives for half a minute, and is often too old. The picture and the token are neither stored nor recorded; which device
//! came in is.

use crate::domain::access::{Grant, Principal};
use crate::domain::audit::{AuditEntry, AuditEvent, Outcome};
use crate::domain::device_login::TRIES_PER_HOUR;
use crate::domain::error::ErrorCode;
use crate::domain::privilege::can;
use crate::domain::refusal::{KnownRefusal, LoginRefusal};
use crate::domain::reveal::DeviceLogin;
use crate::domain::{AccountId, DeviceFault, LoginLink, NewDevice, Stage};
use crate::ops::approvals::{Authorized, RevealMode};
use crate::ops::audit::failed_attempts;
use crate::ops::audit::queue::Intent;
use crate::ops::{App, OpError, accounts, approvals};
use crate::store::{self, Conn, Written};
use crate::telegram::AnswerError;

/// Permission to read the picture of a QR code: what follows may be refused, but not for a reason that was known before.
#[derive(Debug)]
pub struct MayBegin(());

/// Checks everything that does not need the QR code, and counts the attempt.
pub async fn begin(
    app: &App,
    grant: &Grant<'_, can::Login>,
    reason: &str,
    mode: RevealMode,
) -> Result<MayBegin, OpError> {
    let (actor, account) = (grant.actor(), grant.account());
    let authorized = {
        let conn = &mut app.db.read().await?;
        approvals::check::<DeviceLogin>(app, conn, actor, account, reason, mode).await?
    };
    let entry = app.live.accounts.get(account).ok_or(OpError::NotFound)?;
    accounts::phone_of(&entry.account)?;
    let stage = &entry.snapshot.stage;
    match () {
        () if *stage == Stage::Ready => {}
        () if *stage == Stage::Disconnected => return refused(DeviceFault::Disconnected),
        () if stage.is_starting() => return Err(OpError::Telegram(ErrorCode::TelegramUnreachable)),
        () => return refused(DeviceFault::NotLoggedIn),
    }
    let (now, key) = (app.clock.now(), format!("{account} {actor}"));
    if !app.guards.device_logins.admit(TRIES_PER_HOUR, &key, now) {
        let attempt = AuditEntry::intent(now, actor, event(&authorized, None)).about(account);
        failed_attempts::note(app, &actor.to_string(), attempt);
        return Err(OpError::TooOften(DeviceFault::TooOften.into()));
    }
    Ok(MayBegin(()))
}

/// Logs the device in that shows the QR code with this link. Returns the number of the audit entry that says which one.
pub async fn log_in(
    app: &App,
    _may: MayBegin,
    grant: Grant<'_, can::Login>,
    link: LoginLink,
    reason: &str,
    mode: RevealMode,
) -> Result<i64, OpError> {
    let account = grant.account();
    let handle = app.hub.account(account).ok_or_else(|| fault(AnswerError::NotRunning))?;
    let (intent, authorized) = record_intent(app, grant.actor(), account, reason, mode).await?;
    let answer = handle.log_device_in(link).await;
    let seq = record_outcome(app, intent, &authorized, &answer).await;
    if authorized.approval.is_some() || authorized.emergency {
        approvals::view::changed(app).await;
    }
    match answer {
        Ok(_) => Ok(seq),
        Err(error) => Err(fault(error)),
    }
}

fn event(authorized: &Authorized, new: Option<NewDevice>) -> AuditEvent {
    match authorized.emergency {
        true => AuditEvent::EmergencyDeviceLoggedIn { new },
        false => AuditEvent::DeviceLoggedIn { approved_by: authorized.approved_by(), new },
    }
}

/// Records that a device is about to be logged in. The same transaction checks whether it may be, and consumes the
/// approval if one is needed.
async fn record_intent(
    app: &App,
    actor: &Principal,
    account: AccountId,
    reason: &str,
    mode: RevealMode,
) -> Result<(Intent, Authorized), OpError> {
    app.write_with(async |tx| -> Result<Written<(Intent, Authorized)>, OpError> {
        let authorized = approvals::consume::<DeviceLogin>(app, tx, actor, account, reason, mode).await?;
        let entry = AuditEntry::intent(app.clock.now(), actor, event(&authorized, None)).about(account);
        let entry = entry.because(authorized.reason.as_str());
        let recorded = tx.record(&entry).await?;
        let intent = Intent::of(&recorded, entry);
        Ok(recorded.with((intent, authorized)))
    })
    .await
}

/// Records how it ended, and makes the approval valid again if no device was logged in. Returns the number of the entry;
/// that of the intent if the outcome can't be written yet. Then the approval stays consumed.
async fn record_outcome(
    app: &App,
    intent: Intent,
    authorized: &Authorized,
    answer: &Result<NewDevice, AnswerError>,
) -> i64 {
    let (outcome, new) = match answer {
        Ok(new) => (Outcome::Done, Some(new.clone())),
        Err(AnswerError::Refused(why)) if why.is_certain() => (Outcome::Failed, None),
        Err(AnswerError::Refused(_) | AnswerError::Away) => (Outcome::Unknown, None),
        Err(AnswerError::Stale | AnswerError::Busy | AnswerError::NotNow | AnswerError::NotRunning) => {
            (Outcome::NotSent, None)
        }
    };
    let entry = AuditEntry { event: event(authorized, new), ..intent.ended(app.clock.now(), outcome) };
    let recorded = app
        .write_with(async |tx| -> Result<Written<i64>, OpError> {
            match outcome {
                Outcome::Failed | Outcome::NotSent => approvals::give_back(app, tx, authorized).await?,
                Outcome::Done | Outcome::Intent | Outcome::Unknown => {}
            }
            let recorded = tx.record(&entry).await?;
            let seq = recorded.seq();
            Ok(recorded.with(seq))
        })
        .await;
    recorded.unwrap_or_else(|error| {
        tracing::warn!(?error, "the outcome of a device login is recorded later");
        app.audit_queue.put(entry);
        intent.seq()
    })
}

/// The device that this actor logged in to this account according to that audit entry; none if it says something else.
pub async fn logged_in(
    conn: &mut Conn<'_>,
    actor: &Principal,
    account: AccountId,
    seq: i64,
) -> Result<Option<NewDevice>, OpError> {
    let entries = store::audit::numbered(conn, &[seq]).await?;
    let is_theirs = |entry: &store::audit::Entry| {
        entry.account == Some(account) && entry.actor == actor.to_string() && entry.outcome == Outcome::Done
    };
    let event = entries.into_iter().find(is_theirs).map(|entry| entry.event());
    Ok(
        if let Some(AuditEvent::DeviceLoggedIn { new, .. } | AuditEvent::EmergencyDeviceLoggedIn { new }) =
            event
        {
            new
        } else {
            None
        },
    )
}

fn refused<T>(fault: DeviceFault) -> Result<T, OpError> {
    Err(OpError::Refused(fault.into()))
}

/// Why the device was not logged in.
fn fault(error: AnswerError) -> OpError {
    match error {
        AnswerError::NotRunning => OpError::Refused(DeviceFault::Disconnected.into()),
        AnswerError::NotNow => OpError::Refused(DeviceFault::NotLoggedIn.into()),
        AnswerError::Refused(why) => match about_the_code(&why) {
            Some(fault) => OpError::Refused(fault.into()),
            None => OpError::Telegram(ErrorCode::TelegramRefused { why }),
        },
        AnswerError::Stale | AnswerError::Busy | AnswerError::Away => error.into(),
    }
}

/// What is wrong with the QR code, if that is why Telegram refused.
fn about_the_code(why: &LoginRefusal) -> Option<DeviceFault> {
    [
        (KnownRefusal::TokenExpired, DeviceFault::Expired),
        (KnownRefusal::TokenAccepted, DeviceFault::Used),
        (KnownRefusal::TokenInvalid, DeviceFault::Unknown),
        (KnownRefusal::TokenException, DeviceFault::LoggedInAlready),
    ]
    .into_iter()
    .find_map(|(name, fault)| (*why == LoginRefusal::Known { name }).then_some(fault))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_telegram_says_about_the_code_has_its_own_sentence() {
        for (message, fault) in [
            ("AUTH_TOKEN_EXPIRED", Some(DeviceFault::Expired)),
            ("AUTH_TOKEN_ALREADY_ACCEPTED", Some(DeviceFault::Used)),
            ("AUTH_TOKEN_INVALID", Some(DeviceFault::Unknown)),
            ("AUTH_TOKEN_EXCEPTION", Some(DeviceFault::LoggedInAlready)),
            ("Too Many Requests: retry after 7", None),
            ("FROZEN_METHOD_INVALID", None),
        ] {
            assert_eq!(about_the_code(&LoginRefusal::of(400, message)), fault, "{message}");
        }
    }
}
