//! Secrets of accounts, sealed: the database has them and can't read them.
//!
//! One value per purpose and row. A new value takes the place of the old one and a higher version, which is
//! part of what is sealed; so an old value that is put back does not open.

use super::conn::{execute, first};
use super::{Conn, StoreError};
use crate::crypto::{KeyError, Keys, Purpose, SealContext, Sealed};
use crate::domain::{AccountId, Millis, Secret};

/// What may be known of a secret without opening it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Fact {
    /// Grows with each new value.
    pub version: i64,
    /// When this value was stored.
    pub stored_at: Millis,
    /// When Telegram refused it: it is not to be tried again.
    pub rejected_at: Option<Millis>,
}

/// Seals and stores a secret in place of the one before it; the new version.
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

/// Opens a secret; its version and the text. A value that can't be opened is an error, never a value.
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

/// What is known of an account's stored two-step password, beside the password itself.
pub async fn two_step_password(conn: &mut Conn<'_>, account: AccountId) -> Result<Option<Fact>, StoreError> {
    fact(conn, Purpose::TwoStepPassword, &account.to_string()).await
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

/// Notes that a value was refused. Nothing happens if there is a newer one already.
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

/// Notes that this value is handed to Telegram now. False if it was before and nothing is known of how it
/// went, if it was rejected, or if there is another value by now: then it must not be handed over.
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

/// Notes that Telegram took this value, or never saw it: it may be handed over again, in another login.
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

/// Forgets a secret; whether there was one.
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
