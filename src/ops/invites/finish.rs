//! Completing invites whose accounts are logged in.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::list;
use crate::domain::access::Principal;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::invite::{Invite, InviteState};
use crate::domain::{AccountId, InviteId, Stage};
use crate::live::events::Change;
use crate::ops::App;
use crate::store::{self, StoreError, Written};

/// How often old lists are deleted.
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
