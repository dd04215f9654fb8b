//! Applying a changed policy: at once after a change by this server, within a second after any other.

use std::time::Duration;

use crate::domain::access::{Policy, PolicyVersion};
use crate::live::events::Change;
use crate::ops::{App, approvals, proxies};
use crate::store::{self, StoreError};

const MAX_AGE_SECONDS: i64 = 1;
const PING_TIMEOUT: Duration = Duration::from_secs(1);

/// Puts the rules of the database in force, and ends what depends on rights that are gone.
pub async fn refresh(app: &App) -> Result<(), StoreError> {
    if reload(app).await? {
        approvals::view::void_lost(app).await;
    }
    Ok(())
}

/// Reads the rules, and what else rights depend on, as they stand in the database now, and lets every open page look
/// again; whether they differ. One reads at a time, so what is in force never goes back.
async fn reload(app: &App) -> Result<bool, StoreError> {
    let _one_at_a_time = app.live.policy.reading.lock().await;
    let conn = &mut app.db.read().await?;
    // A caller that waited for the lock often finds that its change was loaded already. So when many sign in at once
    // and the identity provider assigns their roles, only a few reload everything.
    if store::rules::version(conn).await? == app.live.policy.current().version() {
        return Ok(false);
    }
    let rows = store::rules::load(conn).await?;
    let accounts = store::accounts::all(conn).await?;
    let groups = store::groups::all(conn).await?;
    // At one moment: with the new rules and the old groups of accounts, or the other way round, people could see what they
    // may see neither before nor after.
    app.live.put_in_force(Policy::new(&rows, app.config.sso.owner_privileges), accounts);
    app.live.accounts.set_groups(groups.into_iter().map(|group| (group.id, group.name)));
    // Accounts in other groups may have other proxies.
    proxies::apply_all(app);
    app.live.events.publish(Change::Policy);
    tracing::info!(version = rows.version.number, "policy loaded");
    Ok(true)
}

/// Like [`refresh`], after a committed change. If the database is unavailable now, the policy is reloaded as soon as it
/// is back.
pub async fn refresh_after_change(app: &App) {
    if let Err(error) = refresh(app).await {
        tracing::warn!(%error, "the changed policy could not be loaded yet; retrying");
    }
}

/// Reloads the policy if the database has another version than this one.
pub async fn refresh_if_changed(app: &App, version: PolicyVersion) {
    let asked = app.clock.now();
    if version != app.live.policy.current().version() {
        refresh_after_change(app).await;
    }
    if app.live.policy.current().version().number >= version.number {
        app.live.policy.set_checked_at(asked);
    }
}

/// Makes sure that the policy in memory is at most one second older than the database's. However many callers there are,
/// the database is queried once a second. While it is unavailable, nothing can change in it.
pub async fn ensure_current(app: &App) {
    let is_current = || app.clock.now().seconds_since(app.live.policy.checked_at()) < MAX_AGE_SECONDS;
    if is_current() || app.db.is_away() {
        return;
    }
    let _one_at_a_time = app.live.policy.checking.lock().await;
    if is_current() {
        return;
    }
    let asked = app.clock.now();
    match tokio::time::timeout(PING_TIMEOUT, app.db.ping()).await {
        Ok(Ok(version)) => refresh_if_changed(app, version).await,
        // Retry a second later: callers waiting for the lock must not run into the timeout one after the other.
        Ok(Err(_)) | Err(_) => app.live.policy.set_checked_at(asked),
    }
}
