//! People who have signed in.

use std::collections::HashMap;

use super::access_proof::AccessRow;
use super::conn::{all, execute, first, one};
use super::{Conn, StoreError, web_sessions};
use crate::domain::{Email, Millis, UserId};

/// A person.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct User {
    /// The id.
    pub id: UserId,
    /// The address.
    pub email: Email,
    /// Whether this is an administrator.
    pub admin: bool,
    /// Whether this person may not sign in any more.
    pub disabled: bool,
    /// When the person was first seen.
    pub created: Millis,
    /// When the person last signed in; 0: never.
    pub seen: Millis,
}

/// A person as the table has them.
#[derive(sqlx::FromRow)]
struct Row {
    #[sqlx(flatten)]
    user: User,
    admin_proof: Option<String>,
}

impl Row {
    /// The person, who is an administrator only if Telescope made them one.
    fn genuine(mut self, conn: &Conn<'_>) -> User {
        let row = AccessRow::Administrator(self.user.id, &self.user.email);
        self.user.admin = self.user.admin && conn.is_proven(row, self.admin_proof.as_deref());
        self.user
    }
}

#[derive(sqlx::FromRow)]
struct ListedRow {
    #[sqlx(flatten)]
    row: Row,
    sessions: i64,
    identities: i64,
}

impl ListedRow {
    fn genuine(self, conn: &Conn<'_>) -> Listed {
        Listed { user: self.row.genuine(conn), sessions: self.sessions, identities: self.identities }
    }
}

/// A person as the list of people has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The person.
    pub user: User,
    /// How many browsers are signed in as this person.
    pub sessions: i64,
    /// How many identities are bound to this person.
    pub identities: i64,
}

/// People whose address comes after `after` and holds `part`, by their address. Sessions that have ended by
/// themselves are not counted.
pub async fn page(
    conn: &mut Conn<'_>,
    part: &str,
    after: &str,
    now: Millis,
    limit: u32,
) -> Result<Vec<Listed>, StoreError> {
    let rows = all!(
        conn,
        ListedRow,
        "select id, email, admin, admin_proof, disabled, created, seen,
         (select count(*) from web_sessions
          where user_id = users.id and expires > $1 and web_sessions.seen > $2) as sessions,
         (select count(*) from identities where user_id = users.id) as identities
         from users where email > $3 and email like $4 escape '!' order by email limit $5",
        now,
        web_sessions::idle_since(now),
        after,
        contains(part),
        i64::from(limit)
    )?;
    Ok(rows.into_iter().map(|row| row.genuine(conn)).collect())
}

/// One person as the list has them.
pub async fn listed(conn: &mut Conn<'_>, id: UserId, now: Millis) -> Result<Option<Listed>, StoreError> {
    let row = first!(
        conn,
        ListedRow,
        "select id, email, admin, admin_proof, disabled, created, seen,
         (select count(*) from web_sessions
          where user_id = users.id and expires > $1 and web_sessions.seen > $2) as sessions,
         (select count(*) from identities where user_id = users.id) as identities
         from users where id = $3",
        now,
        web_sessions::idle_since(now),
        id
    )?;
    Ok(row.map(|row| row.genuine(conn)))
}

/// The pattern of what holds this text.
fn contains(part: &str) -> String {
    let mut pattern = String::from("%");
    for c in part.chars().flat_map(char::to_lowercase) {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// The administrators who may sign in, by address.
pub async fn administrators(conn: &mut Conn<'_>) -> Result<Vec<(UserId, Email)>, StoreError> {
    let rows = all!(
        conn,
        Row,
        "select id, email, admin, admin_proof, disabled, created, seen from users
         where admin = true and disabled = false order by email"
    )?;
    let genuine = rows.into_iter().map(|row| row.genuine(conn)).filter(|user| user.admin);
    Ok(genuine.map(|user| (user.id, user.email)).collect())
}

/// Everybody's address: one question, however many people a page has to name.
pub async fn addresses(conn: &mut Conn<'_>) -> Result<HashMap<UserId, Email>, StoreError> {
    let rows = all!(conn, (UserId, Email), "select id, email from users")?;
    Ok(rows.into_iter().collect())
}

/// The address of everybody who may sign in.
pub async fn active_emails(conn: &mut Conn<'_>) -> Result<HashMap<UserId, Email>, StoreError> {
    let rows = all!(conn, (UserId, Email), "select id, email from users where disabled = false")?;
    Ok(rows.into_iter().collect())
}

/// Whether the person of this address is one who may not sign in. People who have not been here yet may.
pub async fn is_disabled(conn: &mut Conn<'_>, email: &Email) -> Result<bool, StoreError> {
    Ok(by_email(conn, email).await?.is_some_and(|user| user.disabled))
}

/// How many administrators who may sign in there are beside this person.
pub async fn count_other_admins(conn: &mut Conn<'_>, id: UserId) -> Result<i64, StoreError> {
    let others = administrators(conn).await?.into_iter().filter(|(other, _)| *other != id).count();
    Ok(i64::try_from(others).unwrap_or(i64::MAX))
}

/// Everybody who may sign in, by address.
pub async fn active(conn: &mut Conn<'_>) -> Result<Vec<User>, StoreError> {
    let rows = all!(
        conn,
        Row,
        "select id, email, admin, admin_proof, disabled, created, seen from users where disabled = false order by email"
    )?;
    Ok(rows.into_iter().map(|row| row.genuine(conn)).collect())
}

/// The person of that address, added if unknown as one who was never seen.
pub async fn named(conn: &mut Conn<'_>, email: &Email, now: Millis) -> Result<User, StoreError> {
    let row = one!(
        conn,
        Row,
        "insert into users (id, email, admin, disabled, created, seen) values ($1, $2, false, false, $3, 0)
         on conflict (email) do update set email = excluded.email
         returning id, email, admin, admin_proof, disabled, created, seen",
        UserId::generate(),
        email,
        now
    )?;
    Ok(row.genuine(conn))
}

/// The person of that address.
pub async fn by_email(conn: &mut Conn<'_>, email: &Email) -> Result<Option<User>, StoreError> {
    let row = first!(
        conn,
        Row,
        "select id, email, admin, admin_proof, disabled, created, seen from users where email = $1",
        email
    )?;
    Ok(row.map(|row| row.genuine(conn)))
}

/// The person of that id.
pub async fn by_id(conn: &mut Conn<'_>, id: UserId) -> Result<Option<User>, StoreError> {
    let row = first!(
        conn,
        Row,
        "select id, email, admin, admin_proof, disabled, created, seen from users where id = $1",
        id
    )?;
    Ok(row.map(|row| row.genuine(conn)))
}

/// The person of this id, if their sessions of this epoch have not ended.
pub async fn of_epoch(conn: &mut Conn<'_>, id: UserId, epoch: i64) -> Result<Option<User>, StoreError> {
    let row = first!(
        conn,
        Row,
        "select id, email, admin, admin_proof, disabled, created, seen from users
         where id = $1 and session_epoch = $2",
        id,
        epoch
    )?;
    Ok(row.map(|row| row.genuine(conn)))
}

/// The epoch of a person's sessions: a session of an earlier one has ended. None for an unknown person.
pub async fn session_epoch(conn: &mut Conn<'_>, id: UserId) -> Result<Option<i64>, StoreError> {
    let row = first!(conn, (i64,), "select session_epoch from users where id = $1", id)?;
    Ok(row.map(|(epoch,)| epoch))
}

/// Notes that a person signed in now.
pub async fn set_seen(conn: &mut Conn<'_>, id: UserId, now: Millis) -> Result<(), StoreError> {
    execute!(conn, "update users set seen = $2 where id = $1", id, now).map(drop)
}

/// The person of that address, added if unknown, and noted as seen now. One statement, so that two first
/// visits at once make one person.
pub async fn upsert_seen(conn: &mut Conn<'_>, email: &Email, now: Millis) -> Result<User, StoreError> {
    let row = one!(
        conn,
        Row,
        "insert into users (id, email, admin, disabled, created, seen) values ($1, $2, false, false, $3, $3)
         on conflict (email) do update set seen = excluded.seen
         returning id, email, admin, admin_proof, disabled, created, seen",
        UserId::generate(),
        email,
        now
    )?;
    Ok(row.genuine(conn))
}

/// Gives a person another address.
pub async fn set_email(conn: &mut Conn<'_>, id: UserId, email: &Email) -> Result<(), StoreError> {
    let Some(user) = by_id(conn, id).await? else { return Err(StoreError::Missing) };
    let proof = if user.admin { conn.prove(AccessRow::Administrator(id, email))? } else { None };
    let sql = "update users set email = $2, admin_proof = $3 where id = $1";
    execute!(conn, sql, id, email, proof.as_deref()).map(drop)
}

/// Whether no identity is bound to a person.
pub async fn is_unbound(conn: &mut Conn<'_>, id: UserId) -> Result<bool, StoreError> {
    let (count,) = one!(conn, (i64,), "select count(*) from identities where user_id = $1", id)?;
    Ok(count == 0)
}

/// Deletes a person who was never here.
pub async fn delete_unseen(conn: &mut Conn<'_>, id: UserId) -> Result<(), StoreError> {
    execute!(conn, "delete from users where id = $1 and seen = 0", id).map(drop)
}

/// Makes a person an administrator, or no longer.
pub async fn set_admin(conn: &mut Conn<'_>, id: UserId, admin: bool) -> Result<(), StoreError> {
    let Some(user) = by_id(conn, id).await? else { return Err(StoreError::Missing) };
    let proof = if admin { conn.prove(AccessRow::Administrator(id, &user.email))? } else { None };
    let sql = "update users set admin = $2, admin_proof = $3 where id = $1";
    execute!(conn, sql, id, admin, proof.as_deref()).map(drop)
}

/// Blocks a person, or unblocks them.
pub async fn set_disabled(conn: &mut Conn<'_>, id: UserId, disabled: bool) -> Result<(), StoreError> {
    let touched = execute!(conn, "update users set disabled = $2 where id = $1", id, disabled)?;
    if touched == 0 { Err(StoreError::Missing) } else { Ok(()) }
}
