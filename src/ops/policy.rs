//! Putting a policy in force: after a change of this server at once, after any other within a second.

use crate::domain::Account;
use crate::domain::access::Policy;
use crate::live::events::Change;
use crate::ops::App;
use crate::store::{self, StoreError};

/// Reads the rules, and what else rights depend on, as they stand in the database now, and lets every open page look
/// again. One reads at a time, so what is in force never goes back.
pub async fn refresh(app: &App) -> Result<(), StoreError> {
    let _one_at_a_time = app.live.policy.reading.lock().await;
    let conn = &mut app.db.read().await?;
    // Those who waited mostly find that the one before them has read their change as well. So of many who come
    // at once, as people whom the identity provider puts into roles do in the morning, few read everything.
    if store::rules::version(conn).await? == app.live.policy.current().version() {
        return Ok(());
    }
    let rows = store::rules::load(conn).await?;
    let accounts = store::accounts::all(conn).await?;
    let groups = store::groups::all(conn).await?;
    app.live.policy.replace(Policy::new(&rows, app.config.owner_privileges));
    app.live.accounts.set_groups(groups.into_iter().map(|group| (group.id, group.name)));
    put_details(app, accounts);
    app.live.events.publish(Change::Policy);
    app.live.accounts.touch();
    tracing::info!(version = rows.version, "rules are in force");
    Ok(())
}

/// What people said of accounts, where it differs. Only what is read here: the rest is kept current by what changes it.
fn put_details(app: &App, accounts: Vec<Account>) {
    for account in accounts {
        let Some(entry) = app.live.accounts.get(account.id) else { continue };
        let known = &entry.account;
        if (&known.owner, &known.comment, &known.groups)
            != (&account.owner, &account.comment, &account.groups)
        {
            app.live.accounts.put_details(account.id, account.owner, account.comment, account.groups);
        }
    }
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
    if version != app.live.policy.current().version() {
        in_force(app).await;
    }
}
