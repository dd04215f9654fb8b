//! Completing invites whose accounts are logged in.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::list;
use crate::domain::access::Principal;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::invite::{Invite, InviteKind, InviteState};
use crate::domain::{AccountId, InviteId, Stage};
use crate::live::events::Change;
use crate::ops::accounts::remove;
use crate::ops::{App, OpError};
use crate::store::{self, StoreError, Written};

/// How often old lists are deleted, and what people left undone is ended.
const TIDY_EVERY: Duration = Duration::from_secs(60 * 60);
/// The pause before a retry.
const AGAIN: Duration = Duration::from_secs(2);

/// Completes invites as soon as their accounts are logged in, until the program ends.
pub async fn run(app: Arc<App>) {
    let mut changes = app.live.events.subscribe();
    let mut tidies = tokio::time::interval(TIDY_EVERY);
    let mut watched = HashMap::new();
    let mut is_outdated = true;
    loop {
        if is_outdated {
            match look(&app).await {
                Ok(found) => watched = found,
                Err(error) => {
                    tracing::warn!(%error, "invites can't be completed now");
                    tokio::time::sleep(AGAIN).await;
                    continue;
                }
            }
        }
        let change = tokio::select! {
            change = changes.next() => change,
            _ = tidies.tick() => {
                if let Err(error) = list::forget_old(&app).await {
                    tracing::warn!(%error, "old lists of invites can't be deleted now");
                }
                if let Err(error) = end_overdue(&app).await {
                    tracing::warn!(code = ?error.code(), "expired onboarding can't be ended now");
                }
                continue;
            }
        };
        is_outdated = match change {
            Change::Invites | Change::Everything => true,
            Change::Account(account) => watched.contains_key(&account) && was_logged_in(&app, account),
            Change::StoredPassword(_)
            | Change::Devices(_)
            | Change::Policy
            | Change::Approvals
            | Change::Proxies
            | Change::Jobs
            | Change::User(_)
            | Change::SessionEnded(_)
            | Change::Health
            | Change::Audit => false,
        };
    }
}

/// Whether the account is logged in, or was: what is known of its Telegram user stays.
fn was_logged_in(app: &App, account: AccountId) -> bool {
    let entry = app.live.accounts.get(account);
    entry.is_some_and(|it| it.snapshot.stage == Stage::Ready || it.snapshot.profile.is_some())
}

/// Completes those that can be; returns the others, by account.
async fn look(app: &App) -> Result<HashMap<AccountId, InviteId>, StoreError> {
    let open = store::invites::with_account(&mut app.db.read().await?).await?;
    let mut watched = HashMap::new();
    for invite in open {
        let Some(account) = invite.account else { continue };
        if was_logged_in(app, account) {
            finish(app, invite.id, account).await?;
        } else {
            watched.insert(account, invite.id);
        }
    }
    Ok(watched)
}

/// Completes the invites whose accounts are logged in now.
pub async fn finish_ready(app: &App) -> Result<(), StoreError> {
    look(app).await.map(drop)
}

/// Ends what people began for their own accounts and did not complete in time. The accounts are removed if they were
/// never logged in, so that no one reserves numbers that are not theirs.
pub async fn end_overdue(app: &App) -> Result<(), OpError> {
    let now = app.clock.now();
    let open = store::invites::with_account(&mut app.db.read().await?).await?;
    let overdue = open.into_iter().filter(|it| it.kind == InviteKind::Own && it.expires <= now);
    for invite in overdue {
        let Some(account) = invite.account.filter(|account| !was_logged_in(app, *account)) else { continue };
        if end(app, invite.id, account).await? {
            tracing::info!(%account, "an account that was never logged in is being removed");
            remove::announce(app, account);
        }
    }
    Ok(())
}

/// Whether the account is being removed.
async fn end(app: &App, id: InviteId, account: AccountId) -> Result<bool, OpError> {
    let now = app.clock.now();
    app.write_with(async |tx| -> Result<Written<bool>, OpError> {
        let invite = store::invites::get(tx, id).await?;
        let is_overdue = |it: &Invite| it.state.is_open() && it.account == Some(account) && it.expires <= now;
        let Some(invite) = invite.filter(is_overdue) else { return Ok(Written::unchanged(false)) };
        if store::account_states::has_had_session(tx, account).await? {
            return Ok(Written::unchanged(false));
        }
        store::invites::save(tx, &Invite { state: InviteState::Expired, ..invite }).await?;
        let recorded = remove::begin(tx, &Principal::System("invites"), account, now).await?;
        Ok(recorded.with(true))
    })
    .await
}

async fn finish(app: &App, id: InviteId, account: AccountId) -> Result<(), StoreError> {
    let now = app.clock.now();
    app.write_with(async |tx| -> Result<Written<()>, StoreError> {
        let invite = store::invites::get(tx, id).await?;
        // With a new link that was not used yet, too: it would log in the same account again.
        let Some(invite) = invite.filter(|it| it.state.is_open() && it.account == Some(account)) else {
            return Ok(Written::unchanged(()));
        };
        let done = Invite { state: InviteState::Done, ..invite };
        store::invites::save(tx, &done).await?;
        let event = AuditEvent::InviteDone { person: done.person };
        let entry = AuditEntry::done(now, &Principal::System("invites"), event).about(account);
        Ok(tx.record(&entry).await?.with(()))
    })
    .await?;
    app.live.events.publish(Change::Invites);
    Ok(())
}
