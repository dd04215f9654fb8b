//! Finding out which two-step password is valid after a change whose outcome is unknown.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use super::change::{is_wrong_password, ready};
use crate::crypto::Purpose;
use crate::domain::access::Principal;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::two_step::{OpeningPassword, TwoStepRequest};
use crate::domain::{AccountId, Millis, Secret};
use crate::live::events::Change;
use crate::ops::{App, OpError};
use crate::store::{self, Conn, StoreError};
use crate::telegram::{AccountHandle, AnswerError};

/// The pause before Telegram is asked again.
const AGAIN: Duration = Duration::from_secs(30);

/// Finds out about unfinished changes as soon as their accounts are connected, until the program ends.
pub async fn run(app: Arc<App>) {
    let mut changes = app.live.events.subscribe();
    let mut open = HashSet::new();
    let mut is_outdated = true;
    loop {
        if is_outdated {
            match unfinished(&app).await {
                Ok(found) => open = found,
                Err(error) => tracing::warn!(%error, "unfinished changes of passwords can't be read now"),
            }
        }
        let mut is_unanswered = false;
        for account in open.clone() {
            match settle(&app, account).await {
                Ok(true) => drop(open.remove(&account)),
                Ok(false) => {}
                Err(error) => {
                    is_unanswered = true;
                    tracing::info!(%account, code = ?error.code(), "which password is valid is not known yet");
                }
            }
        }
        let pause = if is_unanswered { AGAIN } else { Duration::MAX };
        let wanted = changes.wait_for(|change| match change {
            Change::Account(account) => open.contains(&account),
            Change::StoredPassword(_) | Change::Everything | Change::Health => true,
            Change::Policy
            | Change::Approvals
            | Change::Jobs
            | Change::Invites
            | Change::Proxies
            | Change::Devices(_)
            | Change::User(_)
            | Change::SessionEnded(_)
            | Change::Audit => false,
        });
        is_outdated = tokio::time::timeout(pause, wanted).await.is_ok();
    }
}

async fn unfinished(app: &App) -> Result<HashSet<AccountId>, StoreError> {
    let rows = store::secrets::rows(&mut app.db.read().await?, Purpose::TwoStepAfter).await?;
    Ok(rows.iter().filter_map(|row| row.parse().ok()).collect())
}

/// Asks Telegram which password is valid. False if the account is not connected.
async fn settle(app: &App, id: AccountId) -> Result<bool, OpError> {
    let Ok(handle) = ready(app, id) else { return Ok(false) };
    let _alone = app.guards.two_step.begin(id).ok_or(AnswerError::Busy)?;
    let Some((before, after)) = both(app, id).await? else { return Ok(true) };
    let opening = match opens(&handle, &after).await? {
        true => OpeningPassword::After,
        false if opens(&handle, &before).await? => OpeningPassword::Before,
        false => OpeningPassword::Neither,
    };
    conclude(app, id, &after, opening).await?;
    Ok(true)
}

/// The new password was submitted to a login. Whether it is known now which one is valid.
pub(super) async fn by_login(
    app: &App,
    id: AccountId,
    after: &Secret,
    result: &Result<(), AnswerError>,
) -> Result<bool, OpError> {
    let valid = match result {
        Ok(()) => OpeningPassword::After,
        // Then the former one is submitted.
        Err(error) if is_wrong_password(error) => OpeningPassword::Before,
        Err(_) => return Ok(false),
    };
    conclude(app, id, after, valid).await?;
    Ok(true)
}

async fn both(app: &App, id: AccountId) -> Result<Option<(Secret, Secret)>, StoreError> {
    let (row, conn) = (id.to_string(), &mut app.db.read().await?);
    let before = store::secrets::get(conn, &app.keys, Purpose::TwoStepBefore, &row).await?;
    let after = store::secrets::get(conn, &app.keys, Purpose::TwoStepAfter, &row).await?;
    Ok(before.zip(after).map(|((_, before), (_, after))| (before, after)))
}

/// Whether this is the account's password; the empty one is none.
async fn opens(handle: &AccountHandle, password: &Secret) -> Result<bool, AnswerError> {
    let request = match password.is_empty() {
        true => TwoStepRequest::State,
        false => TwoStepRequest::Check(password.clone()),
    };
    match handle.two_step(request).await {
        Ok(state) => Ok(state.has_password != password.is_empty()),
        Err(error) if is_wrong_password(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Stores what was found out.
async fn conclude(app: &App, id: AccountId, after: &Secret, opening: OpeningPassword) -> Result<(), OpError> {
    let (now, row) = (app.clock.now(), id.to_string());
    let event = AuditEvent::TwoStepPasswordSettled { valid: opening };
    let entry = AuditEntry::done(now, &Principal::System("two-step"), event).about(id);
    app.write(&entry, async |tx| -> Result<(), StoreError> {
        match opening {
            OpeningPassword::After => keep_new(app, tx, &row, after, now).await,
            OpeningPassword::Before => forget_both(tx, &row).await,
            OpeningPassword::Neither => {
                mark_stored_as_wrong(tx, &row, now).await?;
                forget_both(tx, &row).await
            }
        }
    })
    .await?;
    tracing::info!(account = %id, valid = %opening, "the outcome of a changed password is known");
    app.live.events.publish(Change::StoredPassword(id));
    Ok(())
}

/// Stores the new password in place of the one before.
pub(super) async fn keep_new(
    app: &App,
    conn: &mut Conn<'_>,
    row: &str,
    after: &Secret,
    now: Millis,
) -> Result<(), StoreError> {
    match after.is_empty() {
        true => drop(store::secrets::delete(conn, Purpose::TwoStepPassword, row).await?),
        false => {
            store::secrets::put(conn, &app.keys, Purpose::TwoStepPassword, row, after, now).await?;
        }
    }
    forget_both(conn, row).await
}

pub(super) async fn forget_both(conn: &mut Conn<'_>, row: &str) -> Result<(), StoreError> {
    store::secrets::delete(conn, Purpose::TwoStepBefore, row).await?;
    store::secrets::delete(conn, Purpose::TwoStepAfter, row).await.map(drop)
}

/// The stored password is not submitted any more.
pub(super) async fn mark_stored_as_wrong(
    conn: &mut Conn<'_>,
    row: &str,
    now: Millis,
) -> Result<(), StoreError> {
    let purpose = Purpose::TwoStepPassword;
    let Some(fact) = store::secrets::fact(conn, purpose, row).await? else { return Ok(()) };
    store::secrets::mark_rejected(conn, purpose, row, fact.version, now).await
}
