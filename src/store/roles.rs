//! Roles, and who has them. Each membership says where it comes from: what the identity provider puts a person into, it
//! also takes him out of, and nothing that was arranged on a page.

use super::conn::{all, execute};
use super::{Conn, StoreError};
use crate::domain::{RoleId, UserId};

/// The source of what the identity provider says.
const PROVIDER: &str = "provider";

/// Adds a role. [`unique`](super::unique) says `roles.name_folded` if there is one of that name.
pub async fn insert(conn: &mut Conn<'_>, id: RoleId, name: &str) -> Result<(), StoreError> {
    execute!(
        conn,
        "insert into roles (id, name, name_folded) values ($1, $2, $3)",
        id,
        name,
        name.to_lowercase()
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

/// Gives a person the roles that are called as the groups are which his provider puts him into, and takes those away
/// that he had from it before. A group without a role of its name means nothing here. Says whether anything changed.
pub async fn set_from_provider(
    conn: &mut Conn<'_>,
    user: UserId,
    groups: &[String],
) -> Result<bool, StoreError> {
    let named = all!(conn, (RoleId, String), "select id, name_folded from roles order by id")?;
    let mut wanted: Vec<RoleId> = Vec::new();
    for (role, name) in named {
        if groups.iter().any(|group| group.to_lowercase() == name) {
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
        execute!(
            conn,
            "insert into role_members (role_id, user_id, source) values ($1, $2, $3)",
            *role,
            user,
            PROVIDER
        )?;
    }
    Ok(had != wanted)
}
