//! Correcting the number of an account that was never logged in: until then nothing at Telegram belongs to it.
//!
//! TDLib's files may hold the beginning of a login of the wrong number, so the account goes on in a new folder. What
//! holds for a new account holds for the number, too.

use super::add::random_name;
use super::taken::{self, Taken};
use super::{connect, folder, phone_of};
use crate::domain::access::{Grant, Principal, SystemGrant, decide, decide_system};
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::error::ErrorCode;
use crate::domain::invite::InviteState;
use crate::domain::privilege::can;
use crate::domain::{Account, DesiredState, Phone, Snapshot};
use crate::live::accounts::Entry;
use crate::ops::{App, OpError, current, login};
use crate::store::{self, Conn};
use crate::telegram::AnswerError;

/// Gives the account another number.
pub async fn correct_number(
    app: &App,
    grant: Grant<'_, can::Login>,
    _adds: SystemGrant<'_, can::AddAccount>,
    phone: Phone,
) -> Result<(), OpError> {
    change(app, grant, phone).await
}

/// The same, for those who may do so by their invite.
pub(in crate::ops) async fn change(
    app: &App,
    grant: Grant<'_, can::Login>,
    phone: Phone,
) -> Result<(), OpError> {
    let id = grant.account();
    taken::check_limit(app, grant.actor())?;
    // Nothing is asked of Telegram meanwhile: with a code the wrong number could be logged in.
    let _no_codes = app.guards.code_requests.begin(id).ok_or(AnswerError::Busy)?;
    let _no_inputs = app.guards.inputs.begin(id).ok_or(AnswerError::Busy)?;
    let entry = app.live.accounts.get(id).ok_or(OpError::NotFound)?;
    let before = phone_of(&entry.account)?;
    if *before == phone {
        return Err(OpError::invalid("phone", ErrorCode::PhoneUnchanged));
    }
    if entry.snapshot.busy {
        return Err(AnswerError::Busy.into());
    }
    if !was_never_logged_in(&entry) {
        return Err(OpError::Refused(ErrorCode::NumberInUse));
    }
    let event = AuditEvent::NumberCorrected { phone: phone.clone(), before: before.clone() };
    let audit = AuditEntry::done(app.clock.now(), grant.actor(), event).about(id);
    login::count_change(app, &audit, id)?;
    app.hub.disconnect(id).await;
    let result = write(app, &grant, &entry, phone, audit).await;
    if result.is_ok() {
        discard(app, &entry.account);
    }
    let now = app.live.accounts.get(id).ok_or(OpError::NotFound)?;
    if now.account.wanted == DesiredState::Connected {
        connect::start(app, &now.account)?;
    }
    result
}

/// Whether the account's number can still be corrected, as far as the page knows.
pub fn was_never_logged_in(entry: &Entry) -> bool {
    let is_removed = entry.account.wanted == DesiredState::Removed;
    if is_removed || entry.account.identifier.is_bot() || entry.snapshot.profile.is_some() {
        return false;
    }
    !entry.snapshot.stage.may_have_session()
}

async fn write(
    app: &App,
    grant: &Grant<'_, can::Login>,
    entry: &Entry,
    phone: Phone,
    audit: AuditEntry,
) -> Result<(), OpError> {
    let id = grant.account();
    let folder = random_name()?;
    let written = app
        .write(&audit, async |tx| -> Result<Account, OpError> {
            check_history(tx, entry).await?;
            check_actor(app, tx, grant.actor(), &entry.account).await?;
            store::account_states::remove(tx, id).await?;
            store::accounts::set_number(tx, id, &phone, &folder).await?;
            store::accounts::get(tx, id).await?.ok_or(OpError::NotFound)
        })
        .await;
    let account = match written {
        Ok(account) => account,
        Err(OpError::Internal(error)) => return Err(refused(app, grant.actor(), &phone, audit, error)),
        Err(error) => return Err(error),
    };
    tracing::info!(account = %id, actor = %grant.actor(), "the account's number was corrected");
    app.live.last_known.remove(id);
    app.live.accounts.put_account(account);
    app.live.accounts.put_snapshot(id, Snapshot::off());
    Ok(())
}

/// Refuses what the database knows better: the account was changed, or has had a session.
async fn check_history(conn: &mut Conn<'_>, entry: &Entry) -> Result<(), OpError> {
    let row = store::accounts::get(conn, entry.account.id).await?.ok_or(OpError::NotFound)?;
    if row.identifier != entry.account.identifier || row.wanted == DesiredState::Removed {
        return Err(OpError::Refused(ErrorCode::FormStale));
    }
    if store::account_states::has_had_session(conn, entry.account.id).await? {
        return Err(OpError::Refused(ErrorCode::NumberInUse));
    }
    Ok(())
}

/// Refuses actors whose permission has ended since their request was allowed.
async fn check_actor(
    app: &App,
    conn: &mut Conn<'_>,
    actor: &Principal,
    account: &Account,
) -> Result<(), OpError> {
    if let Principal::Invite(pass) = actor {
        let invite = store::invites::get(conn, pass.invite()).await?;
        let is_open = invite.is_some_and(|invite| {
            invite.account == Some(account.id) && invite.state_at(app.clock.now()) == InviteState::LoggingIn
        });
        return if is_open { Ok(()) } else { Err(OpError::Refused(ErrorCode::FormStale)) };
    }
    let rules = app.policy(conn).await?;
    let actor = current::principal(conn, actor).await?;
    decide::<can::Login>(&rules, &actor, account)?;
    decide_system::<can::AddAccount>(&rules, &actor)?;
    Ok(())
}

/// The refusal if another account has the number.
fn refused(
    app: &App,
    actor: &Principal,
    phone: &Phone,
    attempt: AuditEntry,
    error: anyhow::Error,
) -> OpError {
    let is_taken =
        error.downcast_ref::<store::StoreError>().is_some_and(|error| store::unique(error).is_some());
    if !is_taken {
        return OpError::Internal(error);
    }
    match taken::refusal(app, actor, &phone.clone().into(), attempt) {
        Taken::Visible(refusal) => refusal,
        Taken::Hidden(refusal) => taken::count(app, actor, refusal),
    }
}

/// Removes the files of the wrong number. They are of no use to anyone, so a failure is only logged.
fn discard(app: &App, before: &Account) {
    if !folder::exists(&app.config.storage.accounts_dir, before) {
        return;
    }
    if let Err(error) = folder::destroy(&app.config.storage.accounts_dir, before) {
        tracing::warn!(account = %before.id, folder = before.folder, %error, "an unused folder can't be removed");
    }
}
