//! Edits of groups: their names, and the accounts in them.

use std::collections::HashMap;

use super::super::{Failed, stripping};
use super::{Done, EditContext, checked, gone, rejected, taken, unchanged};
use crate::domain::access::{Moved, PolicyChange, privileges};
use crate::domain::audit::AuditEvent;
use crate::domain::error::{ErrorCode, GoneKind, NameKind};
use crate::domain::privilege::AccountPrivilege;
use crate::domain::{Account, AccountId, GroupId};
use crate::ops::OpError;
use crate::store::{self, Conn, StoreError, Tx};

impl EditContext<'_> {
    pub(super) async fn add_group(&self, conn: &mut Tx<'_>, id: GroupId, name: &str) -> Done {
        let name = match name_for(conn, id, name).await? {
            Ok(name) => name,
            Err(failed) => return rejected(failed),
        };
        store::groups::insert(conn, id, &name).await?;
        self.record(conn, self.entry(AuditEvent::GroupAdded { group: name.clone() })).await
    }

    pub(super) async fn rename_group(&self, conn: &mut Tx<'_>, id: GroupId, name: &str) -> Done {
        let Some(group) = store::groups::get(conn, id).await? else { return gone(GoneKind::Group) };
        let name = match name_for(conn, id, name).await? {
            Ok(name) => name,
            Err(failed) => return rejected(failed),
        };
        if name == group.name {
            return unchanged();
        }
        store::groups::rename(conn, id, &name).await?;
        let event = AuditEvent::GroupRenamed { group: name.clone(), before: group.name };
        self.record(conn, self.entry(event)).await
    }

    pub(super) async fn delete_group(
        &self,
        conn: &mut Tx<'_>,
        id: GroupId,
        moved: &mut HashMap<AccountId, Moved>,
    ) -> Done {
        let Some(group) = store::groups::get(conn, id).await? else { return gone(GoneKind::Group) };
        let entry = self.entry(AuditEvent::GroupDeleted { group: group.name.clone() });
        if let Some(why) = stripping::of_group(conn, self.rules, self.actor, id).await? {
            return self.refuse(conn, entry, group.name, why).await;
        }
        for account in store::accounts::all(conn).await? {
            if account.groups.contains(&id) {
                let groups = account.groups.iter().copied().filter(|group| *group != id).collect();
                note_move(moved, &account, groups);
            }
        }
        store::groups::delete(conn, id).await?;
        self.record(conn, entry).await
    }

    /// Only administrators may stop requiring approvals.
    pub(super) async fn need_approval(&self, conn: &mut Tx<'_>, id: GroupId, needed: bool) -> Done {
        let Some(group) = store::groups::get(conn, id).await? else { return gone(GoneKind::Group) };
        if store::groups::needing_approval(conn).await?.contains(&id) == needed {
            return unchanged();
        }
        let event = AuditEvent::GroupApprovalSet { group: group.name.clone(), needed };
        let entry = self.entry(event);
        if !needed && let Err(why) = self.authorize(PolicyChange::NoApproval) {
            return self.refuse(conn, entry, group.name, why).await;
        }
        store::groups::set_needs_approval(conn, id, needed).await?;
        self.record(conn, entry).await
    }

    /// That approvals are not needed in an emergency is for administrators to say, too.
    pub(super) async fn allow_emergency(&self, conn: &mut Tx<'_>, id: GroupId, allowed: bool) -> Done {
        let Some(group) = store::groups::get(conn, id).await? else { return gone(GoneKind::Group) };
        if store::groups::allowing_emergency(conn).await?.contains(&id) == allowed {
            return unchanged();
        }
        let entry = self.entry(AuditEvent::GroupEmergencySet { group: group.name.clone(), allowed });
        if allowed && let Err(why) = self.authorize(PolicyChange::NoApproval) {
            return self.refuse(conn, entry, group.name, why).await;
        }
        store::groups::set_emergency_access(conn, id, allowed).await?;
        self.record(conn, entry).await
    }

    /// Only administrators may stop requiring it. It can't be required where it would keep everyone out.
    pub(super) async fn need_confirmation(&self, conn: &mut Tx<'_>, id: GroupId, needed: bool) -> Done {
        let Some(group) = store::groups::get(conn, id).await? else { return gone(GoneKind::Group) };
        if store::groups::needing_confirmation(conn).await?.contains(&id) == needed {
            return unchanged();
        }
        if needed && !self.confirmable {
            let error = ErrorCode::ConfirmationImpossible;
            return rejected(Failed { what: group.name, field: None, error });
        }
        let entry = self.entry(AuditEvent::GroupConfirmationSet { group: group.name.clone(), needed });
        if !needed && let Err(why) = self.authorize(PolicyChange::NoApproval) {
            return self.refuse(conn, entry, group.name, why).await;
        }
        store::groups::set_needs_confirmation(conn, id, needed).await?;
        self.record(conn, entry).await
    }

    pub(super) async fn put_in(
        &self,
        conn: &mut Tx<'_>,
        id: AccountId,
        g: GroupId,
        moved: &mut HashMap<AccountId, Moved>,
    ) -> Done {
        let Some(group) = store::groups::get(conn, g).await? else { return gone(GoneKind::Group) };
        let Some(account) = self.visible(conn, id).await? else { return gone(GoneKind::Account) };
        if account.groups.contains(&g) {
            return unchanged();
        }
        let entry = self.entry(AuditEvent::AccountJoinedGroup { group: group.name }).about(id);
        if let Err(why) = self.authorize(PolicyChange::Join(&account, g)) {
            return self.refuse(conn, entry, account.identifier.to_string(), why).await;
        }
        store::groups::put_in(conn, g, id).await?;
        note_move(moved, &account, account.groups.iter().copied().chain([g]).collect());
        self.record(conn, entry).await
    }

    pub(super) async fn take_out(
        &self,
        conn: &mut Tx<'_>,
        id: AccountId,
        g: GroupId,
        moved: &mut HashMap<AccountId, Moved>,
    ) -> Done {
        let Some(group) = store::groups::get(conn, g).await? else { return gone(GoneKind::Group) };
        let Some(account) = self.visible(conn, id).await? else { return gone(GoneKind::Account) };
        let entry = self.entry(AuditEvent::AccountLeftGroup { group: group.name }).about(id);
        if !account.groups.contains(&g) {
            return unchanged();
        }
        if let Some(why) = stripping::of_group(conn, self.rules, self.actor, g).await? {
            return self.refuse(conn, entry, account.identifier.to_string(), why).await;
        }
        store::groups::take_out(conn, g, id).await?;
        note_move(moved, &account, account.groups.iter().copied().filter(|group| *group != g).collect());
        self.record(conn, entry).await
    }

    /// An account that the actor may see; any other is treated as if it did not exist.
    async fn visible(&self, conn: &mut Conn<'_>, id: AccountId) -> Result<Option<Account>, OpError> {
        let found = store::accounts::get(conn, id).await?;
        Ok(found.filter(|account| privileges(self.rules, self.actor, account).has(AccountPrivilege::View)))
    }
}

fn note_move(moved: &mut HashMap<AccountId, Moved>, before: &Account, groups: Vec<GroupId>) {
    let entry = moved.entry(before.id).or_insert_with(|| (before.clone(), before.clone()));
    entry.1.groups = groups;
}

/// Validates a name for this group; no other group may have it.
async fn name_for(
    conn: &mut Conn<'_>,
    id: GroupId,
    name: &str,
) -> Result<Result<String, Failed>, StoreError> {
    let name = match checked(name) {
        Ok(name) => name,
        Err(failed) => return Ok(Err(failed)),
    };
    let other = store::groups::by_name(conn, &name).await?.is_some_and(|other| other.id != id);
    Ok(if other { Err(taken(&name, NameKind::Group)) } else { Ok(name) })
}
