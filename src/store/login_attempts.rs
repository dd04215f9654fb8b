//! Codes asked for at Telegram. Telegram locks a number out after a few a day, so they are counted here,
//! by number and across restarts, before it is asked.

use super::conn::{all, execute, one};
use super::{Conn, StoreError};
use crate::domain::{Millis, Phone};

/// Notes that `actor` asks for a code for this number.
pub async fn insert(conn: &mut Conn<'_>, phone: &Phone, at: Millis, actor: &str) -> Result<(), StoreError> {
    execute!(
        conn,
        "insert into login_attempts (id, phone, at, actor) values ($1, $2, $3, $4)",
        uuid::Uuid::now_v7().to_string(),
        phone,
        at,
        actor
    )?;
    Ok(())
}

/// How often a code was asked for, for this number, at or after `since`.
pub async fn count_since(conn: &mut Conn<'_>, phone: &Phone, since: Millis) -> Result<i64, StoreError> {
    let (count,) = one!(
        conn,
        (i64,),
        "select count(*) from login_attempts where phone = $1 and at >= $2",
        phone,
        since
    )?;
    Ok(count)
}

/// When a code was asked for, for this number, at or after `since`; the newest last.
pub async fn times_since(
    conn: &mut Conn<'_>,
    phone: &Phone,
    since: Millis,
) -> Result<Vec<Millis>, StoreError> {
    let times = all!(
        conn,
        (Millis,),
        "select at from login_attempts where phone = $1 and at >= $2 order by at",
        phone,
        since
    )?;
    Ok(times.into_iter().map(|(at,)| at).collect())
}

/// How often this actor asked for a code, for whatever number, at or after `since`.
pub async fn count_by_actor(conn: &mut Conn<'_>, actor: &str, since: Millis) -> Result<i64, StoreError> {
    let (count,) = one!(
        conn,
        (i64,),
        "select count(*) from login_attempts where actor = $1 and at >= $2",
        actor,
        since
    )?;
    Ok(count)
}
