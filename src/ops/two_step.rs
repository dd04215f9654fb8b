//! Stored two-step passwords: kept sealed, and submitted to Telegram when a login waits for one.
//!
//! Each value is submitted once, and whether Telegram accepted it is stored. Until that is known, and forever if it was
//! rejected, it is not submitted again, not even after a restart: repeating a wrong password locks an account.

mod at_telegram;
mod change;
mod settle;

pub use at_telegram::{
    cancel_recovery_email, cancel_reset, check_stored, confirm_recovery_email, set_recovery_email, state,
};
pub use change::{NewPassword, TwoStepChange, change};
pub use settle::run as settle_unfinished;

use std::collections::HashMap;
use std::sync::Arc;

use crate::crypto::Purpose;
use crate::domain::access::{Grant, Principal};
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::error::ErrorCode;
use crate::domain::privilege::can;
use crate::domain::stage::LoginInput;
use crate::domain::{AccountId, DesiredState, Input, Millis, Secret, Stage, StageToken};
use crate::live::accounts::Entry;
use crate::live::events::Change;
use crate::ops::audit::queue::Intent;
use crate::ops::{App, OpError, accounts};
use crate::store::{self, StoreError, Written};
use crate::telegram::AnswerError;

/// The longest password, in bytes.
const LONGEST: usize = 1024;

/// Stores the account's two-step password, in place of the one before. Telegram is not told. `seen` says when the
/// password was stored that the form was made from, 0 if there was none: another one is not replaced unseen.
pub async fn store_password(
    app: &App,
    grant: Grant<'_, can::EditTwoFactorPassword>,
    password: &Secret,
    seen: Option<Millis>,
) -> Result<(), OpError> {
    if password.is_empty() {
        return Err(OpError::invalid("password", ErrorCode::PasswordMissing));
    }
    if password.expose().len() > LONGEST || password.expose().chars().any(char::is_control) {
        return Err(OpError::invalid("password", ErrorCode::PasswordForm));
    }
    let id = grant.account();
    refuse_bot(app, id)?;
    let now = app.clock.now();
    let entry = AuditEntry::done(now, grant.actor(), AuditEvent::TwoStepPasswordStored).about(id);
    app.write(&entry, async |tx| -> Result<(), OpError> {
        refuse_if_replaced(tx, id, seen).await?;
        let purpose = Purpose::TwoStepPassword;
        store::secrets::put(tx, &app.keys, purpose, &id.to_string(), password, now).await?;
        Ok(())
    })
    .await?;
    app.live.events.publish(Change::StoredPassword(id));
    Ok(())
}

fn refuse_bot(app: &App, account: AccountId) -> Result<(), OpError> {
    let entry = app.live.accounts.get(account).ok_or(OpError::NotFound)?;
    accounts::phone_of(&entry.account).map(drop)
}

async fn refuse_if_replaced(
    conn: &mut store::Conn<'_>,
    account: AccountId,
    seen: Option<Millis>,
) -> Result<(), OpError> {
    let stored = store::secrets::two_step_password(conn, account).await?;
    let stored = stored.map_or(Millis(0), |fact| fact.stored_at);
    match seen {
        Some(seen) if seen != stored => Err(OpError::Refused(ErrorCode::PasswordReplaced)),
        Some(_) | None => Ok(()),
    }
}

/// Removes the stored password, unless it is another one than was `seen`. It stays what it is at Telegram.
pub async fn remove_password(
    app: &App,
    grant: Grant<'_, can::EditTwoFactorPassword>,
    seen: Option<Millis>,
) -> Result<(), OpError> {
    let id = grant.account();
    refuse_bot(app, id)?;
    let event = AuditEvent::TwoStepPasswordRemoved;
    let entry = AuditEntry::done(app.clock.now(), grant.actor(), event).about(id);
    app.write(&entry, async |tx| -> Result<(), OpError> {
        refuse_if_replaced(tx, id, seen).await?;
        match store::secrets::delete(tx, Purpose::TwoStepPassword, &id.to_string()).await? {
            true => Ok(()),
            false => Err(OpError::Refused(ErrorCode::PasswordNotStored)),
        }
    })
    .await?;
    app.live.events.publish(Change::StoredPassword(id));
    Ok(())
}

/// Submits stored passwords to logins that wait for one, until the program ends.
pub async fn run(app: Arc<App>) {
    let mut changes = app.live.events.subscribe();
    let mut tried: HashMap<AccountId, StageToken> = HashMap::new();
    let mut next = Change::Everything;
    loop {
        match next {
            Change::Account(id) => give_once(&app, &mut tried, id).await,
            Change::StoredPassword(id) => {
                tried.remove(&id);
                give_once(&app, &mut tried, id).await;
            }
            Change::Everything => {
                tried.clear();
                for entry in app.live.accounts.listing().iter() {
                    give_once(&app, &mut tried, entry.account.id).await;
                }
            }
            Change::Devices(_)
            | Change::Policy
            | Change::Approvals
            | Change::Jobs
            | Change::Invites
            | Change::Proxies
            | Change::User(_)
            | Change::SessionEnded(_)
            | Change::Health
            | Change::Audit => {}
        }
        next = changes.next().await;
    }
}

/// Submits the account's password if its login waits for one and it was not tried at this stage before.
async fn give_once(app: &App, tried: &mut HashMap<AccountId, StageToken>, id: AccountId) {
    let Some(entry) = app.live.accounts.get(id).filter(|entry| waits(entry)) else {
        tried.remove(&id);
        return;
    };
    if tried.insert(id, entry.snapshot.token) != Some(entry.snapshot.token)
        && let Err(error) = give(app, &entry).await
    {
        tracing::warn!(account = %id, ?error, "a stored password was not submitted");
    }
}

fn waits(entry: &Entry) -> bool {
    matches!(entry.snapshot.stage, Stage::WaitPassword { .. })
        && !entry.snapshot.busy
        && entry.account.wanted == DesiredState::Connected
}

/// A stored password that is submitted.
struct Given {
    purpose: Purpose,
    version: i64,
    password: Secret,
    intent: Intent,
}

/// Submits the stored password of an account, if there is one that may be submitted.
async fn give(app: &App, entry: &Entry) -> Result<(), OpError> {
    let id = entry.account.id;
    // Nothing else finds out meanwhile which password is valid.
    let _alone = app.guards.two_step.begin(id);
    let row = id.to_string();
    let now = app.clock.now();
    let actor = Principal::System("stored-password");
    let attempt =
        AuditEntry::intent(now, &actor, AuditEvent::InputSubmitted { input: Input::Password }).about(id);
    let given = app
        .write_with(async |tx| -> Result<Written<Option<Given>>, StoreError> {
            let Some((purpose, version, password)) = likeliest(app, tx, &row).await? else {
                return Ok(Written::unchanged(None));
            };
            if !store::secrets::mark_given(tx, purpose, &row, version, now).await? {
                return Ok(Written::unchanged(None));
            }
            let recorded = tx.record(&attempt).await?;
            let intent = Intent::of(&recorded, attempt.clone());
            Ok(recorded.with(Some(Given { purpose, version, password, intent })))
        })
        .await?;
    let Some(Given { purpose, version, password, intent }) = given else { return Ok(()) };
    let result = match app.hub.account(id) {
        Some(handle) => {
            let stored = LoginInput::Password { password: password.clone(), keep: false };
            handle.submit(entry.snapshot.token, stored).await
        }
        // The client stopped meanwhile. The intent is recorded, so its outcome must be, too.
        None => Err(AnswerError::NotRunning),
    };
    intent.end_at_telegram(app, &result).await;
    if purpose == Purpose::TwoStepAfter && settle::by_login(app, id, &password, &result).await? {
        return Ok(());
    }
    app.db
        .maintain(async |conn| -> Result<(), StoreError> {
            match fate(&result) {
                Fate::MayBeGiven => store::secrets::mark_accepted(conn, purpose, &row, version).await,
                Fate::Rejected => store::secrets::mark_rejected(conn, purpose, &row, version, now).await,
                Fate::Unknown => Ok(()),
            }
        })
        .await?;
    match fate(&result) {
        Fate::Rejected => {
            app.live.events.publish(Change::StoredPassword(id));
            Ok(())
        }
        Fate::MayBeGiven | Fate::Unknown => Ok(result?),
    }
}

/// The password to submit: after a change without a known outcome the new one, which tells whether it was made.
async fn likeliest(
    app: &App,
    conn: &mut store::Conn<'_>,
    row: &str,
) -> Result<Option<(Purpose, i64, Secret)>, StoreError> {
    for purpose in [Purpose::TwoStepAfter, Purpose::TwoStepPassword] {
        let found = store::secrets::get(conn, &app.keys, purpose, row).await?;
        if let Some((version, password)) = found.filter(|(_, password)| !password.is_empty()) {
            return Ok(Some((purpose, version, password)));
        }
    }
    Ok(None)
}

/// What follows for a stored value from the attempt to submit it.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    /// Telegram accepted it, or never received it.
    MayBeGiven,
    Rejected,
    /// It is unknown whether Telegram received it, so it stays marked as submitted.
    Unknown,
}

fn fate(result: &Result<(), AnswerError>) -> Fate {
    match result {
        Ok(()) => Fate::MayBeGiven,
        Err(AnswerError::Stale | AnswerError::Busy | AnswerError::NotNow | AnswerError::NotRunning) => {
            Fate::MayBeGiven
        }
        Err(AnswerError::Refused(why)) if why.is_about(Input::Password) => Fate::Rejected,
        Err(AnswerError::Refused(_) | AnswerError::Away) => Fate::Unknown,
    }
}
