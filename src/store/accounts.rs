//! Accounts: what people entered. Their live state is never stored. Owners and groups give access, so they count only
//! with their proofs.

use std::collections::HashMap;

use super::access_proof::AccessRow;
use super::conn::{Built, all, all_built, execute, first};
use super::{Conn, StoreError};
use crate::domain::{Account, AccountId, DesiredState, Email, GroupId, Identifier, Millis, Phone};

/// Ids per query.
const CHUNK: usize = 500;

/// A row, without the groups.
#[derive(sqlx::FromRow)]
struct Row {
    id: AccountId,
    /// The number, or `bot:` and the id of a bot: the column is older than bots.
    phone: Identifier,
    owner: Option<Email>,
    owner_proof: Option<String>,
    comment: String,
    wanted: DesiredState,
    folder: String,
    created: Millis,
}

impl Row {
    fn with_groups(self, conn: &Conn<'_>, groups: Vec<GroupId>) -> Account {
        let proof = self.owner_proof.as_deref();
        Account {
            id: self.id,
            identifier: self.phone,
            owner: self.owner.filter(|owner| conn.is_proven(AccessRow::Owner(self.id, owner), proof)),
            comment: self.comment,
            groups,
            wanted: self.wanted,
            folder: self.folder,
            created: self.created,
        }
    }
}

/// Adds an account. If another account that is not removed has the number, [`unique`](super::unique) returns
/// `accounts.phone`; [`StoreError::Missing`] if one of its groups does not exist.
pub async fn insert(conn: &mut Conn<'_>, account: &Account) -> Result<(), StoreError> {
    let proof = owner_proof(conn, account.id, account.owner.as_ref())?;
    execute!(
        conn,
        "insert into accounts (id, phone, owner, owner_proof, comment, wanted, folder, created)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        account.id,
        &account.identifier,
        account.owner.as_ref(),
        proof.as_deref(),
        account.comment.as_str(),
        account.wanted,
        account.folder.as_str(),
        account.created
    )?;
    set_groups(conn, account.id, &account.groups).await
}

/// Gives an account another number, and a folder for it. [`unique`](super::unique) says `accounts.phone` if another
/// account, not removed, has the number.
pub async fn set_number(
    conn: &mut Conn<'_>,
    id: AccountId,
    phone: &Phone,
    folder: &str,
) -> Result<(), StoreError> {
    let touched = execute!(
        conn,
        "update accounts set phone = $2, folder = $3 where id = $1 and removed_at is null",
        id,
        phone,
        folder
    )?;
    if touched == 0 { Err(StoreError::Missing) } else { Ok(()) }
}

/// Every account that is not removed, in the order in which they were added.
pub async fn all(conn: &mut Conn<'_>) -> Result<Vec<Account>, StoreError> {
    let rows = all!(
        conn,
        Row,
        "select id, phone, owner, owner_proof, comment, wanted, folder, created
         from accounts where removed_at is null order by id"
    )?;
    let members = all!(
        conn,
        (AccountId, GroupId, Option<String>),
        "select account_id, group_id, proof from account_group_members
         join account_groups on account_groups.id = group_id order by name_folded, group_id"
    )?;
    let mut groups: HashMap<AccountId, Vec<GroupId>> = HashMap::new();
    for (account, group, proof) in members {
        if conn.is_proven(AccessRow::AccountGroup(account, group), proof.as_deref()) {
            groups.entry(account).or_default().push(group);
        }
    }
    Ok(rows
        .into_iter()
        .map(|row| {
            let groups = groups.remove(&row.id).unwrap_or_default();
            row.with_groups(conn, groups)
        })
        .collect())
}

/// The account, if there is one and it is not removed.
pub async fn get(conn: &mut Conn<'_>, id: AccountId) -> Result<Option<Account>, StoreError> {
    let row = first!(
        conn,
        Row,
        "select id, phone, owner, owner_proof, comment, wanted, folder, created
         from accounts where id = $1 and removed_at is null",
        id
    )?;
    let Some(row) = row else { return Ok(None) };
    let groups = all!(
        conn,
        (GroupId, Option<String>),
        "select group_id, proof from account_group_members
         join account_groups on account_groups.id = group_id
         where account_id = $1 order by name_folded, group_id",
        id
    )?;
    let is_in = |group: &GroupId, proof: &Option<String>| {
        conn.is_proven(AccessRow::AccountGroup(id, *group), proof.as_deref())
    };
    let groups = groups.into_iter().filter(|(group, proof)| is_in(group, proof)).map(|(group, _)| group);
    let groups = groups.collect();
    Ok(Some(row.with_groups(conn, groups)))
}

/// The numbers of these accounts, including removed ones, and whether they are removed.
pub async fn numbers(
    conn: &mut Conn<'_>,
    ids: &[AccountId],
) -> Result<HashMap<AccountId, (Identifier, bool)>, StoreError> {
    let mut numbers = HashMap::new();
    for ids in ids.chunks(CHUNK) {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let mut built = Built::new("select id, phone, removed_at is not null from accounts where id in ");
        built.list(&ids);
        let rows = all_built!(conn, (AccountId, Identifier, bool), built)?;
        numbers.extend(rows.into_iter().map(|(id, phone, removed)| (id, (phone, removed))));
    }
    Ok(numbers)
}

/// The ids of up to `limit` accounts whose number contains these digits, including removed ones.
pub async fn with_digits(
    conn: &mut Conn<'_>,
    digits: &str,
    limit: u32,
) -> Result<Vec<AccountId>, StoreError> {
    let pattern: String = digits.chars().filter(char::is_ascii_digit).collect();
    let found = all!(
        conn,
        (AccountId,),
        "select id from accounts where phone like $1 order by id limit $2",
        format!("%{pattern}%"),
        i64::from(limit)
    )?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

/// Sets the desired state. [`StoreError::Missing`] if there is no such account.
pub async fn set_wanted(conn: &mut Conn<'_>, id: AccountId, wanted: DesiredState) -> Result<(), StoreError> {
    let touched =
        execute!(conn, "update accounts set wanted = $2 where id = $1 and removed_at is null", id, wanted)?;
    found(touched)
}

/// Sets everything that people can edit. [`StoreError::Missing`] if the account or a group does not exist.
pub async fn set_details(
    conn: &mut Conn<'_>,
    id: AccountId,
    owner: Option<&Email>,
    comment: &str,
    groups: &[GroupId],
) -> Result<(), StoreError> {
    let proof = owner_proof(conn, id, owner)?;
    let touched = execute!(
        conn,
        "update accounts set owner = $2, owner_proof = $3, comment = $4 where id = $1 and removed_at is null",
        id,
        owner,
        proof.as_deref(),
        comment
    )?;
    found(touched)?;
    set_groups(conn, id, groups).await
}

/// Gives the accounts of one owner to another; returns how many there are.
pub async fn change_owner(conn: &mut Conn<'_>, owner: &Email, to: &Email) -> Result<u64, StoreError> {
    let rows = all!(
        conn,
        (AccountId, Option<String>),
        "select id, owner_proof from accounts where owner = $1 and removed_at is null",
        owner
    )?;
    let mut changed = 0;
    for (id, proof) in rows {
        if conn.is_proven(AccessRow::Owner(id, owner), proof.as_deref()) {
            let proof = conn.prove(AccessRow::Owner(id, to))?;
            let sql = "update accounts set owner = $2, owner_proof = $3 where id = $1";
            changed += execute!(conn, sql, id, to, proof.as_deref())?;
        }
    }
    Ok(changed)
}

fn owner_proof(conn: &Conn<'_>, id: AccountId, owner: Option<&Email>) -> Result<Option<String>, StoreError> {
    owner.map_or(Ok(None), |owner| conn.prove(AccessRow::Owner(id, owner)))
}

/// Removes an account: its row stays as a tombstone, and its number can be added again.
pub async fn tombstone(conn: &mut Conn<'_>, id: AccountId, at: Millis) -> Result<(), StoreError> {
    let touched = execute!(
        conn,
        "update accounts set removed_at = $2, wanted = $3 where id = $1 and removed_at is null",
        id,
        at,
        DesiredState::Removed
    )?;
    found(touched)?;
    set_groups(conn, id, &[]).await
}

/// Puts an account into a group; returns whether it was not in it already. A row without a valid proof gets one.
pub(super) async fn put_in(conn: &mut Conn<'_>, id: AccountId, group: GroupId) -> Result<bool, StoreError> {
    let proof = conn.prove(AccessRow::AccountGroup(id, group))?;
    let put = execute!(
        conn,
        "insert into account_group_members (account_id, group_id, proof) values ($1, $2, $3)
         on conflict (account_id, group_id) do update set proof = excluded.proof
         where excluded.proof is not null and coalesce(account_group_members.proof, '') <> excluded.proof",
        id,
        group,
        proof.as_deref()
    )?;
    Ok(put > 0)
}

async fn set_groups(conn: &mut Conn<'_>, id: AccountId, groups: &[GroupId]) -> Result<(), StoreError> {
    execute!(conn, "delete from account_group_members where account_id = $1", id)?;
    for group in groups {
        put_in(conn, id, *group).await?;
    }
    Ok(())
}

fn found(touched: u64) -> Result<(), StoreError> {
    if touched == 0 { Err(StoreError::Missing) } else { Ok(()) }
}
