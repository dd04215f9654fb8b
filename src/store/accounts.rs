//! Accounts: what people said of them. How they stand is never stored.

use std::collections::HashMap;

use super::conn::{Built, all, all_built, execute, first};
use super::{Conn, StoreError};
use crate::domain::{Account, AccountId, DesiredState, Email, GroupId, Millis, Phone};

/// Ids that are asked for at once.
const CHUNK: usize = 500;

/// A row, without the groups.
#[derive(sqlx::FromRow)]
struct Row {
    id: AccountId,
    phone: Phone,
    owner: Option<Email>,
    comment: String,
    wanted: DesiredState,
    folder: String,
    created: Millis,
}

impl Row {
    fn with_groups(self, groups: Vec<GroupId>) -> Account {
        Account {
            id: self.id,
            phone: self.phone,
            owner: self.owner,
            comment: self.comment,
            groups,
            wanted: self.wanted,
            folder: self.folder,
            created: self.created,
        }
    }
}

/// Adds an account. [`unique`](super::unique) says `accounts.phone` if another account, not removed, has
/// the number; [`StoreError::Missing`] if one of its groups does not exist.
pub async fn insert(conn: &mut Conn<'_>, account: &Account) -> Result<(), StoreError> {
    execute!(
        conn,
        "insert into accounts (id, phone, owner, comment, wanted, folder, created)
         values ($1, $2, $3, $4, $5, $6, $7)",
        account.id,
        &account.phone,
        account.owner.as_ref(),
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

/// Every account that is not removed, by the time of adding.
pub async fn all(conn: &mut Conn<'_>) -> Result<Vec<Account>, StoreError> {
    let rows = all!(
        conn,
        Row,
        "select id, phone, owner, comment, wanted, folder, created
         from accounts where removed_at is null order by id"
    )?;
    let members = all!(
        conn,
        (AccountId, GroupId),
        "select account_id, group_id from account_group_members
         join account_groups on account_groups.id = group_id order by name_folded, group_id"
    )?;
    let mut groups: HashMap<AccountId, Vec<GroupId>> = HashMap::new();
    for (account, group) in members {
        groups.entry(account).or_default().push(group);
    }
    Ok(rows
        .into_iter()
        .map(|row| {
            let groups = groups.remove(&row.id).unwrap_or_default();
            row.with_groups(groups)
        })
        .collect())
}

/// The account, if there is one and it is not removed.
pub async fn get(conn: &mut Conn<'_>, id: AccountId) -> Result<Option<Account>, StoreError> {
    let row = first!(
        conn,
        Row,
        "select id, phone, owner, comment, wanted, folder, created
         from accounts where id = $1 and removed_at is null",
        id
    )?;
    let Some(row) = row else { return Ok(None) };
    let groups = all!(
        conn,
        (GroupId,),
        "select group_id from account_group_members
         join account_groups on account_groups.id = group_id
         where account_id = $1 order by name_folded, group_id",
        id
    )?;
    Ok(Some(row.with_groups(groups.into_iter().map(|(group,)| group).collect())))
}

/// The numbers of these accounts, also of removed ones, and whether they are removed.
pub async fn numbers(
    conn: &mut Conn<'_>,
    ids: &[AccountId],
) -> Result<HashMap<AccountId, (Phone, bool)>, StoreError> {
    let mut numbers = HashMap::new();
    for ids in ids.chunks(CHUNK) {
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let mut built = Built::new("select id, phone, removed_at is not null from accounts where id in ");
        built.list(&ids);
        let rows = all_built!(conn, (AccountId, Phone, bool), built)?;
        numbers.extend(rows.into_iter().map(|(id, phone, removed)| (id, (phone, removed))));
    }
    Ok(numbers)
}

/// The ids of up to `limit` accounts whose number holds these digits, also of removed ones.
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

/// Notes what people ask for. [`StoreError::Missing`] if there is no such account.
pub async fn set_wanted(conn: &mut Conn<'_>, id: AccountId, wanted: DesiredState) -> Result<(), StoreError> {
    let touched =
        execute!(conn, "update accounts set wanted = $2 where id = $1 and removed_at is null", id, wanted)?;
    found(touched)
}

/// Sets what people may edit, as a whole. [`StoreError::Missing`] if the account or a group does not exist.
pub async fn set_details(
    conn: &mut Conn<'_>,
    id: AccountId,
    owner: Option<&Email>,
    comment: &str,
    groups: &[GroupId],
) -> Result<(), StoreError> {
    let touched = execute!(
        conn,
        "update accounts set owner = $2, comment = $3 where id = $1 and removed_at is null",
        id,
        owner,
        comment
    )?;
    found(touched)?;
    set_groups(conn, id, groups).await
}

/// Gives the accounts of one owner to another; returns how many there are.
pub async fn change_owner(conn: &mut Conn<'_>, owner: &Email, to: &Email) -> Result<u64, StoreError> {
    execute!(conn, "update accounts set owner = $2 where owner = $1 and removed_at is null", owner, to)
}

/// Removes an account: its row stays as a tombstone, its number is free again.
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

async fn set_groups(conn: &mut Conn<'_>, id: AccountId, groups: &[GroupId]) -> Result<(), StoreError> {
    execute!(conn, "delete from account_group_members where account_id = $1", id)?;
    for group in groups {
        execute!(
            conn,
            "insert into account_group_members (account_id, group_id) values ($1, $2) on conflict do nothing",
            id,
            *group
        )?;
    }
    Ok(())
}

fn found(touched: u64) -> Result<(), StoreError> {
    if touched == 0 { Err(StoreError::Missing) } else { Ok(()) }
}
