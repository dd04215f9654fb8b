//! Roles, and who has them. Each membership says where it comes from: what the identity provider puts a person into, it
//! also takes away, and nothing that was arranged on a page.

use super::access_proof::AccessRow;
use super::conn::{all, execute, first};
use super::{Conn, StoreError};
use crate::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivilege, SystemPrivileges};
use crate::domain::{Email, GroupId, RoleId, UserId, name};

/// The source of what the identity provider says.
const PROVIDER: &str = "provider";
/// The source of what people arrange.
const PAGE: &str = "page";

/// A role.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Role {
    /// Its id.
    pub id: RoleId,
    /// Its name, as typed.
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

/// Every role with the addresses of the people to whom it was given on a page, by address.
pub async fn given(conn: &mut Conn<'_>) -> Result<Vec<(RoleId, Email)>, StoreError> {
    all!(
        conn,
        (RoleId, Email),
        "select role_id, email from role_members join users on users.id = user_id where source = $1 order by email",
        PAGE
    )
}

/// The role of that id.
pub async fn get(conn: &mut Conn<'_>, id: RoleId) -> Result<Option<Role>, StoreError> {
    first!(conn, Role, "select id, name from roles where id = $1", id)
}

/// The role of that name.
pub async fn by_name(conn: &mut Conn<'_>, name: &str) -> Result<Option<Role>, StoreError> {
    first!(conn, Role, "select id, name from roles where name_folded = $1", name::fold(name))
}

/// Gives a role another name. [`StoreError::Missing`] if there is no such role.
pub async fn rename(conn: &mut Conn<'_>, id: RoleId, name: &str) -> Result<(), StoreError> {
    let folded = name::fold(name);
    found(execute!(conn, "update roles set name = $2, name_folded = $3 where id = $1", id, name, folded)?)
}

/// Deletes a role, and with it all that it gave.
pub async fn delete(conn: &mut Conn<'_>, id: RoleId) -> Result<(), StoreError> {
    found(execute!(conn, "delete from roles where id = $1", id)?)
}

/// Sets what a role may do with the accounts of a group, as a whole, and says what it was. [`StoreError::Missing`] if
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

/// Sets what a role may do with the system, as a whole, and says what it was. [`StoreError::Missing`] if there is no
/// such role.
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

/// Gives a person a role from the pages. Returns whether they did not have it from there already.
pub async fn give(conn: &mut Conn<'_>, role: RoleId, user: UserId) -> Result<bool, StoreError> {
    add_member(conn, role, user, PAGE).await
}

/// Takes a role that was given on the pages from a person. Returns whether they had it from there; what the identity provider
/// gives stays.
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
    /// Who.
    pub id: UserId,
    /// The address.
    pub email: Email,
    /// Whether this person may not sign in.
    pub disabled: bool,
    /// Whether it was given on the pages.
    pub by_page: bool,
    /// Whether the identity provider says so.
    pub by_provider: bool,
}

/// The people who have a role, from one address on, by address.
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

/// The roles of a person, with where they come from: the pages, and the identity provider.
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

/// Adds a role. [`unique`](super::unique) says `roles.name_folded` if there is one of that name.
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

/// The names of the roles that a person has, wherever from, in their order.
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

/// The roles of a person, and whether the identity provider gives each of them.
pub async fn of_person_by_source(
    conn: &mut Conn<'_>,
    user: UserId,
) -> Result<Vec<(RoleId, String, bool)>, StoreError> {
    let rows = all!(
        conn,
        (RoleId, String, String),
        "select roles.id, name, source from roles join role_members on role_id = roles.id where user_id = $1
         order by name_folded, source",
        user
    )?;
    Ok(rows.into_iter().map(|(id, name, source)| (id, name, source == PROVIDER)).collect())
}

/// The names of the roles that a person has from the identity provider, in their order.
pub async fn from_provider(conn: &mut Conn<'_>, user: UserId) -> Result<Vec<String>, StoreError> {
    let rows = all!(
        conn,
        (String,),
        "select name from roles join role_members on role_id = id where user_id = $1 and source = $2
         order by name_folded",
        user,
        PROVIDER
    )?;
    Ok(rows.into_iter().map(|(name,)| name).collect())
}

/// How many of these groups have no role of their name.
pub async fn count_unmatched(conn: &mut Conn<'_>, groups: &[String]) -> Result<usize, StoreError> {
    let named = all!(conn, (String,), "select name_folded from roles")?;
    let has_role = |group: &&String| named.iter().any(|(name,)| is_role_of(group, name));
    Ok(groups.iter().filter(|group| !has_role(group)).count())
}

/// Whether a group gives the role of this folded name. Keycloak writes the path of a group, with a slash before it.
fn is_role_of(group: &str, name_folded: &str) -> bool {
    let folded = name::fold(group);
    folded == name_folded || folded.strip_prefix('/') == Some(name_folded)
}

/// Gives a person the roles with the names of their groups at the identity provider, and takes away those that they had
/// from it before. A group without a role of its name means nothing here. Returns whether anything changed.
pub async fn set_from_provider(
    conn: &mut Conn<'_>,
    user: UserId,
    groups: &[String],
) -> Result<bool, StoreError> {
    let named = all!(conn, (RoleId, String), "select id, name_folded from roles order by id")?;
    let mut wanted: Vec<RoleId> = Vec::new();
    for (role, name) in named {
        if groups.iter().any(|group| is_role_of(group, &name)) {
            wanted.push(role);
        }
    }
    let had = all!(
        conn,
        (RoleId,),
        "select role_id from role_members where user_id = $1 and source = $2 order by role_id",
        user,
        PROVIDER
    )?;
    let had: Vec<RoleId> = had.into_iter().map(|(role,)| role).collect();
    for role in had.iter().filter(|role| !wanted.contains(role)) {
        execute!(
            conn,
            "delete from role_members where role_id = $1 and user_id = $2 and source = $3",
            *role,
            user,
            PROVIDER
        )?;
    }
    for role in wanted.iter().filter(|role| !had.contains(role)) {
        add_member(conn, *role, user, PROVIDER).await?;
    }
    Ok(had != wanted)
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
