//! Putting a policy in force: after a change of this server at once, after any other within a second.

use std::time::Duration;

use crate::domain::access::Policy;
use crate::live::events::Change;
use crate::ops::{App, approvals};
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
    // Those who waited mostly find that the one before them has read their change as well. So of many who come
    // at once, as people whom the identity provider puts into roles do in the morning, few read everything.
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
    app.live.events.publish(Change::Policy);
    tracing::info!(version = rows.version, "rules are in force");
    Ok(true)
}

/// Like [`refresh`], after a change: if the database is unavailable now, the change is in force as soon
/// as it is back.
pub async fn in_force(app: &App) {
    if let Err(error) = refresh(app).await {
        tracing::warn!(%error, "changed rules are not in force yet; the server goes on trying");
    }
}

/// Whether the database has another state than the one in force, by its number.
pub async fn look(app: &App, version: i64) {
    let asked = app.clock.now();
    if version != app.live.policy.current().version() {
        in_force(app).await;
    }
    if app.live.policy.current().version() >= version {
        app.live.policy.set_checked_at(asked);
    }
}

/// Makes sure that the policy in force is at most a second older than the database's. However many ask, the database is
/// asked once a second. While it is unavailable nothing can change in it.
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
        Ok(Ok(version)) => look(app, version).await,
        // A second later is soon enough to try again: those who wait here must not wait one after the other.
        Ok(Err(_)) | Err(_) => app.live.policy.set_checked_at(asked),
    }
}
