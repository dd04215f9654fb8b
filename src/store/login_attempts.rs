//! Login codes requested from Telegram. Telegram locks a number after a few a day, so they are counted here, by number
//! and across restarts, before each request.

use super::conn::{all, execute, one};
use super::{Conn, StoreError};
use crate::domain::{Millis, Phone};

/// Notes that `actor` asks for a code for this number; the note's id.
pub async fn insert(
    conn: &mut Conn<'_>,
    phone: &Phone,
    at: Millis,
    actor: &str,
) -> Result<String, StoreError> {
    let id = uuid::Uuid::now_v7().to_string();
    execute!(
        conn,
        "insert into login_attempts (id, phone, at, actor) values ($1, $2, $3, $4)",
        id.as_str(),
        phone,
        at,
        actor
    )?;
    Ok(id)
}

/// Takes a note back, because Telegram sent no code and does not count the request.
pub async fn delete(conn: &mut Conn<'_>, id: &str) -> Result<(), StoreError> {
    execute!(conn, "delete from login_attempts where id = $1", id)?;
    Ok(())
}

/// How many codes were requested for this number at or after `since` and count.
pub async fn count_since(conn: &mut Conn<'_>, phone: &Phone, since: Millis) -> Result<i64, StoreError> {
    let (count,) = one!(
        conn,
        (i64,),
        "select count(*) from login_attempts where phone = $1 and at >= $2 and forgiven = false",
        phone,
        since
    )?;
    Ok(count)
}

/// When those codes were requested; the newest last.
pub async fn times_since(
    conn: &mut Conn<'_>,
    phone: &Phone,
    since: Millis,
) -> Result<Vec<Millis>, StoreError> {
    let times = all!(
        conn,
        (Millis,),
        "select at from login_attempts where phone = $1 and at >= $2 and forgiven = false order by at",
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

/// How many codes were requested by everyone together, at or after `since`.
pub async fn count_all(conn: &mut Conn<'_>, since: Millis) -> Result<i64, StoreError> {
    let (count,) = one!(conn, (i64,), "select count(*) from login_attempts where at >= $1", since)?;
    Ok(count)
}

/// The codes that were requested for this number no longer count for it; how many did.
pub async fn forgive(conn: &mut Conn<'_>, phone: &Phone) -> Result<u64, StoreError> {
    execute!(conn, "update login_attempts set forgiven = true where phone = $1 and forgiven = false", phone)
}
