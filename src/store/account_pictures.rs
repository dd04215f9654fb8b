//! The small profile picture of each account's Telegram user, sealed with the photo's id as its version: no row shows
//! another account's picture or a former one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::conn::{all, execute, first};
use super::{Conn, StoreError};
use crate::crypto::{Keys, Purpose, SealContext, Sealed};
use crate::domain::picture::{PhotoId, Picture};
use crate::domain::{AccountId, Millis, Secret};

/// Stores a picture in place of an earlier one. Returns whether it is stored: a removed account has none.
pub async fn put(
    conn: &mut Conn<'_>,
    keys: &Keys,
    account: AccountId,
    picture: &Picture,
    at: Millis,
) -> Result<bool, StoreError> {
    let row = account.to_string();
    let sealed = keys.seal(&place(&row, picture.photo), &Secret::new(STANDARD.encode(picture.bytes())))?;
    let stored = execute!(
        conn,
        "insert into account_pictures (account_id, photo_id, key_id, sealed, stored_at)
         select id, $2, $3, $4, $5 from accounts where id = $1 and removed_at is null
         on conflict (account_id) do update set photo_id = excluded.photo_id, key_id = excluded.key_id,
         sealed = excluded.sealed, stored_at = excluded.stored_at",
        account,
        picture.photo,
        sealed.key_id(),
        sealed.to_string(),
        at
    )?;
    Ok(stored > 0)
}

/// The picture of an account. One that can't be opened, or that is none, is an error.
pub async fn get(
    conn: &mut Conn<'_>,
    keys: &Keys,
    account: AccountId,
) -> Result<Option<Picture>, StoreError> {
    let found = first!(
        conn,
        (PhotoId, String),
        "select photo_id, sealed from account_pictures where account_id = $1",
        account
    )?;
    let Some((photo, sealed)) = found else { return Ok(None) };
    let sealed: Sealed = sealed.parse()?;
    let opened = keys.open(&place(&account.to_string(), photo), &sealed)?;
    let corrupt = |error: &dyn std::fmt::Display| StoreError::Corrupt(format!("a profile picture: {error}"));
    let bytes = STANDARD.decode(opened.expose()).map_err(|error| corrupt(&error))?;
    Picture::new(photo, bytes).map(Some).map_err(|fault| corrupt(&fault))
}

/// Which photo the stored picture of each account shows. Those that were sealed with a key that is not in the settings are
/// left out.
pub async fn all(conn: &mut Conn<'_>, keys: &Keys) -> Result<Vec<(AccountId, PhotoId)>, StoreError> {
    all!(
        conn,
        (AccountId, PhotoId),
        "select account_id, photo_id from account_pictures where key_id = $1 or key_id = $2",
        keys.id(),
        keys.old_id().unwrap_or_default()
    )
}

pub async fn remove(conn: &mut Conn<'_>, account: AccountId) -> Result<(), StoreError> {
    execute!(conn, "delete from account_pictures where account_id = $1", account).map(drop)
}

const fn place(row: &str, photo: PhotoId) -> SealContext<'_> {
    SealContext { purpose: Purpose::ProfilePicture, row, version: photo.0 }
}
