//! Editing an account's owner, comment and groups.

use super::check_comment;
use crate::domain::access::{Grant, PolicyChange, Principal, SystemGrant, authorize_change};
use crate::domain::account::{DetailsChange, DetailsVersion};
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::error::{ErrorCode, GoneKind};
use crate::domain::privilege::can;
use crate::domain::{AccountId, Email, GroupId, name};
use crate::ops::access::{group_name, stripping};
use crate::ops::audit::failed_attempts;
use crate::ops::{App, OpError, current, policy};
use crate::store::groups::Group;
use crate::store::{self, StoreError, Written};
use crate::words;

#[derive(Debug, Clone)]
pub struct Details {
    pub owner: Option<Email>,
    pub comment: String,
    /// The groups it is in.
    pub groups: Vec<GroupId>,
    /// The name of one more group, which is created if there is none of this name.
    pub new_group: Option<String>,
}

/// Edits an account. The owner and the groups decide who has access to it, so this takes the right to manage access
/// beside seeing the account. It sets all details at once, so it is refused if they are not `seen` any more: what
/// others have changed meanwhile is not undone.
pub async fn edit(
    app: &App,
    grant: Grant<'_, can::View>,
    _manages_access: SystemGrant<'_, can::ManageAccess>,
    details: Details,
    seen: DetailsVersion,
) -> Result<(), OpError> {
    check_comment(&details.comment)?;
    if let Some(name) = &details.new_group {
        group_name(name).map_err(|code| OpError::invalid("new_group", code))?;
    }
    let id = grant.account();
    let event = AuditEvent::AccountEdited { owner: details.owner.clone() };
    let entry = AuditEntry::done(app.clock.now(), grant.actor(), event).about(id);
    let edited = app
        .write_with(async |tx| -> Result<Written<()>, OpError> {
            let account = store::accounts::get(tx, id).await?.ok_or(OpError::NotFound)?;
            let changed = DetailsVersion::of_account(&account).since(seen);
            if changed.is_any() {
                return Err(meanwhile(tx, id, changed).await?);
            }
            let known = store::groups::all(tx).await?;
            let groups = groups(tx, &known, &details).await?;
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
    finish(app, &entry, edited).await?;
    tracing::info!(account = %id, actor = %grant.actor(), "account edited");
    Ok(())
}

/// Gives an account to another owner, or to none. What else people entered stays as it is.
pub async fn change_owner(
    app: &App,
    grant: Grant<'_, can::View>,
    _manages_access: SystemGrant<'_, can::ManageAccess>,
    owner: Option<&Email>,
) -> Result<(), OpError> {
    let id = grant.account();
    let event = AuditEvent::AccountEdited { owner: owner.cloned() };
    let entry = AuditEntry::done(app.clock.now(), grant.actor(), event).about(id);
    let changed = app
        .write_with(async |tx| -> Result<Written<()>, OpError> {
            let account = store::accounts::get(tx, id).await?.ok_or(OpError::NotFound)?;
            if account.owner.as_ref() == owner {
                return Ok(Written::unchanged(()));
            }
            authorize(app, tx, grant.actor(), id, (owner, &account.groups)).await?;
            store::accounts::set_details(tx, id, owner, &account.comment, &account.groups).await?;
            Ok(tx.record(&entry).await?.with(()))
        })
        .await;
    finish(app, &entry, changed).await?;
    tracing::info!(account = %id, actor = %grant.actor(), "the owner of an account was changed");
    Ok(())
}

/// Puts a change in force. A refused attempt is recorded, too.
async fn finish(app: &App, entry: &AuditEntry, changed: Result<(), OpError>) -> Result<(), OpError> {
    if let Err(OpError::Invalid { code, .. }) = &changed {
        failed_attempts::note(app, &entry.actor, entry.clone().because(words::sentence(code)));
    }
    changed?;
    policy::refresh_after_change(app).await;
    Ok(())
}

/// The refusal of a form that is out of date: what was changed, and who changed the account last.
async fn meanwhile(
    conn: &mut store::Conn<'_>,
    account: AccountId,
    changed: DetailsChange,
) -> Result<OpError, StoreError> {
    let DetailsChange { owner, comment, groups } = changed;
    let by = store::audit::last_editor(conn, account).await?;
    Ok(OpError::Refused(ErrorCode::DetailsChanged { owner, comment, groups, by }))
}

/// The groups that the account is to be in. One that was deleted meanwhile is refused.
async fn groups(
    conn: &mut store::Conn<'_>,
    known: &[Group],
    details: &Details,
) -> Result<Vec<Group>, OpError> {
    let mut groups: Vec<Group> = Vec::new();
    for id in &details.groups {
        let group = known.iter().find(|group| group.id == *id);
        let gone = || OpError::invalid("groups", ErrorCode::Gone { kind: GoneKind::Group });
        groups.push(group.ok_or_else(gone)?.clone());
    }
    if let Some(name) = &details.new_group {
        let name = group_name(name).map_err(|code| OpError::invalid("new_group", code))?;
        let group = named(conn, known.iter(), &name).await?;
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    Ok(groups)
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

/// Refuses changes that would give others rights to the account that the actor doesn't have, or take rights from people
/// who have more. Returns its present groups.
pub(in crate::ops) async fn authorize(
    app: &App,
    conn: &mut store::Conn<'_>,
    actor: &Principal,
    id: AccountId,
    (owner, groups): (Option<&Email>, &[GroupId]),
) -> Result<Vec<GroupId>, OpError> {
    let rules = app.policy(conn).await?;
    let actor = &current::access_manager(conn, &rules, actor).await?;
    let account = store::accounts::get(conn, id).await?.ok_or(OpError::NotFound)?;
    if account.owner.as_ref() != owner {
        if let Some(why) = stripping::of_owner(conn, &rules, actor, &account).await? {
            return Err(OpError::invalid("owner", why));
        }
        let gained = owner.map(|owner| authorize_change(&rules, actor, PolicyChange::Owner(&account, owner)));
        gained.transpose().map_err(|why| OpError::invalid("owner", why))?;
    }
    for group in account.groups.iter().filter(|group| !groups.contains(group)) {
        if let Some(why) = stripping::of_group(conn, &rules, actor, *group).await? {
            return Err(OpError::invalid("groups", why));
        }
    }
    for group in groups.iter().filter(|group| !account.groups.contains(group)) {
        let joined = authorize_change(&rules, actor, PolicyChange::Join(&account, *group));
        joined.map_err(|why| OpError::invalid("groups", why))?;
    }
    Ok(account.groups)
}

/// The group of that name, created if there is none.
async fn named(
    conn: &mut store::Conn<'_>,
    mut known: impl Iterator<Item = &Group>,
    name: &str,
) -> Result<Group, store::StoreError> {
    let folded = name::fold(name);
    if let Some(group) = known.find(|group| name::fold(&group.name) == folded) {
        return Ok(group.clone());
    }
    let id = GroupId::generate();
    store::groups::insert(conn, id, name).await?;
    Ok(Group { id, name: name.to_owned() })
}
