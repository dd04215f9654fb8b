//! Login codes requested from Telegram. Telegram locks a number after a few a day, so they are counted here, by number
//! and across restarts, before each request.

use super::conn::{execute, one};
use super::{Conn, StoreError};
use crate::domain::{Millis, Phone};

/// Records that `actor` requests a code for this number.
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

/// How many codes were requested for this number at or after `since`.
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

/// How many codes this actor requested, for any number, at or after `since`.
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
