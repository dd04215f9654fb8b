//! Showing a login code: the one thing here that lets a person into an account from elsewhere.
//!
//! A reason is asked for, and the audit entry is committed before the code leaves this module. A code is shown
//! while it is young; an old one is not, since Telegram no longer takes it. A person who expects
//! a code can wait for it instead: that is bound to the person and the account, lasts five minutes and gives one code,
//! the first that is received after it began. Rights are decided at the moment the code is given, and so is whether
//! another person has to approve and has done so: see [`approvals`].

use crate::domain::access::{self, Grant, Principal};
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::error::ErrorCode;
use crate::domain::privilege::can;
use crate::domain::{AccountId, Millis, Secret, login_code};
use crate::live::guards::PendingReveal;
use crate::ops::{App, OpError, approvals};
use crate::store::Written;

/// Seconds that an armed reveal waits.
pub const ARMED_LIFE: i64 = 5 * 60;

/// A code that may be shown, once.
#[derive(Debug)]
pub struct Revealed {
    /// The code, with its leading zeros.
    pub code: Secret,
    /// When Telegram sent it.
    pub sent: Millis,
}

/// Shows the newest login code that came to the account.
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

/// Arms a reveal for the acting person; an earlier one of the same person and account is replaced. An approval that it
/// takes is used once the code is shown. Says until when it waits.
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

/// How an armed reveal stands.
#[derive(Debug)]
pub enum CodeWait {
    /// No code yet; it waits until then.
    Waiting(Millis),
    /// The code. The reveal is spent.
    Came(Revealed),
    /// Nothing is armed (any more), or the right is gone.
    Over,
}

/// Gives the code that the actor waits for if it was received, and if they still may see it.
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
    // Telegram's times have whole seconds, so a code of the second of arming counts.
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

/// The newest message with a code in it that was sent at `from` or later.
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

/// Records that the code is shown, before it is. Whether it may be shown is decided in the same transaction, and an
/// approval that it needs is used up.
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
