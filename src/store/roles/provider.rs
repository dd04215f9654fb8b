//! Roles that the identity provider gives by its groups.

use super::{PROVIDER, add_member};
use crate::domain::{RoleId, UserId, name};
use crate::store::conn::{all, execute};
use crate::store::{Conn, StoreError};

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

/// The people who have a role from the identity provider only.
pub async fn people_from_provider(conn: &mut Conn<'_>, role: RoleId) -> Result<Vec<UserId>, StoreError> {
    let rows = all!(
        conn,
        (UserId,),
        "select user_id from role_members given where role_id = $1 and source = $2
         and not exists (select 1 from role_members other
           where other.role_id = given.role_id and other.user_id = given.user_id and other.source <> $2)",
        role,
        PROVIDER
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
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

/// Gives a person the roles named like their groups at the identity provider, and takes away the other roles that it gave
/// them before. Groups without a role of the same name are ignored. Returns whether anything changed.
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
