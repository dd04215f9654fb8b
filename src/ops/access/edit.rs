//! One edit: what it needs, what it writes, and what it leaves in the trail.

use std::collections::HashMap;

use super::{Failed, refused};
use crate::domain::access::{
    AccessRules, Actor, Change, Escalation, Moved, Subject, permit_change, privileges,
};
use crate::domain::audit::{AccessEvent, AuditEntry, AuditEvent};
use crate::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivileges};
use crate::domain::{Account, AccountId, Email, GroupId, Millis, RoleId, UserId};
use crate::keys::Keys;
use crate::ops::OpError;
use crate::store::groups::Group;
use crate::store::roles::Role;
use crate::store::users::User;
use crate::store::{self, Conn, StoreError};

/// Characters that the name of a role or a group may have.
pub const MAX_NAME: usize = 60;

/// Who is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// The person of this id.
    Id(UserId),
    /// The person of this address, who need not have been here yet.
    Email(Email),
}

/// One thing to be arranged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Make a role of this new id and name.
    AddRole(RoleId, String),
    /// Call a role otherwise.
    RenameRole(RoleId, String),
    /// Delete a role.
    DeleteRole(RoleId),
    /// Let a role do this with the accounts of a group.
    Cell(GroupId, RoleId, AccountPrivileges),
    /// Let a role do this with the system.
    System(RoleId, SystemPrivileges),
    /// Give a person a role.
    Give(Who, RoleId),
    /// Take a role from a person.
    Take(Who, RoleId),
    /// Make a group of this new id and name.
    AddGroup(GroupId, String),
    /// Call a group otherwise.
    RenameGroup(GroupId, String),
    /// Delete a group.
    DeleteGroup(GroupId),
    /// Put an account into a group.
    PutIn(AccountId, GroupId),
    /// Take an account out of a group.
    TakeOut(AccountId, GroupId),
}

impl Edit {
    /// Whether it gives people what roles may do in a group, so that earlier edits of that count for it. The others are
    /// judged alike by the rules from before the batch: whoever acts can't change what he has himself.
    pub(super) const fn gives_what_cells_say(&self) -> bool {
        matches!(self, Self::PutIn(..))
    }
}

/// Where edits are made: by whom, by which rules, when.
pub(super) struct Desk<'a> {
    pub actor: &'a Actor,
    pub rules: &'a AccessRules,
    pub at: Millis,
    pub keys: &'a Keys,
}

/// An edit that is done, or one that is refused.
type Done = Result<Result<(), Failed>, OpError>;

impl Desk<'_> {
    /// Makes one edit. What moves an account is noted in `moved`.
    pub(super) async fn make(
        &self,
        conn: &mut Conn<'_>,
        edit: &Edit,
        moved: &mut HashMap<AccountId, Moved>,
    ) -> Done {
        match edit {
            Edit::AddRole(id, name) => self.add_role(conn, *id, name).await,
            Edit::RenameRole(role, name) => self.rename_role(conn, *role, name).await,
            Edit::DeleteRole(role) => self.delete_role(conn, *role).await,
            Edit::Cell(group, role, set) => self.set_cell(conn, *group, *role, *set).await,
            Edit::System(role, set) => self.set_system(conn, *role, *set).await,
            Edit::Give(who, role) => self.give(conn, who, *role).await,
            Edit::Take(who, role) => self.take(conn, who, *role).await,
            Edit::AddGroup(id, name) => self.add_group(conn, *id, name).await,
            Edit::RenameGroup(group, name) => self.rename_group(conn, *group, name).await,
            Edit::DeleteGroup(group) => self.delete_group(conn, *group, moved).await,
            Edit::PutIn(account, group) => self.put_in(conn, *account, *group, moved).await,
            Edit::TakeOut(account, group) => self.take_out(conn, *account, *group, moved).await,
        }
    }

    async fn add_role(&self, conn: &mut Conn<'_>, id: RoleId, name: &str) -> Done {
        let name = match checked(name) {
            Ok(name) => name,
            Err(failed) => return Ok(Err(failed)),
        };
        if store::roles::by_name(conn, name).await?.is_some() {
            return taken(name, "a role");
        }
        store::roles::insert(conn, id, name).await?;
        self.note(conn, AccessEvent::RoleAdded { role: name.to_owned() }).await
    }

    async fn rename_role(&self, conn: &mut Conn<'_>, id: RoleId, name: &str) -> Done {
        let Some(role) = store::roles::get(conn, id).await? else { return gone("This role") };
        let name = match checked(name) {
            Ok(name) => name,
            Err(failed) => return Ok(Err(failed)),
        };
        if name == role.name {
            return Ok(Ok(()));
        }
        if store::roles::by_name(conn, name).await?.is_some_and(|other| other.id != id) {
            return taken(name, "a role");
        }
        let event = AccessEvent::RoleRenamed { role: name.to_owned(), before: role.name.clone() };
        if let Err(why) = self.judge(Change::Rename(id)) {
            return self.refuse(conn, event, role.name, why).await;
        }
        store::roles::rename(conn, id, name).await?;
        self.note(conn, event).await
    }

    async fn delete_role(&self, conn: &mut Conn<'_>, id: RoleId) -> Done {
        let Some(role) = store::roles::get(conn, id).await? else { return gone("This role") };
        let event = AccessEvent::RoleDeleted { role: role.name.clone() };
        if let Err(why) = self.judge(Change::Delete(id)) {
            return self.refuse(conn, event, role.name, why).await;
        }
        store::roles::delete(conn, id).await?;
        self.note(conn, event).await
    }

    async fn set_cell(&self, conn: &mut Conn<'_>, g: GroupId, r: RoleId, now: AccountPrivileges) -> Done {
        let Some((group, role)) = group_and_role(conn, g, r).await? else {
            return gone("This group or role");
        };
        let what = format!("{} in {}", role.name, group.name);
        if !now.is_empty() && !now.has(AccountPrivilege::View) {
            let why = "Without view none of the others counts: tick view too, or nothing.".to_owned();
            return Ok(Err(Failed { what, field: Some("privilege"), why }));
        }
        let before = self.rules.role(r).map_or(AccountPrivileges::NONE, |role| role.in_group(g));
        let event = |before| AccessEvent::RoleOnGroup { role: role.name, group: group.name, now, before };
        if let Err(why) = self.judge(Change::Cell(g, r, now)) {
            return self.refuse(conn, event(before), what, why).await;
        }
        // The rules are those from before the batch; what is written down is what was replaced.
        let before = store::roles::set_cell(conn, g, r, now).await?;
        if now == before { Ok(Ok(())) } else { self.note(conn, event(before)).await }
    }

    async fn set_system(&self, conn: &mut Conn<'_>, id: RoleId, now: SystemPrivileges) -> Done {
        let Some(role) = store::roles::get(conn, id).await? else { return gone("This role") };
        let before = self.rules.role(id).map_or(SystemPrivileges::NONE, |role| role.system);
        let event = |before| AccessEvent::RoleOnSystem { role: role.name.clone(), now, before };
        if let Err(why) = self.judge(Change::System(id, now)) {
            return self.refuse(conn, event(before), role.name.clone(), why).await;
        }
        let before = store::roles::set_system(conn, id, now).await?;
        if now == before { Ok(Ok(())) } else { self.note(conn, event(before)).await }
    }

    async fn give(&self, conn: &mut Conn<'_>, who: &Who, id: RoleId) -> Done {
        let Some(role) = store::roles::get(conn, id).await? else { return gone("This role") };
        let Some(user) = self.person(conn, who, true).await? else { return gone("This person") };
        let event = AccessEvent::RoleGiven { role: role.name, person: user.email.clone() };
        if let Err(why) = self.judge(Change::Give(subject(&user), id)) {
            return self.refuse(conn, event, user.email.to_string(), why).await;
        }
        if !store::roles::give(conn, id, user.id).await? {
            return Ok(Ok(()));
        }
        self.note(conn, event).await
    }

    async fn take(&self, conn: &mut Conn<'_>, who: &Who, id: RoleId) -> Done {
        let Some(role) = store::roles::get(conn, id).await? else { return gone("This role") };
        let Some(user) = self.person(conn, who, false).await? else { return gone("This person") };
        let event = AccessEvent::RoleTaken { role: role.name, person: user.email.clone() };
        if let Err(why) = self.judge(Change::Take(subject(&user), id)) {
            return self.refuse(conn, event, user.email.to_string(), why).await;
        }
        if store::roles::take(conn, id, user.id).await? {
            return self.note(conn, event).await;
        }
        if self.rules.roles_of(user.id).contains(&id) {
            let why =
                "The identity provider gives this role; take the person out of its group there.".to_owned();
            return Ok(Err(Failed { what: user.email.to_string(), field: None, why }));
        }
        Ok(Ok(()))
    }

    async fn add_group(&self, conn: &mut Conn<'_>, id: GroupId, name: &str) -> Done {
        let name = match checked(name) {
            Ok(name) => name,
            Err(failed) => return Ok(Err(failed)),
        };
        if store::groups::by_name(conn, name).await?.is_some() {
            return taken(name, "a group");
        }
        store::groups::insert(conn, id, name).await?;
        self.note(conn, AccessEvent::GroupAdded { group: name.to_owned() }).await
    }

    async fn rename_group(&self, conn: &mut Conn<'_>, id: GroupId, name: &str) -> Done {
        let Some(group) = store::groups::get(conn, id).await? else { return gone("This group") };
        let name = match checked(name) {
            Ok(name) => name,
            Err(failed) => return Ok(Err(failed)),
        };
        if name == group.name {
            return Ok(Ok(()));
        }
        if store::groups::by_name(conn, name).await?.is_some_and(|other| other.id != id) {
            return taken(name, "a group");
        }
        store::groups::rename(conn, id, name).await?;
        self.note(conn, AccessEvent::GroupRenamed { group: name.to_owned(), before: group.name }).await
    }

    async fn delete_group(
        &self,
        conn: &mut Conn<'_>,
        id: GroupId,
        moved: &mut HashMap<AccountId, Moved>,
    ) -> Done {
        let Some(group) = store::groups::get(conn, id).await? else { return gone("This group") };
        let event = AccessEvent::GroupDeleted { group: group.name.clone() };
        if let Err(why) = self.judge_leaving(conn, id).await? {
            return self.refuse(conn, event, group.name, why).await;
        }
        for account in store::accounts::all(conn).await? {
            if account.groups.contains(&id) {
                let groups = account.groups.iter().copied().filter(|group| *group != id).collect();
                note_move(moved, &account, groups);
            }
        }
        store::groups::delete(conn, id).await?;
        self.note(conn, event).await
    }

    async fn put_in(
        &self,
        conn: &mut Conn<'_>,
        id: AccountId,
        g: GroupId,
        moved: &mut HashMap<AccountId, Moved>,
    ) -> Done {
        let Some(group) = store::groups::get(conn, g).await? else { return gone("This group") };
        let Some(account) = self.visible(conn, id).await? else { return gone("This account") };
        if account.groups.contains(&g) {
            return Ok(Ok(()));
        }
        let event = AccessEvent::AccountJoined { group: group.name };
        if let Err(why) = self.judge(Change::Join(&account, g)) {
            let entry = self.entry(event).about(id);
            store::audit::append(conn, self.keys, &refused(&entry, &why)).await?;
            return Ok(Err(Failed { what: account.phone.to_string(), field: None, why: why.to_string() }));
        }
        store::groups::put_in(conn, g, id).await?;
        note_move(moved, &account, account.groups.iter().copied().chain([g]).collect());
        self.note_about(conn, event, id).await
    }

    async fn take_out(
        &self,
        conn: &mut Conn<'_>,
        id: AccountId,
        g: GroupId,
        moved: &mut HashMap<AccountId, Moved>,
    ) -> Done {
        let Some(group) = store::groups::get(conn, g).await? else { return gone("This group") };
        let Some(account) = self.visible(conn, id).await? else { return gone("This account") };
        let event = AccessEvent::AccountLeft { group: group.name };
        if !account.groups.contains(&g) {
            return Ok(Ok(()));
        }
        if let Err(why) = self.judge_leaving(conn, g).await? {
            let entry = self.entry(event).about(id);
            store::audit::append(conn, self.keys, &refused(&entry, &why)).await?;
            return Ok(Err(Failed { what: account.phone.to_string(), field: None, why: why.to_string() }));
        }
        store::groups::take_out(conn, g, id).await?;
        note_move(moved, &account, account.groups.iter().copied().filter(|group| *group != g).collect());
        self.note_about(conn, event, id).await
    }

    fn judge(&self, change: Change<'_>) -> Result<(), Escalation> {
        permit_change(self.rules, self.actor, change)
    }

    /// Whether accounts may leave a group: where their secrets need a second person's approval, that ends with it.
    async fn judge_leaving(
        &self,
        conn: &mut Conn<'_>,
        group: GroupId,
    ) -> Result<Result<(), Escalation>, StoreError> {
        let protected = store::groups::needing_approval(conn).await?.contains(&group);
        Ok(if protected { self.judge(Change::NoApproval) } else { Ok(()) })
    }

    /// An account that the actor may see; any other is for him as if it did not exist.
    async fn visible(&self, conn: &mut Conn<'_>, id: AccountId) -> Result<Option<Account>, OpError> {
        let found = store::accounts::get(conn, id).await?;
        Ok(found.filter(|account| privileges(self.rules, self.actor, account).has(AccountPrivilege::View)))
    }

    async fn person(&self, conn: &mut Conn<'_>, who: &Who, add: bool) -> Result<Option<User>, StoreError> {
        match who {
            Who::Id(id) => store::users::by_id(conn, *id).await,
            Who::Email(email) if add => store::users::named(conn, email, self.at).await.map(Some),
            Who::Email(email) => store::users::by_email(conn, email).await,
        }
    }

    fn entry(&self, event: AccessEvent) -> AuditEntry {
        AuditEntry::done(self.at, self.actor, AuditEvent::Access(event))
    }

    async fn note(&self, conn: &mut Conn<'_>, event: AccessEvent) -> Done {
        store::audit::append(conn, self.keys, &self.entry(event)).await?;
        Ok(Ok(()))
    }

    async fn note_about(&self, conn: &mut Conn<'_>, event: AccessEvent, account: AccountId) -> Done {
        store::audit::append(conn, self.keys, &self.entry(event).about(account)).await?;
        Ok(Ok(()))
    }

    /// That somebody reached for more than he has is written down, too.
    async fn refuse(&self, conn: &mut Conn<'_>, event: AccessEvent, what: String, why: Escalation) -> Done {
        store::audit::append(conn, self.keys, &refused(&self.entry(event), &why)).await?;
        Ok(Err(Failed { what, field: None, why: why.to_string() }))
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

fn note_move(moved: &mut HashMap<AccountId, Moved>, before: &Account, groups: Vec<GroupId>) {
    let entry = moved.entry(before.id).or_insert_with(|| (before.clone(), before.clone()));
    entry.1.groups = groups;
}

/// A name that a role or a group may have, without spaces around it.
fn checked(name: &str) -> Result<&str, Failed> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(|c| c.is_control() || c == ',')
    {
        let why = format!("A name has 1 to {MAX_NAME} characters, without commas and control characters.");
        return Err(Failed { what: name.to_owned(), field: Some("name"), why });
    }
    Ok(name)
}

fn taken(name: &str, kind: &str) -> Done {
    let why = format!("There is {kind} of this name already.");
    Ok(Err(Failed { what: name.to_owned(), field: Some("name"), why }))
}

fn gone(what: &str) -> Done {
    let why = "It is not there any more.".to_owned();
    Ok(Err(Failed { what: what.to_owned(), field: None, why }))
}
