//! People who have signed in.

use super::conn::{execute, first, one};
use super::{Conn, StoreError};
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
    /// When the person last signed in.
    pub seen: Millis,
}

/// The person of that address.
pub async fn by_email(conn: &mut Conn<'_>, email: &Email) -> Result<Option<User>, StoreError> {
    first!(conn, User, "select id, email, admin, disabled, created, seen from users where email = $1", email)
}

/// The person of that id.
pub async fn by_id(conn: &mut Conn<'_>, id: UserId) -> Result<Option<User>, StoreError> {
    first!(conn, User, "select id, email, admin, disabled, created, seen from users where id = $1", id)
}

/// The person of that address, added if unknown, and noted as seen now. One statement, so that two first
/// visits at once make one person.
pub async fn first_sight(conn: &mut Conn<'_>, email: &Email, now: Millis) -> Result<User, StoreError> {
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

/// Makes a person an administrator, or no longer.
pub async fn set_admin(conn: &mut Conn<'_>, id: UserId, admin: bool) -> Result<(), StoreError> {
    let touched = execute!(conn, "update users set admin = $2 where id = $1", id, admin)?;
    if touched == 0 { Err(StoreError::Missing) } else { Ok(()) }
}

/// Shuts a person out, or lets him in again.
pub async fn set_disabled(conn: &mut Conn<'_>, id: UserId, disabled: bool) -> Result<(), StoreError> {
    let touched = execute!(conn, "update users set disabled = $2 where id = $1", id, disabled)?;
    if touched == 0 { Err(StoreError::Missing) } else { Ok(()) }
}
