//! Showing a login code, with which a person can log in to an account on another device.
//!
//! A reason is required, and the audit entry is committed before the code leaves this module. Only a recent code is
//! shown, since Telegram no longer accepts old ones. A person who expects a code can wait for it instead: the wait is
//! bound to the person and the account, lasts five minutes and shows one code, the first received after it began.
//! Rights, and whether an approval is needed and given (see [`approvals`]), are checked when the code is shown.

use crate::domain::access::{self, Grant, Principal};
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::error::ErrorCode;
use crate::domain::privilege::can;
use crate::domain::{AccountId, Millis, Secret, login_code};
use crate::live::guards::PendingReveal;
use crate::ops::{App, OpError, approvals};
use crate::store::Written;

/// Seconds that a person can wait for a code.
pub const ARMED_LIFE: i64 = 5 * 60;

/// A code that may be shown, once.
#[derive(Debug)]
pub struct Revealed {
    /// The code, with its leading zeros.
    pub code: Secret,
    /// When Telegram sent it.
    pub sent: Millis,
}

/// Shows the newest login code that the account received.
pub async fn show_code(app: &App, grant: Grant<'_, can::Login>, reason: &str) -> Result<Revealed, OpError> {
    let (actor, account) = (grant.actor(), grant.account());
    approvals::check::<can::Login>(app, &mut app.db.read().await?, actor, account, reason).await?;
    let Some(revealed) = newest_code(app, account, Millis(0)).await? else {
        return Err(OpError::Refused(ErrorCode::NoLoginCode));
    };
    let now = app.clock.now();
    if login_code::is_stale(revealed.sent, now) {
        return Err(OpError::Refused(ErrorCode::LoginCodeStale {
            minutes: now.seconds_since(revealed.sent) / 60,
        }));
    }
    write_down(app, actor, account, reason).await?;
    Ok(revealed)
}

/// Starts waiting for a code; an earlier wait of the same person for the same account is replaced. If an approval is
/// needed, it is consumed when the code is shown. Returns when the wait ends.
pub async fn wait_for_code(
    app: &App,
    grant: &Grant<'_, can::Login>,
    reason: &str,
) -> Result<Millis, OpError> {
    let now = app.clock.now();
    let conn = &mut app.db.read().await?;
    let cleared = approvals::check::<can::Login>(app, conn, grant.actor(), grant.account(), reason).await?;
    let longest = now.plus_seconds(ARMED_LIFE);
    let until = cleared.approval.as_ref().map_or(longest, |approval| approval.expires.min(longest));
    let pending = PendingReveal { reason: cleared.reason, since: now, until };
    app.guards.pending_reveals.insert((grant.account(), grant.actor().to_string()), pending, now);
    Ok(until)
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
    // Telegram's timestamps are whole seconds, so a code from the second in which the wait began counts.
    let from = Millis(waiting.since.0 / 1000 * 1000);
    let Some(revealed) = newest_code(app, account, from).await? else {
        return Ok(CodeWait::Waiting(waiting.until));
    };
    // Only one of two streams removes the entry, and shows the code.
    if app.guards.pending_reveals.remove(&key).is_none() {
        return Ok(CodeWait::Over);
    }
    write_down(app, actor, account, &waiting.reason).await?;
    Ok(CodeWait::Came(revealed))
}

/// The newest message that contains a code and was sent at `from` or later.
async fn newest_code(app: &App, account: AccountId, from: Millis) -> Result<Option<Revealed>, OpError> {
    let Some(handle) = app.hub.account(account) else {
        return Err(OpError::Refused(ErrorCode::NotConnectedForCode));
    };
    let messages = handle.service_messages().await?;
    Ok(messages.into_iter().filter(|message| message.sent >= from).find_map(|message| {
        let code = Secret::new(login_code::find(message.text.expose())?);
        Some(Revealed { code, sent: message.sent })
    }))
}

/// Records that the code is shown, before it is. The same transaction checks whether it may be shown, and consumes the
/// approval if one is needed.
async fn write_down(app: &App, actor: &Principal, account: AccountId, reason: &str) -> Result<(), OpError> {
    let used = app
        .write_with(async |tx| -> Result<Written<bool>, OpError> {
            let cleared = approvals::consume::<can::Login>(app, tx, actor, account, reason).await?;
            let event = AuditEvent::LoginCodeShown { approved_by: cleared.approved_by() };
            let entry = AuditEntry::done(app.clock.now(), actor, event).about(account);
            let recorded = tx.record(&entry.because(cleared.reason.as_str())).await?;
            Ok(recorded.with(cleared.approval.is_some()))
        })
        .await?;
    if used {
        approvals::view::changed(app).await;
    }
    Ok(())
}
