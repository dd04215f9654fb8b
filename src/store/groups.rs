//! Groups of accounts. Names are case-insensitive.

use super::conn::{all, execute, first, one};
use super::{Conn, StoreError};
use crate::domain::{AccountId, GroupId, name};

/// A group of accounts.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Group {
    pub id: GroupId,
    /// Its name, as entered.
    pub name: String,
}

/// Adds a group. If the name is taken, [`unique`](super::unique) returns `account_groups.name_folded`.
pub async fn insert(conn: &mut Conn<'_>, id: GroupId, name: &str) -> Result<(), StoreError> {
    execute!(
        conn,
        "insert into account_groups (id, name, name_folded) values ($1, $2, $3)",
        id,
        name,
        name::fold(name)
    )?;
    Ok(())
}

/// Every group, by name.
pub async fn all(conn: &mut Conn<'_>) -> Result<Vec<Group>, StoreError> {
    all!(conn, Group, "select id, name from account_groups order by name_folded")
}

pub async fn get(conn: &mut Conn<'_>, id: GroupId) -> Result<Option<Group>, StoreError> {
    first!(conn, Group, "select id, name from account_groups where id = $1", id)
}

pub async fn by_name(conn: &mut Conn<'_>, name: &str) -> Result<Option<Group>, StoreError> {
    first!(conn, Group, "select id, name from account_groups where name_folded = $1", name::fold(name))
}

/// Adds an account to a group. Returns whether it was not in it already; [`StoreError::Missing`] if one of them does not
/// exist.
pub async fn put_in(conn: &mut Conn<'_>, id: GroupId, account: AccountId) -> Result<bool, StoreError> {
    let put = execute!(
        conn,
        "insert into account_group_members (account_id, group_id) values ($1, $2) on conflict do nothing",
        account,
        id
    )?;
    Ok(put > 0)
}

/// Removes an account from a group. Returns whether it was in it.
pub async fn take_out(conn: &mut Conn<'_>, id: GroupId, account: AccountId) -> Result<bool, StoreError> {
    let taken = execute!(
        conn,
        "delete from account_group_members where account_id = $1 and group_id = $2",
        account,
        id
    )?;
    Ok(taken > 0)
}

/// [`StoreError::Missing`] if there is no such group.
pub async fn rename(conn: &mut Conn<'_>, id: GroupId, name: &str) -> Result<(), StoreError> {
    let touched = execute!(
        conn,
        "update account_groups set name = $2, name_folded = $3 where id = $1",
        id,
        name,
        name::fold(name)
    )?;
    if touched == 0 { Err(StoreError::Missing) } else { Ok(()) }
}

/// Deletes a group and the rights that it gave; its accounts stay.
pub async fn delete(conn: &mut Conn<'_>, id: GroupId) -> Result<(), StoreError> {
    let touched = execute!(conn, "delete from account_groups where id = $1", id)?;
    if touched == 0 { Err(StoreError::Missing) } else { Ok(()) }
}

/// Sets whether secrets of the group's accounts are shown only after a second person's approval.
/// [`StoreError::Missing`] if there is no such group.
pub async fn set_needs_approval(conn: &mut Conn<'_>, id: GroupId, needed: bool) -> Result<(), StoreError> {
    let touched =
        execute!(conn, "update account_groups set reveals_need_approval = $2 where id = $1", id, needed)?;
    if touched == 0 { Err(StoreError::Missing) } else { Ok(()) }
}

/// The groups whose accounts need approvals.
pub async fn needing_approval(conn: &mut Conn<'_>) -> Result<Vec<GroupId>, StoreError> {
    let rows = all!(
        conn,
        (GroupId,),
        "select id from account_groups where reveals_need_approval = true order by id"
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Whether any group of this account requires approvals.
pub async fn any_needs_approval(conn: &mut Conn<'_>, account: AccountId) -> Result<bool, StoreError> {
    let (count,) = one!(
        conn,
        (i64,),
        "select count(*) from account_group_members join account_groups on id = group_id
         where account_id = $1 and reveals_need_approval = true",
        account
    )?;
    Ok(count > 0)
}

/// Says whether people who may log in to the group's accounts may see a login code without approval in an emergency.
/// [`StoreError::Missing`] if there is no such group.
pub async fn set_emergency_access(conn: &mut Conn<'_>, id: GroupId, allowed: bool) -> Result<(), StoreError> {
    let touched =
        execute!(conn, "update account_groups set emergency_access = $2 where id = $1", id, allowed)?;
    if touched == 0 { Err(StoreError::Missing) } else { Ok(()) }
}

/// The groups that allow that.
pub async fn allowing_emergency(conn: &mut Conn<'_>) -> Result<Vec<GroupId>, StoreError> {
    let rows =
        all!(conn, (GroupId,), "select id from account_groups where emergency_access = true order by id")?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Whether all groups of this account that need approvals allow that.
pub async fn emergency_allowed(conn: &mut Conn<'_>, account: AccountId) -> Result<bool, StoreError> {
    let (count,) = one!(
        conn,
        (i64,),
        "select count(*) from account_group_members join account_groups on id = group_id
         where account_id = $1 and reveals_need_approval = true and emergency_access = false",
        account
    )?;
    Ok(count == 0)
}

/// Says whether people have to confirm their identity before they see secrets of the group's accounts.
/// [`StoreError::Missing`] if there is no such group.
pub async fn set_needs_confirmation(
    conn: &mut Conn<'_>,
    id: GroupId,
    needed: bool,
) -> Result<(), StoreError> {
    let touched =
        execute!(conn, "update account_groups set confirm_identity = $2 where id = $1", id, needed)?;
    if touched == 0 { Err(StoreError::Missing) } else { Ok(()) }
}

/// The groups that require that.
pub async fn needing_confirmation(conn: &mut Conn<'_>) -> Result<Vec<GroupId>, StoreError> {
    let rows =
        all!(conn, (GroupId,), "select id from account_groups where confirm_identity = true order by id")?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Whether any group of this account requires that.
pub async fn any_needs_confirmation(conn: &mut Conn<'_>, account: AccountId) -> Result<bool, StoreError> {
    let (count,) = one!(
        conn,
        (i64,),
        "select count(*) from account_group_members join account_groups on id = group_id
         where account_id = $1 and confirm_identity = true",
        account
    )?;
    Ok(count > 0)
}

/// The groups with any requirement, which ends for an account that leaves them.
pub async fn protected(conn: &mut Conn<'_>) -> Result<Vec<GroupId>, StoreError> {
    let rows = all!(
        conn,
        (GroupId,),
        "select id from account_groups where reveals_need_approval = true or confirm_identity = true order by id"
    )?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
