//! Key-value pairs about the whole installation: its Telegram environment, its master keys.

use super::conn::{execute, first};
use super::{Conn, StoreError};

pub async fn get(conn: &mut Conn<'_>, key: &str) -> Result<Option<String>, StoreError> {
    let row = first!(conn, (String,), "select value from meta where key = $1", key)?;
    Ok(row.map(|(value,)| value))
}

pub async fn set(conn: &mut Conn<'_>, key: &str, value: &str) -> Result<(), StoreError> {
    execute!(
        conn,
        "insert into meta (key, value) values ($1, $2) on conflict (key) do update set value = excluded.value",
        key,
        value
    )?;
    Ok(())
}
