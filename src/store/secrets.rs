//! Secrets of accounts, sealed, so that the database can't read them.
//!
//! One value per purpose and row. A new value replaces the old one and gets a higher version, which is authenticated by
//! the seal; so an old value that is put back can't be opened.

use super::conn::{all, execute, first};
use super::{Conn, StoreError};
use crate::crypto::{KeyError, Keys, Purpose, SealContext, Sealed};
use crate::domain::{AccountId, Millis, Secret};

/// What is known of a secret without opening it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Fact {
    /// Grows with each new value.
    pub version: i64,
    /// When this value was stored.
    pub stored_at: Millis,
    /// When Telegram rejected it: it must not be submitted again.
    pub rejected_at: Option<Millis>,
}

/// Seals and stores a secret, replacing an earlier one. Returns the new version.
pub async fn put(
    conn: &mut Conn<'_>,
    keys: &Keys,
    purpose: Purpose,
    row: &str,
    secret: &Secret,
    now: Millis,
) -> Result<i64, StoreError> {
    let version = fact(conn, purpose, row).await?.map_or(1, |before| before.version.saturating_add(1));
    let sealed = keys.seal(&SealContext { purpose, row, version }, secret)?;
    execute!(
        conn,
        "insert into sealed_secrets (purpose, row_id, version, key_id, sealed, stored_at)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (purpose, row_id) do update set version = excluded.version, key_id = excluded.key_id,
         sealed = excluded.sealed, stored_at = excluded.stored_at, rejected_at = null, given_at = null",
        purpose.name(),
        row,
        version,
        sealed.key_id(),
        sealed.to_string(),
        now
    )?;
    Ok(version)
}

/// Opens a secret and returns its version and text. A value that can't be opened is an error.
pub async fn get(
    conn: &mut Conn<'_>,
    keys: &Keys,
    purpose: Purpose,
    row: &str,
) -> Result<Option<(i64, Secret)>, StoreError> {
    let found = first!(
        conn,
        (i64, String),
        "select version, sealed from sealed_secrets where purpose = $1 and row_id = $2",
        purpose.name(),
        row
    )?;
    let Some((version, sealed)) = found else { return Ok(None) };
    let sealed: Sealed = sealed.parse()?;
    Ok(Some((version, keys.open(&SealContext { purpose, row, version }, &sealed)?)))
}

/// What is known of an account's stored two-step password without opening it.
pub async fn two_step_password(conn: &mut Conn<'_>, account: AccountId) -> Result<Option<Fact>, StoreError> {
    fact(conn, Purpose::TwoStepPassword, &account.to_string()).await
}

/// Whether it is not known yet which two-step password of an account is valid.
pub async fn is_two_step_unsettled(conn: &mut Conn<'_>, account: AccountId) -> Result<bool, StoreError> {
    Ok(fact(conn, Purpose::TwoStepAfter, &account.to_string()).await?.is_some())
}

/// What is known of the stored token of a bot without opening it.
pub async fn bot_token(conn: &mut Conn<'_>, account: AccountId) -> Result<Option<Fact>, StoreError> {
    fact(conn, Purpose::BotToken, &account.to_string()).await
}

/// What is known of a secret without opening it.
pub async fn fact(conn: &mut Conn<'_>, purpose: Purpose, row: &str) -> Result<Option<Fact>, StoreError> {
    first!(
        conn,
        Fact,
        "select version, stored_at, rejected_at from sealed_secrets where purpose = $1 and row_id = $2",
        purpose.name(),
        row
    )
}

/// Marks a value as rejected. Does nothing if there is a newer one.
pub async fn mark_rejected(
    conn: &mut Conn<'_>,
    purpose: Purpose,
    row: &str,
    version: i64,
    at: Millis,
) -> Result<(), StoreError> {
    execute!(
        conn,
        "update sealed_secrets set rejected_at = $4 where purpose = $1 and row_id = $2 and version = $3",
        purpose.name(),
        row,
        version,
        at
    )?;
    Ok(())
}

/// Marks this value as submitted to Telegram. False if it was submitted before with an unknown result, if it was
/// rejected, or if it was replaced: then it must not be submitted.
pub async fn mark_given(
    conn: &mut Conn<'_>,
    purpose: Purpose,
    row: &str,
    version: i64,
    at: Millis,
) -> Result<bool, StoreError> {
    let touched = execute!(
        conn,
        "update sealed_secrets set given_at = $4 where purpose = $1 and row_id = $2 and version = $3
         and given_at is null and rejected_at is null",
        purpose.name(),
        row,
        version,
        at
    )?;
    Ok(touched > 0)
}

/// Notes that Telegram accepted this value, or never received it: it may be submitted again, in another login.
pub async fn mark_accepted(
    conn: &mut Conn<'_>,
    purpose: Purpose,
    row: &str,
    version: i64,
) -> Result<(), StoreError> {
    execute!(
        conn,
        "update sealed_secrets set given_at = null where purpose = $1 and row_id = $2 and version = $3",
        purpose.name(),
        row,
        version
    )?;
    Ok(())
}

/// Notes that this value is valid: it may be submitted, even if it was rejected before.
pub async fn mark_valid(conn: &mut Conn<'_>, purpose: Purpose, row: &str) -> Result<(), StoreError> {
    execute!(
        conn,
        "update sealed_secrets set rejected_at = null, given_at = null where purpose = $1 and row_id = $2",
        purpose.name(),
        row
    )?;
    Ok(())
}

/// The rows that have a secret of this purpose.
pub async fn rows(conn: &mut Conn<'_>, purpose: Purpose) -> Result<Vec<String>, StoreError> {
    let rows = all!(conn, (String,), "select row_id from sealed_secrets where purpose = $1", purpose.name())?;
    Ok(rows.into_iter().map(|(row,)| row).collect())
}

/// Deletes a secret. Returns whether there was one.
pub async fn delete(conn: &mut Conn<'_>, purpose: Purpose, row: &str) -> Result<bool, StoreError> {
    let touched =
        execute!(conn, "delete from sealed_secrets where purpose = $1 and row_id = $2", purpose.name(), row)?;
    Ok(touched > 0)
}

impl From<KeyError> for StoreError {
    fn from(error: KeyError) -> Self {
        Self::Corrupt(format!("a secret can't be sealed or opened: {error}"))
    }
}
