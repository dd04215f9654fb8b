//! The rows of all tables that give access.

use std::collections::HashMap;

use super::Foreign;
use crate::domain::audit::ForeignRow;
use crate::domain::{Email, GroupId, RoleId, UserId};
use crate::store::access_proof::AccessRow;
use crate::store::conn::{all, execute};
use crate::store::{Conn, StoreError, groups, roles, users};

pub(super) struct Stored {
    key: Key,
    proof: Option<String>,
}

enum Key {
    Administrator(UserId, Email),
    Identity(String, String, UserId),
    RoleMember(RoleId, UserId, String),
    GroupPrivilege(GroupId, RoleId, String),
    SystemPrivilege(RoleId, String),
}

/// All of them.
pub(super) async fn read(conn: &mut Conn<'_>) -> Result<Vec<Stored>, StoreError> {
    let mut found = Vec::new();
    let mut add = |key, proof| found.push(Stored { key, proof });
    let rows = all!(
        conn,
        (UserId, Email, Option<String>),
        "select id, email, admin_proof from users where admin = true"
    )?;
    rows.into_iter().for_each(|(id, email, proof)| add(Key::Administrator(id, email), proof));
    let rows = all!(
        conn,
        (String, String, UserId, Option<String>),
        "select issuer, subject, user_id, proof from identities"
    )?;
    rows.into_iter()
        .for_each(|(issuer, subject, user, proof)| add(Key::Identity(issuer, subject, user), proof));
    let rows = all!(
        conn,
        (RoleId, UserId, String, Option<String>),
        "select role_id, user_id, source, proof from role_members"
    )?;
    rows.into_iter().for_each(|(role, user, source, proof)| add(Key::RoleMember(role, user, source), proof));
    let rows = all!(
        conn,
        (GroupId, RoleId, String, Option<String>),
        "select group_id, role_id, privilege, proof from group_role_privileges"
    )?;
    rows.into_iter()
        .for_each(|(group, role, name, proof)| add(Key::GroupPrivilege(group, role, name), proof));
    let rows = all!(
        conn,
        (RoleId, String, Option<String>),
        "select role_id, privilege, proof from role_system_privileges"
    )?;
    rows.into_iter().for_each(|(role, name, proof)| add(Key::SystemPrivilege(role, name), proof));
    Ok(found)
}

impl Stored {
    fn row(&self) -> AccessRow<'_> {
        match &self.key {
            Key::Administrator(user, email) => AccessRow::Administrator(*user, email),
            Key::Identity(issuer, subject, user) => AccessRow::Identity(issuer, subject, *user),
            Key::RoleMember(role, user, source) => AccessRow::RoleMember(*role, *user, source),
            Key::GroupPrivilege(group, role, name) => AccessRow::GroupPrivilege(*group, *role, name),
            Key::SystemPrivilege(role, name) => AccessRow::SystemPrivilege(*role, name),
        }
    }

    pub(super) fn is_proven(&self, conn: &Conn<'_>) -> bool {
        conn.is_proven(self.row(), self.proof.as_deref())
    }

    pub(super) async fn prove(&self, conn: &mut Conn<'_>) -> Result<(), StoreError> {
        let proof = conn.prove(self.row())?;
        let proof = proof.as_deref();
        match &self.key {
            Key::Administrator(user, _) => {
                execute!(conn, "update users set admin_proof = $2 where id = $1", *user, proof)
            }
            Key::Identity(issuer, subject, _) => execute!(
                conn,
                "update identities set proof = $3 where issuer = $1 and subject = $2",
                issuer.as_str(),
                subject.as_str(),
                proof
            ),
            Key::RoleMember(role, user, source) => execute!(
                conn,
                "update role_members set proof = $4 where role_id = $1 and user_id = $2 and source = $3",
                *role,
                *user,
                source.as_str(),
                proof
            ),
            Key::GroupPrivilege(group, role, name) => execute!(
                conn,
                "update group_role_privileges set proof = $4
                 where group_id = $1 and role_id = $2 and privilege = $3",
                *group,
                *role,
                name.as_str(),
                proof
            ),
            Key::SystemPrivilege(role, name) => execute!(
                conn,
                "update role_system_privileges set proof = $3 where role_id = $1 and privilege = $2",
                *role,
                name.as_str(),
                proof
            ),
        }
        .map(drop)
    }

    pub(super) async fn remove(&self, conn: &mut Conn<'_>) -> Result<(), StoreError> {
        match &self.key {
            Key::Administrator(user, _) => {
                execute!(conn, "update users set admin = false, admin_proof = null where id = $1", *user)
            }
            Key::Identity(issuer, subject, _) => execute!(
                conn,
                "delete from identities where issuer = $1 and subject = $2",
                issuer.as_str(),
                subject.as_str()
            ),
            Key::RoleMember(role, user, source) => execute!(
                conn,
                "delete from role_members where role_id = $1 and user_id = $2 and source = $3",
                *role,
                *user,
                source.as_str()
            ),
            Key::GroupPrivilege(group, role, name) => execute!(
                conn,
                "delete from group_role_privileges where group_id = $1 and role_id = $2 and privilege = $3",
                *group,
                *role,
                name.as_str()
            ),
            Key::SystemPrivilege(role, name) => execute!(
                conn,
                "delete from role_system_privileges where role_id = $1 and privilege = $2",
                *role,
                name.as_str()
            ),
        }
        .map(drop)
    }

    pub(super) fn named(&self, names: &Names) -> Foreign {
        let (row, what) = match &self.key {
            Key::Administrator(_, email) => (ForeignRow::Administrator, email.to_string()),
            Key::Identity(issuer, subject, user) => {
                (ForeignRow::Identity, format!("{} ({subject} of {issuer})", names.person(*user)))
            }
            Key::RoleMember(role, user, _) => {
                (ForeignRow::RoleMember, format!("{} in “{}”", names.person(*user), names.role(*role)))
            }
            Key::GroupPrivilege(group, role, name) => {
                let (role, group) = (names.role(*role), names.group(*group));
                (ForeignRow::GroupPrivilege, format!("{name} for role “{role}” in group “{group}”"))
            }
            Key::SystemPrivilege(role, name) => {
                (ForeignRow::SystemPrivilege, format!("{name} for role “{}”", names.role(*role)))
            }
        };
        Foreign { row, what }
    }
}

/// The names of people, roles and groups; the id of one that has no name.
pub(super) struct Names {
    people: HashMap<UserId, Email>,
    roles: HashMap<RoleId, String>,
    groups: HashMap<GroupId, String>,
}

impl Names {
    pub(super) async fn read(conn: &mut Conn<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            people: users::addresses(conn).await?,
            roles: roles::all(conn).await?.into_iter().map(|role| (role.id, role.name)).collect(),
            groups: groups::all(conn).await?.into_iter().map(|group| (group.id, group.name)).collect(),
        })
    }

    pub(super) fn person(&self, id: UserId) -> String {
        self.people.get(&id).map_or_else(|| id.to_string(), ToString::to_string)
    }

    fn role(&self, id: RoleId) -> String {
        self.roles.get(&id).cloned().unwrap_or_else(|| id.to_string())
    }

    fn group(&self, id: GroupId) -> String {
        self.groups.get(&id).cloned().unwrap_or_else(|| id.to_string())
    }
}
