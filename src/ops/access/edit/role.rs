//! Edits of roles: their names, who has them, and what they give.

use super::super::{Failed, stripping};
use super::{Done, EditContext, UserRef, checked, gone, rejected, taken, unchanged};
use crate::domain::access::{PolicyChange, Subject};
use crate::domain::audit::AuditEvent;
use crate::domain::error::{ErrorCode, GoneKind, NameKind};
use crate::domain::name::fold;
use crate::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivileges};
use crate::domain::{GroupId, RoleId};
use crate::store::groups::Group;
use crate::store::roles::Role;
use crate::store::users::User;
use crate::store::{self, Conn, StoreError, Tx};

impl EditContext<'_> {
    pub(super) async fn add_role(&self, conn: &mut Tx<'_>, id: RoleId, name: &str) -> Done {
        let name = match name_for(conn, id, name).await? {
            Ok(name) => name,
            Err(failed) => return rejected(failed),
        };
        store::roles::insert(conn, id, &name).await?;
        self.record(conn, self.entry(AuditEvent::RoleAdded { role: name.clone() })).await
    }

    pub(super) async fn rename_role(&self, conn: &mut Tx<'_>, id: RoleId, name: &str) -> Done {
        let Some(role) = store::roles::get(conn, id).await? else { return gone(GoneKind::Role) };
        let name = match name_for(conn, id, name).await? {
            Ok(name) => name,
            Err(failed) => return rejected(failed),
        };
        if name == role.name {
            return unchanged();
        }
        let entry = self.entry(AuditEvent::RoleRenamed { role: name.clone(), before: role.name.clone() });
        let mut refused = self.authorize(PolicyChange::Rename(id)).err();
        if refused.is_none() && fold(&name) != fold(&role.name) {
            refused = stripping::of_name(conn, self.rules, self.actor, id).await?;
        }
        if let Some(why) = refused {
            return self.refuse(conn, entry, role.name, why).await;
        }
        store::roles::rename(conn, id, &name).await?;
        self.record(conn, entry).await
    }

    pub(super) async fn delete_role(&self, conn: &mut Tx<'_>, id: RoleId) -> Done {
        let Some(role) = store::roles::get(conn, id).await? else { return gone(GoneKind::Role) };
        let entry = self.entry(AuditEvent::RoleDeleted { role: role.name.clone() });
        let mut refused = self.authorize(PolicyChange::Delete(id)).err();
        if refused.is_none() {
            refused = self.authorize_stripping(conn, |roles| roles.contains(&id)).await?;
        }
        if let Some(why) = refused {
            return self.refuse(conn, entry, role.name, why).await;
        }
        store::roles::delete(conn, id).await?;
        self.record(conn, entry).await
    }

    pub(super) async fn set_cell(
        &self,
        conn: &mut Tx<'_>,
        g: GroupId,
        r: RoleId,
        now: AccountPrivileges,
    ) -> Done {
        let Some((group, role)) = group_and_role(conn, g, r).await? else {
            return gone(GoneKind::GroupOrRole);
        };
        let what = format!("{} in {}", role.name, group.name);
        if !now.is_empty() && !now.has(AccountPrivilege::View) {
            let error = ErrorCode::ViewRequired;
            return rejected(Failed { what, field: Some("privilege"), error });
        }
        let before = self.rules.role(r).map_or(AccountPrivileges::NONE, |role| role.in_group(g));
        let entry = |before| {
            self.entry(AuditEvent::GroupPrivilegesSet { role: role.name, group: group.name, now, before })
        };
        let mut refused = self.authorize(PolicyChange::Cell(g, r, now)).err();
        if refused.is_none() && !before.without(now).is_empty() {
            refused = self.authorize_stripping(conn, |roles| roles.contains(&r)).await?;
        }
        if let Some(why) = refused {
            return self.refuse(conn, entry(before), what, why).await;
        }
        // `self.rules` are from before the batch; the audit entry needs the value that is really replaced.
        let before = store::roles::set_cell(conn, g, r, now).await?;
        if now == before { unchanged() } else { self.record(conn, entry(before)).await }
    }

    pub(super) async fn set_system(&self, conn: &mut Tx<'_>, id: RoleId, now: SystemPrivileges) -> Done {
        let Some(role) = store::roles::get(conn, id).await? else { return gone(GoneKind::Role) };
        let before = self.rules.role(id).map_or(SystemPrivileges::NONE, |role| role.system);
        let entry =
            |before| self.entry(AuditEvent::SystemPrivilegesSet { role: role.name.clone(), now, before });
        let mut refused = self.authorize(PolicyChange::System(id, now)).err();
        if refused.is_none() && !before.without(now).is_empty() {
            refused = self.authorize_stripping(conn, |roles| roles.contains(&id)).await?;
        }
        if let Some(why) = refused {
            return self.refuse(conn, entry(before), role.name.clone(), why).await;
        }
        let before = store::roles::set_system(conn, id, now).await?;
        if now == before { unchanged() } else { self.record(conn, entry(before)).await }
    }

    pub(super) async fn give(&self, conn: &mut Tx<'_>, who: &UserRef, id: RoleId) -> Done {
        let Some(role) = store::roles::get(conn, id).await? else { return gone(GoneKind::Role) };
        let Some(user) = self.person(conn, who, true).await? else { return gone(GoneKind::Person) };
        let entry = self.entry(AuditEvent::RoleGiven { role: role.name, person: user.email.clone() });
        if let Err(why) = self.authorize(PolicyChange::Give(subject(&user), id)) {
            return self.refuse(conn, entry, user.email.to_string(), why).await;
        }
        if !store::roles::give(conn, id, user.id).await? {
            return unchanged();
        }
        self.record(conn, entry).await
    }

    pub(super) async fn take(&self, conn: &mut Tx<'_>, who: &UserRef, id: RoleId) -> Done {
        let Some(role) = store::roles::get(conn, id).await? else { return gone(GoneKind::Role) };
        let Some(user) = self.person(conn, who, false).await? else { return gone(GoneKind::Person) };
        let entry = self.entry(AuditEvent::RoleTaken { role: role.name, person: user.email.clone() });
        if let Err(why) = self.authorize(PolicyChange::Take(subject(&user), id)) {
            return self.refuse(conn, entry, user.email.to_string(), why).await;
        }
        if store::roles::take(conn, id, user.id).await? {
            return self.record(conn, entry).await;
        }
        if self.rules.roles_of(user.id).contains(&id) {
            let error = ErrorCode::RoleFromProvider;
            return rejected(Failed { what: user.email.to_string(), field: None, error });
        }
        unchanged()
    }

    async fn person(
        &self,
        conn: &mut Conn<'_>,
        who: &UserRef,
        add: bool,
    ) -> Result<Option<User>, StoreError> {
        match who {
            UserRef::Id(id) => store::users::by_id(conn, *id).await,
            UserRef::Email(email) if add => store::users::named(conn, email, self.at).await.map(Some),
            UserRef::Email(email) => store::users::by_email(conn, email).await,
        }
    }
}

async fn group_and_role(
    conn: &mut Conn<'_>,
    group: GroupId,
    role: RoleId,
) -> Result<Option<(Group, Role)>, StoreError> {
    let group = store::groups::get(conn, group).await?;
    let role = store::roles::get(conn, role).await?;
    Ok(group.zip(role))
}

fn subject(user: &User) -> Subject {
    Subject { id: user.id, admin: user.admin }
}

/// Validates a name for this role; no other role may have it.
async fn name_for(conn: &mut Conn<'_>, id: RoleId, name: &str) -> Result<Result<String, Failed>, StoreError> {
    let name = match checked(name) {
        Ok(name) => name,
        Err(failed) => return Ok(Err(failed)),
    };
    let other = store::roles::by_name(conn, &name).await?.is_some_and(|other| other.id != id);
    Ok(if other { Err(taken(&name, NameKind::Role)) } else { Ok(name) })
}
