//! Roles and their members. Each membership has a source, so that the identity provider only takes away roles that it has
//! given, and none that was given on a page.

mod provider;

use super::access_proof::AccessRow;
use super::conn::{all, execute, first};
use super::{Conn, StoreError};
use crate::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivilege, SystemPrivileges};
use crate::domain::{Email, GroupId, RoleId, UserId, name};

pub use provider::{
    count_unmatched, from_provider, of_person_by_source, people_from_provider, set_from_provider,
};

/// The source of roles given by the identity provider.
const PROVIDER: &str = "provider";
/// The source of roles given on a page.
const PAGE: &str = "page";

#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Role {
    pub id: RoleId,
    /// Its name, as entered.
    pub name: String,
}

/// Every role, by name.
pub async fn all(conn: &mut Conn<'_>) -> Result<Vec<Role>, StoreError> {
    all!(conn, Role, "select id, name from roles order by name_folded")
}

/// How many people have each role.
pub async fn sizes(conn: &mut Conn<'_>) -> Result<Vec<(RoleId, i64)>, StoreError> {
    all!(conn, (RoleId, i64), "select role_id, count(distinct user_id) from role_members group by role_id")
}

/// Every role with the addresses of the people to whom it was given on a page, sorted by address.
pub async fn given(conn: &mut Conn<'_>) -> Result<Vec<(RoleId, Email)>, StoreError> {
    all!(
        conn,
        (RoleId, Email),
        "select role_id, email from role_members join users on users.id = user_id where source = $1 order by email",
        PAGE
    )
}

pub async fn get(conn: &mut Conn<'_>, id: RoleId) -> Result<Option<Role>, StoreError> {
    first!(conn, Role, "select id, name from roles where id = $1", id)
}

pub async fn by_name(conn: &mut Conn<'_>, name: &str) -> Result<Option<Role>, StoreError> {
    first!(conn, Role, "select id, name from roles where name_folded = $1", name::fold(name))
}

/// [`StoreError::Missing`] if there is no such role.
pub async fn rename(conn: &mut Conn<'_>, id: RoleId, name: &str) -> Result<(), StoreError> {
    let folded = name::fold(name);
    found(execute!(conn, "update roles set name = $2, name_folded = $3 where id = $1", id, name, folded)?)
}

/// Deletes a role with its memberships and privileges.
pub async fn delete(conn: &mut Conn<'_>, id: RoleId) -> Result<(), StoreError> {
    found(execute!(conn, "delete from roles where id = $1", id)?)
}

/// Replaces a role's privileges for the accounts of a group, and returns the former ones. [`StoreError::Missing`] if
/// there is no such role or group.
pub async fn set_cell(
    conn: &mut Conn<'_>,
    group: GroupId,
    role: RoleId,
    set: AccountPrivileges,
) -> Result<AccountPrivileges, StoreError> {
    let before = all!(
        conn,
        (String,),
        "delete from group_role_privileges where group_id = $1 and role_id = $2 returning privilege",
        group,
        role
    )?;
    for privilege in set.iter() {
        let proof = conn.prove(AccessRow::GroupPrivilege(group, role, privilege.name()))?;
        execute!(
            conn,
            "insert into group_role_privileges (group_id, role_id, privilege, proof) values ($1, $2, $3, $4)",
            group,
            role,
            privilege.name(),
            proof.as_deref()
        )?;
    }
    Ok(before.iter().filter_map(|(name,)| AccountPrivilege::from_name(name)).collect())
}

/// Replaces a role's system privileges, and returns the former ones. [`StoreError::Missing`] if there is no such role.
pub async fn set_system(
    conn: &mut Conn<'_>,
    role: RoleId,
    set: SystemPrivileges,
) -> Result<SystemPrivileges, StoreError> {
    let before = all!(
        conn,
        (String,),
        "delete from role_system_privileges where role_id = $1 returning privilege",
        role
    )?;
    for privilege in set.iter() {
        let proof = conn.prove(AccessRow::SystemPrivilege(role, privilege.name()))?;
        execute!(
            conn,
            "insert into role_system_privileges (role_id, privilege, proof) values ($1, $2, $3)",
            role,
            privilege.name(),
            proof.as_deref()
        )?;
    }
    Ok(before.iter().filter_map(|(name,)| SystemPrivilege::from_name(name)).collect())
}

/// Gives a person a role with the source `page`. Returns whether they did not have it from there already.
pub async fn give(conn: &mut Conn<'_>, role: RoleId, user: UserId) -> Result<bool, StoreError> {
    add_member(conn, role, user, PAGE).await
}

/// Takes a role with the source `page` from a person. Returns whether they had it from there; a membership from the
/// identity provider stays.
pub async fn take(conn: &mut Conn<'_>, role: RoleId, user: UserId) -> Result<bool, StoreError> {
    let taken = execute!(
        conn,
        "delete from role_members where role_id = $1 and user_id = $2 and source = $3",
        role,
        user,
        PAGE
    )?;
    Ok(taken > 0)
}

/// A person who has a role.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Member {
    pub id: UserId,
    pub email: Email,
    /// Whether this person is blocked.
    pub disabled: bool,
    /// Whether it was given on a page.
    pub by_page: bool,
    /// Whether the identity provider gave it.
    pub by_provider: bool,
}

/// The people who have a role and whose address is after `after`, sorted by address.
pub async fn members(
    conn: &mut Conn<'_>,
    role: RoleId,
    after: &str,
    limit: u32,
) -> Result<Vec<Member>, StoreError> {
    all!(
        conn,
        Member,
        "select id, email, disabled,
         exists (select 1 from role_members m where m.role_id = $1 and m.user_id = users.id and m.source = 'page')
         as by_page,
         exists (select 1 from role_members m where m.role_id = $1 and m.user_id = users.id and m.source <> 'page')
         as by_provider
         from users
         where email > $2 and id in (select user_id from role_members where role_id = $1) order by email limit $3",
        role,
        after,
        i64::from(limit)
    )
}

/// The roles of a person, and whether each was given on a page and by the identity provider.
pub async fn of_user(
    conn: &mut Conn<'_>,
    user: UserId,
) -> Result<Vec<(RoleId, String, bool, bool)>, StoreError> {
    all!(
        conn,
        (RoleId, String, bool, bool),
        "select id, name,
         exists (select 1 from role_members m where m.role_id = roles.id and m.user_id = $1 and m.source = 'page'),
         exists (select 1 from role_members m where m.role_id = roles.id and m.user_id = $1 and m.source <> 'page')
         from roles where id in (select role_id from role_members where user_id = $1) order by name_folded",
        user
    )
}

fn found(touched: u64) -> Result<(), StoreError> {
    if touched == 0 { Err(StoreError::Missing) } else { Ok(()) }
}

/// Adds a role. If the name is taken, [`unique`](super::unique) returns `roles.name_folded`.
pub async fn insert(conn: &mut Conn<'_>, id: RoleId, name: &str) -> Result<(), StoreError> {
    execute!(
        conn,
        "insert into roles (id, name, name_folded) values ($1, $2, $3)",
        id,
        name,
        name::fold(name)
    )?;
    Ok(())
}

/// The names of a person's roles from all sources, sorted.
pub async fn of_person(conn: &mut Conn<'_>, user: UserId) -> Result<Vec<String>, StoreError> {
    let rows = all!(
        conn,
        (String, String),
        "select distinct name, name_folded from roles join role_members on role_id = id where user_id = $1
         order by name_folded",
        user
    )?;
    Ok(rows.into_iter().map(|(name, _)| name).collect())
}

/// Puts a person into a role. Returns whether they were not in it from there already.
async fn add_member(
    conn: &mut Conn<'_>,
    role: RoleId,
    user: UserId,
    source: &str,
) -> Result<bool, StoreError> {
    let proof = conn.prove(AccessRow::RoleMember(role, user, source))?;
    let added = execute!(
        conn,
        "insert into role_members (role_id, user_id, source, proof) values ($1, $2, $3, $4) on conflict do nothing",
        role,
        user,
        source,
        proof.as_deref()
    )?;
    Ok(added > 0)
}
