//! Editing an account's owner, comment and groups.

use super::{MAX_GROUP, check_comment};
use crate::domain::access::{Grant, PolicyChange, Principal, SystemGrant, authorize_change};
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::error::ErrorCode;
use crate::domain::privilege::can;
use crate::domain::{AccountId, Email, GroupId, name};
use crate::ops::audit::failed_attempts;
use crate::ops::{App, OpError, current, policy};
use crate::store::groups::Group;
use crate::store::{self, Written};
use crate::words;

#[derive(Debug, Clone)]
pub struct Details {
    pub owner: Option<Email>,
    pub comment: String,
    /// The names of its groups; a name that is new makes a group.
    pub groups: Vec<String>,
}

/// Edits an account. The owner and the groups decide who has access to it, so this takes the right to manage access
/// beside seeing the account.
pub async fn edit(
    app: &App,
    grant: Grant<'_, can::View>,
    _manages_access: SystemGrant<'_, can::ManageAccess>,
    details: Details,
) -> Result<(), OpError> {
    check_comment(&details.comment)?;
    for name in &details.groups {
        check_group(name)?;
    }
    let id = grant.account();
    let event = AuditEvent::AccountEdited { owner: details.owner.clone() };
    let entry = AuditEntry::done(app.clock.now(), grant.actor(), event).about(id);
    let edited = app
        .write_with(async |tx| -> Result<Written<()>, OpError> {
            let known = store::groups::all(tx).await?;
            let mut groups = Vec::new();
            for name in &details.groups {
                let group = group(tx, known.iter().chain(&groups), name).await?;
                groups.push(group);
            }
            let ids: Vec<GroupId> = groups.iter().map(|group| group.id).collect();
            let before = authorize(app, tx, grant.actor(), id, (details.owner.as_ref(), &ids)).await?;
            store::accounts::set_details(tx, id, details.owner.as_ref(), &details.comment, &ids).await?;
            let mut recorded = tx.record(&entry).await?;
            for event in moves(&known, &before, &groups) {
                recorded = tx.record(&AuditEntry { event, ..entry.clone() }).await?;
            }
            Ok(recorded.with(()))
        })
        .await;
    if let Err(OpError::Invalid { code, .. }) = &edited {
        failed_attempts::note(app, &entry.actor, entry.clone().because(words::sentence(code)));
    }
    edited?;
    tracing::info!(account = %id, actor = %grant.actor(), "account edited");
    policy::in_force(app).await;
    Ok(())
}

/// The events of an account's move from its groups into others, and of the groups that are created for it.
fn moves(known: &[Group], before: &[GroupId], now: &[Group]) -> Vec<AuditEvent> {
    let mut events = Vec::new();
    for group in now {
        let name = || group.name.clone();
        if !known.contains(group) {
            events.push(AuditEvent::GroupAdded { group: name() });
        }
        if !before.contains(&group.id) {
            events.push(AuditEvent::AccountJoinedGroup { group: name() });
        }
    }
    let left = known.iter().filter(|group| before.contains(&group.id) && !now.contains(group));
    events.extend(left.map(|group| AuditEvent::AccountLeftGroup { group: group.name.clone() }));
    events
}

/// Refuses what would give others rights on the account that the actor doesn't have. Returns the groups it is in.
async fn authorize(
    app: &App,
    conn: &mut store::Conn<'_>,
    actor: &Principal,
    id: AccountId,
    (owner, groups): (Option<&Email>, &[GroupId]),
) -> Result<Vec<GroupId>, OpError> {
    let rules = app.policy(conn).await?;
    let actor = &current::access_manager(conn, &rules, actor).await?;
    let account = store::accounts::get(conn, id).await?.ok_or(OpError::NotFound)?;
    if let Some(owner) = owner.filter(|owner| account.owner.as_ref() != Some(owner)) {
        authorize_change(&rules, actor, PolicyChange::Owner(&account, owner))
            .map_err(|why| OpError::invalid("owner", why))?;
    }
    let protected = store::groups::needing_approval(conn).await?;
    if account.groups.iter().any(|group| !groups.contains(group) && protected.contains(group)) {
        let left = authorize_change(&rules, actor, PolicyChange::NoApproval);
        left.map_err(|why| OpError::invalid("groups", why))?;
    }
    for group in groups.iter().filter(|group| !account.groups.contains(group)) {
        let joined = authorize_change(&rules, actor, PolicyChange::Join(&account, *group));
        joined.map_err(|why| OpError::invalid("groups", why))?;
    }
    Ok(account.groups)
}

/// The group of that name, created if there is none.
async fn group(
    conn: &mut store::Conn<'_>,
    mut known: impl Iterator<Item = &Group>,
    name: &str,
) -> Result<Group, store::StoreError> {
    let folded = name::fold(name);
    if let Some(group) = known.find(|group| name::fold(&group.name) == folded) {
        return Ok(group.clone());
    }
    let id = GroupId::generate();
    let name = name::clean(name, MAX_GROUP).unwrap_or_else(|| name.to_owned());
    store::groups::insert(conn, id, &name).await?;
    Ok(Group { id, name })
}

fn check_group(name: &str) -> Result<(), OpError> {
    if name::clean(name, MAX_GROUP).is_none() {
        return Err(OpError::invalid("groups", ErrorCode::NameInvalid { max: MAX_GROUP }));
    }
    Ok(())
}
