//! Users: people who have signed in or were added by address.

use std::collections::HashMap;

use super::conn::{all, execute, first, one};
use super::{Conn, StoreError, web_sessions};
use crate::domain::{Email, Millis, UserId};

#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct User {
    pub id: UserId,
    pub email: Email,
    /// Whether this is an administrator.
    pub admin: bool,
    /// Whether this person is blocked.
    pub disabled: bool,
    /// When the row was created.
    pub created: Millis,
    /// When the person last signed in; 0 for never.
    pub seen: Millis,
}

/// A row of the list of users.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Listed {
    #[sqlx(flatten)]
    pub user: User,
    /// The number of active sessions.
    pub sessions: i64,
    /// The number of bound identities.
    pub identities: i64,
}

/// People whose address contains `part` and is after `after`, sorted by address. Expired sessions are not counted.
pub async fn page(
    conn: &mut Conn<'_>,
    part: &str,
    after: &str,
    now: Millis,
    limit: u32,
) -> Result<Vec<Listed>, StoreError> {
    all!(
        conn,
        Listed,
        "select id, email, admin, disabled, created, seen,
         (select count(*) from web_sessions
          where user_id = users.id and expires > $1 and web_sessions.seen > $2) as sessions,
         (select count(*) from identities where user_id = users.id) as identities
         from users where email > $3 and email like $4 escape '!' order by email limit $5",
        now,
        web_sessions::idle_since(now),
        after,
        contains(part),
        i64::from(limit)
    )
}

/// The list's row of one person.
pub async fn listed(conn: &mut Conn<'_>, id: UserId, now: Millis) -> Result<Option<Listed>, StoreError> {
    first!(
        conn,
        Listed,
        "select id, email, admin, disabled, created, seen,
         (select count(*) from web_sessions
          where user_id = users.id and expires > $1 and web_sessions.seen > $2) as sessions,
         (select count(*) from identities where user_id = users.id) as identities
         from users where id = $3",
        now,
        web_sessions::idle_since(now),
        id
    )
}

/// The LIKE pattern for texts that contain this part.
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

/// The administrators who are not blocked, sorted by address.
pub async fn administrators(conn: &mut Conn<'_>) -> Result<Vec<(UserId, Email)>, StoreError> {
    all!(
        conn,
        (UserId, Email),
        "select id, email from users where admin = true and disabled = false order by email"
    )
}

/// All addresses, with a single query.
pub async fn addresses(conn: &mut Conn<'_>) -> Result<HashMap<UserId, Email>, StoreError> {
    let rows = all!(conn, (UserId, Email), "select id, email from users")?;
    Ok(rows.into_iter().collect())
}

/// The addresses of all people who are not blocked.
pub async fn active_emails(conn: &mut Conn<'_>) -> Result<HashMap<UserId, Email>, StoreError> {
    let rows = all!(conn, (UserId, Email), "select id, email from users where disabled = false")?;
    Ok(rows.into_iter().collect())
}

/// Whether the person with this address is blocked. Unknown people are not.
pub async fn is_disabled(conn: &mut Conn<'_>, email: &Email) -> Result<bool, StoreError> {
    Ok(by_email(conn, email).await?.is_some_and(|user| user.disabled))
}

/// How many other administrators are not blocked.
pub async fn count_other_admins(conn: &mut Conn<'_>, id: UserId) -> Result<i64, StoreError> {
    let (count,) = one!(
        conn,
        (i64,),
        "select count(*) from users where admin = true and disabled = false and id <> $1",
        id
    )?;
    Ok(count)
}

/// All people who are not blocked, sorted by address.
pub async fn active(conn: &mut Conn<'_>) -> Result<Vec<User>, StoreError> {
    all!(
        conn,
        User,
        "select id, email, admin, disabled, created, seen from users where disabled = false order by email"
    )
}

/// The person with that address; an unknown person is added without a last sign-in.
pub async fn named(conn: &mut Conn<'_>, email: &Email, now: Millis) -> Result<User, StoreError> {
    one!(
        conn,
        User,
        "insert into users (id, email, admin, disabled, created, seen) values ($1, $2, false, false, $3, 0)
         on conflict (email) do update set email = excluded.email
         returning id, email, admin, disabled, created, seen",
        UserId::generate(),
        email,
        now
    )
}

pub async fn by_email(conn: &mut Conn<'_>, email: &Email) -> Result<Option<User>, StoreError> {
    first!(conn, User, "select id, email, admin, disabled, created, seen from users where email = $1", email)
}

pub async fn by_id(conn: &mut Conn<'_>, id: UserId) -> Result<Option<User>, StoreError> {
    first!(conn, User, "select id, email, admin, disabled, created, seen from users where id = $1", id)
}

/// The epoch of a person's sessions: sessions with an earlier epoch have ended. None for an unknown person.
pub async fn session_epoch(conn: &mut Conn<'_>, id: UserId) -> Result<Option<i64>, StoreError> {
    let row = first!(conn, (i64,), "select session_epoch from users where id = $1", id)?;
    Ok(row.map(|(epoch,)| epoch))
}

/// Stores the time of the last sign-in.
pub async fn set_seen(conn: &mut Conn<'_>, id: UserId, now: Millis) -> Result<(), StoreError> {
    execute!(conn, "update users set seen = $2 where id = $1", id, now).map(drop)
}

/// The person with that address, added if unknown, with the last sign-in set to now. It is one statement, so that two
/// simultaneous first sign-ins create one person.
pub async fn upsert_seen(conn: &mut Conn<'_>, email: &Email, now: Millis) -> Result<User, StoreError> {
    one!(
        conn,
        User,
        "insert into users (id, email, admin, disabled, created, seen) values ($1, $2, false, false, $3, $3)
         on conflict (email) do update set seen = excluded.seen
         returning id, email, admin, disabled, created, seen",
        UserId::generate(),
        email,
        now
    )
}

/// Gives a person another address.
pub async fn set_email(conn: &mut Conn<'_>, id: UserId, email: &Email) -> Result<(), StoreError> {
    let touched = execute!(conn, "update users set email = $2 where id = $1", id, email)?;
    if touched == 0 { Err(StoreError::Missing) } else { Ok(()) }
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

pub async fn set_admin(conn: &mut Conn<'_>, id: UserId, admin: bool) -> Result<(), StoreError> {
    let touched = execute!(conn, "update users set admin = $2 where id = $1", id, admin)?;
    if touched == 0 { Err(StoreError::Missing) } else { Ok(()) }
}

pub async fn set_disabled(conn: &mut Conn<'_>, id: UserId, disabled: bool) -> Result<(), StoreError> {
    let touched = execute!(conn, "update users set disabled = $2 where id = $1", id, disabled)?;
    if touched == 0 { Err(StoreError::Missing) } else { Ok(()) }
}
