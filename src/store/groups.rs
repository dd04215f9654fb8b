//! Groups of accounts. Names are case-insensitive. That a group shows secrets without approval, without identity
//! confirmation, or in an emergency, counts only with its proof.

use super::access_proof::AccessRow;
use super::conn::{all, execute, first};
use super::{Conn, StoreError, accounts};
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
    let no_approval = conn.prove(AccessRow::NoApproval(id))?;
    let no_confirmation = conn.prove(AccessRow::NoConfirmation(id))?;
    execute!(
        conn,
        "insert into account_groups (id, name, name_folded, no_approval_proof, no_confirmation_proof)
         values ($1, $2, $3, $4, $5)",
        id,
        name,
        name::fold(name),
        no_approval.as_deref(),
        no_confirmation.as_deref()
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
    accounts::put_in(conn, account, id).await
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

/// What a group requires. What is not proven counts as the stricter.
#[derive(sqlx::FromRow)]
struct Requirements {
    id: GroupId,
    reveals_need_approval: bool,
    no_approval_proof: Option<String>,
    emergency_access: bool,
    emergency_proof: Option<String>,
    confirm_identity: bool,
    no_confirmation_proof: Option<String>,
}

impl Requirements {
    fn need_approval(&self, conn: &Conn<'_>) -> bool {
        let proof = self.no_approval_proof.as_deref();
        self.reveals_need_approval || !conn.is_proven(AccessRow::NoApproval(self.id), proof)
    }

    fn need_confirmation(&self, conn: &Conn<'_>) -> bool {
        let proof = self.no_confirmation_proof.as_deref();
        self.confirm_identity || !conn.is_proven(AccessRow::NoConfirmation(self.id), proof)
    }

    fn emergency_is_allowed(&self, conn: &Conn<'_>) -> bool {
        let proof = self.emergency_proof.as_deref();
        self.emergency_access && conn.is_proven(AccessRow::Emergency(self.id), proof)
    }
}

async fn requirements(conn: &mut Conn<'_>) -> Result<Vec<Requirements>, StoreError> {
    all!(
        conn,
        Requirements,
        "select id, reveals_need_approval, no_approval_proof, emergency_access, emergency_proof, confirm_identity,
         no_confirmation_proof
         from account_groups order by id"
    )
}

/// Of the groups that an account is in, also those where that is not proven.
async fn requirements_of(conn: &mut Conn<'_>, account: AccountId) -> Result<Vec<Requirements>, StoreError> {
    all!(
        conn,
        Requirements,
        "select id, reveals_need_approval, no_approval_proof, emergency_access, emergency_proof, confirm_identity,
         no_confirmation_proof
         from account_group_members join account_groups on id = group_id where account_id = $1",
        account
    )
}

/// Sets whether secrets of the group's accounts are shown only after a second person's approval.
/// [`StoreError::Missing`] if there is no such group.
pub async fn set_needs_approval(conn: &mut Conn<'_>, id: GroupId, needed: bool) -> Result<(), StoreError> {
    let proof = if needed { None } else { conn.prove(AccessRow::NoApproval(id))? };
    let touched = execute!(
        conn,
        "update account_groups set reveals_need_approval = $2, no_approval_proof = $3 where id = $1",
        id,
        needed,
        proof.as_deref()
    )?;
    if touched == 0 { Err(StoreError::Missing) } else { Ok(()) }
}

/// The groups whose accounts need approvals.
pub async fn needing_approval(conn: &mut Conn<'_>) -> Result<Vec<GroupId>, StoreError> {
    let groups = requirements(conn).await?;
    Ok(groups.iter().filter(|group| group.need_approval(conn)).map(|group| group.id).collect())
}

/// Whether any group of this account requires approvals.
pub async fn any_needs_approval(conn: &mut Conn<'_>, account: AccountId) -> Result<bool, StoreError> {
    Ok(requirements_of(conn, account).await?.iter().any(|group| group.need_approval(conn)))
}

/// Says whether people who may log in to the group's accounts may see a login code without approval in an emergency.
/// [`StoreError::Missing`] if there is no such group.
pub async fn set_emergency_access(conn: &mut Conn<'_>, id: GroupId, allowed: bool) -> Result<(), StoreError> {
    let proof = if allowed { conn.prove(AccessRow::Emergency(id))? } else { None };
    let touched = execute!(
        conn,
        "update account_groups set emergency_access = $2, emergency_proof = $3 where id = $1",
        id,
        allowed,
        proof.as_deref()
    )?;
    if touched == 0 { Err(StoreError::Missing) } else { Ok(()) }
}

/// The groups that allow that.
pub async fn allowing_emergency(conn: &mut Conn<'_>) -> Result<Vec<GroupId>, StoreError> {
    let groups = requirements(conn).await?;
    Ok(groups.iter().filter(|group| group.emergency_is_allowed(conn)).map(|group| group.id).collect())
}

/// Whether all groups of this account that need approvals allow that.
pub async fn emergency_allowed(conn: &mut Conn<'_>, account: AccountId) -> Result<bool, StoreError> {
    let groups = requirements_of(conn, account).await?;
    Ok(groups.iter().filter(|group| group.need_approval(conn)).all(|group| group.emergency_is_allowed(conn)))
}

/// Says whether people have to confirm their identity before they see secrets of the group's accounts.
/// [`StoreError::Missing`] if there is no such group.
pub async fn set_needs_confirmation(
    conn: &mut Conn<'_>,
    id: GroupId,
    needed: bool,
) -> Result<(), StoreError> {
    let proof = if needed { None } else { conn.prove(AccessRow::NoConfirmation(id))? };
    let touched = execute!(
        conn,
        "update account_groups set confirm_identity = $2, no_confirmation_proof = $3 where id = $1",
        id,
        needed,
        proof.as_deref()
    )?;
    if touched == 0 { Err(StoreError::Missing) } else { Ok(()) }
}

/// The groups that require that.
pub async fn needing_confirmation(conn: &mut Conn<'_>) -> Result<Vec<GroupId>, StoreError> {
    let groups = requirements(conn).await?;
    Ok(groups.iter().filter(|group| group.need_confirmation(conn)).map(|group| group.id).collect())
}

/// Whether any group of this account requires that.
pub async fn any_needs_confirmation(conn: &mut Conn<'_>, account: AccountId) -> Result<bool, StoreError> {
    Ok(requirements_of(conn, account).await?.iter().any(|group| group.need_confirmation(conn)))
}

/// The groups with any requirement, which ends for an account that leaves them.
pub async fn protected(conn: &mut Conn<'_>) -> Result<Vec<GroupId>, StoreError> {
    let groups = requirements(conn).await?;
    let is_protected = |group: &&Requirements| group.need_approval(conn) || group.need_confirmation(conn);
    Ok(groups.iter().filter(is_protected).map(|group| group.id).collect())
}
