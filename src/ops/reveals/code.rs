//! Showing a login code, with which a person can log in to an account on another device.
//!
//! A reason is asked for, and the audit entry is committed before the code leaves this module. Only a recent code is
//! shown, since Telegram no longer accepts an old one. A person who expects a code can wait for it instead: the wait
//! belongs to the person and the account, lasts five minutes and shows one code, which arrives after the wait began.
//! What arrived later is decided by the order in which Telegram numbered the messages, and a code's age by Telegram's
//! clock alone: this server's clock may differ. Rights are decided at the moment the code is shown, and so is whether
//! another person has to approve and has done so, and whether the person has to confirm their identity and has done so in
//! the web session that sees the code: see [`approvals`].

use crate::domain::access::{self, Grant, Principal};
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::error::ErrorCode;
use crate::domain::privilege::can;
use crate::domain::{AccountId, Millis, Secret, login_code, reveal};
use crate::live::guards::PendingReveal;
use crate::ops::approvals::RevealMode;
use crate::ops::{App, OpError, approvals, confirmation};
use crate::store::Written;
use crate::telegram::{AnswerError, LoginCode, LoginCodes};

/// Seconds that a person can wait for a code.
const LONGEST_WAIT: i64 = 5 * 60;

/// A code that may be shown, once.
#[derive(Debug)]
pub struct Revealed {
    /// The code, with its leading zeros.
    pub code: Secret,
    /// When Telegram sent it.
    pub sent: Millis,
}

impl From<&LoginCode> for Revealed {
    fn from(code: &LoginCode) -> Self {
        Self { code: code.code.clone(), sent: code.sent }
    }
}

/// Shows the newest login code that the account received.
pub async fn show_code(
    app: &App,
    grant: Grant<'_, can::Login>,
    reason: &str,
    mode: RevealMode,
) -> Result<Revealed, OpError> {
    let (actor, account) = (grant.actor(), grant.account());
    approvals::check::<reveal::LoginCode>(app, &mut app.db.read().await?, actor, account, reason, mode)
        .await?;
    let codes = login_codes(app, account).await?;
    let Some(newest) = codes.newest_first.first() else {
        // Perhaps one came while this server was not running.
        let unknown = OpError::Telegram(ErrorCode::TelegramUnreachable);
        return Err(if codes.complete { OpError::Refused(ErrorCode::NoLoginCode) } else { unknown });
    };
    if login_code::is_stale(newest.sent, codes.now) {
        return Err(OpError::Refused(ErrorCode::LoginCodeStale {
            minutes: codes.now.seconds_since(newest.sent) / 60,
        }));
    }
    record(app, actor, account, reason, mode).await?;
    Ok(Revealed::from(newest))
}

/// Starts waiting for a code; an earlier wait of the same person for the same account is replaced. If an approval is
/// needed, it is consumed when the code is shown. Returns when the wait ends.
pub async fn wait_for_code(
    app: &App,
    grant: &Grant<'_, can::Login>,
    reason: &str,
    mode: RevealMode,
) -> Result<Millis, OpError> {
    let authorized = {
        let conn = &mut app.db.read().await?;
        approvals::check::<reveal::LoginCode>(app, conn, grant.actor(), grant.account(), reason, mode).await?
    };
    let codes = login_codes(app, grant.account()).await?;
    let after = codes.newest_first.first().map_or(0, |newest| newest.id);
    // Where older codes may be missing, a message that is read later is not taken for a new one.
    let from = if codes.complete { Millis(0) } else { Millis(codes.now.0 / 1000 * 1000) };
    let now = app.clock.now();
    let approval = authorized.approval.as_ref().map(|approval| approval.expires);
    let until = waits_until(now, approval.into_iter().chain(authorized.confirmed.until()));
    let pending =
        PendingReveal { reason: authorized.reason, after, from, until, emergency: authorized.emergency };
    app.guards.pending_reveals.insert((grant.account(), grant.actor().to_string()), pending, now);
    Ok(until)
}

/// No longer than what it takes: an approval, a confirmation.
fn waits_until(now: Millis, ends: impl Iterator<Item = Millis>) -> Millis {
    ends.fold(now.plus_seconds(LONGEST_WAIT), Millis::min)
}

/// The state of a wait for a code.
#[derive(Debug)]
pub enum CodeWait {
    /// No code yet; the wait lasts until then.
    Waiting(Millis),
    /// The code. The wait is over.
    Came(Revealed),
    /// There is no wait (any more), or the person has lost the right.
    Over,
}

/// Returns the code that the actor waits for, if it was received and they still may see it.
pub async fn poll_code(app: &App, actor: &Principal, account: AccountId) -> Result<CodeWait, OpError> {
    let key = (account, actor.to_string());
    let now = app.clock.now();
    let Some(waiting) = app.guards.pending_reveals.get(&key).filter(|waiting| waiting.until > now) else {
        return Ok(CodeWait::Over);
    };
    let entry = app.live.accounts.get(account).ok_or(OpError::NotFound)?;
    if access::decide::<can::Login>(&app.live.policy.current(), actor, &entry.account).is_err() {
        app.guards.pending_reveals.remove(&key);
        return Ok(CodeWait::Over);
    }
    let codes = match app.hub.account(account) {
        Some(handle) => handle.login_codes().await,
        None => Err(AnswerError::NotRunning),
    };
    let codes = match codes {
        Ok(codes) => codes,
        // A client that is being restarted goes on receiving codes.
        Err(AnswerError::Away | AnswerError::Busy) => return Ok(CodeWait::Waiting(waiting.until)),
        Err(error) => return Err(no_codes(error)),
    };
    let is_next = |code: &&LoginCode| {
        code.id > waiting.after && code.sent >= waiting.from && !login_code::is_stale(code.sent, codes.now)
    };
    let Some(revealed) = codes.newest_first.iter().find(is_next).map(Revealed::from) else {
        return Ok(CodeWait::Waiting(waiting.until));
    };
    // A session without a confirmation must not end the wait of one that has it.
    confirmation::check(app, &mut app.db.read().await?, actor, account).await?;
    // Only one of two streams removes the entry, and shows the code.
    if app.guards.pending_reveals.remove(&key).is_none() {
        return Ok(CodeWait::Over);
    }
    let mode = if waiting.emergency { RevealMode::Emergency } else { RevealMode::Normal };
    record(app, actor, account, &waiting.reason, mode).await?;
    Ok(CodeWait::Came(revealed))
}

async fn login_codes(app: &App, account: AccountId) -> Result<LoginCodes, OpError> {
    let handle = app.hub.account(account).ok_or_else(|| no_codes(AnswerError::NotRunning))?;
    handle.login_codes().await.map_err(no_codes)
}

/// Why an account's codes can't be looked at.
fn no_codes(error: AnswerError) -> OpError {
    match error {
        AnswerError::NotRunning => OpError::Refused(ErrorCode::NotConnectedForCode),
        AnswerError::NotNow => OpError::Refused(ErrorCode::NotLoggedInForCode),
        AnswerError::Stale | AnswerError::Busy | AnswerError::Refused(_) | AnswerError::Away => error.into(),
    }
}

/// Records that the code is shown, before it is. The same transaction checks whether it may be shown, and consumes the
/// approval if one is needed.
async fn record(
    app: &App,
    actor: &Principal,
    account: AccountId,
    reason: &str,
    mode: RevealMode,
) -> Result<(), OpError> {
    let concerns_approvers = app
        .write_with(async |tx| -> Result<Written<bool>, OpError> {
            let authorized =
                approvals::consume::<reveal::LoginCode>(app, tx, actor, account, reason, mode).await?;
            let event = match authorized.emergency {
                true => AuditEvent::EmergencyCodeShown,
                false => AuditEvent::LoginCodeShown { approved_by: authorized.approved_by() },
            };
            let entry = AuditEntry::done(app.clock.now(), actor, event).about(account);
            let recorded = tx.record(&entry.because(authorized.reason.as_str())).await?;
            Ok(recorded.with(authorized.approval.is_some() || authorized.emergency))
        })
        .await?;
    if concerns_approvers {
        approvals::view::changed(app).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_awaited_no_longer_than_what_it_takes_lasts() {
        let now = Millis(1_000_000);
        for (ends, until) in
            [(vec![], 300), (vec![600], 300), (vec![120], 120), (vec![600, 60], 60), (vec![30, 60], 30)]
        {
            let ends = ends.into_iter().map(|seconds| now.plus_seconds(seconds));
            assert_eq!(waits_until(now, ends), now.plus_seconds(until));
        }
    }
}
