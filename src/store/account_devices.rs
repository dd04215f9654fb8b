//! The devices of each account as Telegram last listed them, sealed with the time of that as version: no row shows another
//! account's devices or a former list.

use super::conn::{all, execute};
use super::{Conn, StoreError};
use crate::crypto::{Keys, Purpose, SealContext, Sealed};
use crate::domain::{AccountId, Devices, Millis, Secret};

/// Stores a list in place of an earlier one. Returns whether it is stored: a removed account has none.
pub async fn put(
    conn: &mut Conn<'_>,
    keys: &Keys,
    account: AccountId,
    devices: &Devices,
) -> Result<bool, StoreError> {
    let row = account.to_string();
    let json = serde_json::to_string(devices).map_err(|error| corrupt(&error))?;
    let sealed = keys.seal(&place(&row, devices.read_at), &Secret::new(json))?;
    let stored = execute!(
        conn,
        "insert into account_devices (account_id, read_at, key_id, sealed)
         select id, $2, $3, $4 from accounts where id = $1 and removed_at is null
         on conflict (account_id) do update set read_at = excluded.read_at, key_id = excluded.key_id,
         sealed = excluded.sealed",
        account,
        devices.read_at,
        sealed.key_id(),
        sealed.to_string()
    )?;
    Ok(stored > 0)
}

/// The last list of every account. One that can't be opened is left out, since it is read again.
pub async fn all(conn: &mut Conn<'_>, keys: &Keys) -> Result<Vec<(AccountId, Devices)>, StoreError> {
    let rows = all!(
        conn,
        (AccountId, Millis, String),
        "select account_id, read_at, sealed from account_devices
         join accounts on accounts.id = account_id where removed_at is null"
    )?;
    let mut lists = Vec::with_capacity(rows.len());
    for (account, read_at, sealed) in rows {
        match open(keys, account, read_at, &sealed) {
            Ok(devices) => lists.push((account, devices)),
            Err(error) => tracing::warn!(%account, %error, "a stored list of devices is not used"),
        }
    }
    Ok(lists)
}

fn open(keys: &Keys, account: AccountId, read_at: Millis, sealed: &str) -> Result<Devices, StoreError> {
    let sealed: Sealed = sealed.parse()?;
    let opened = keys.open(&place(&account.to_string(), read_at), &sealed)?;
    serde_json::from_str(opened.expose()).map_err(|error| corrupt(&error))
}

fn corrupt(error: &serde_json::Error) -> StoreError {
    StoreError::Corrupt(format!("a list of devices, at column {}", error.column()))
}

pub async fn remove(conn: &mut Conn<'_>, account: AccountId) -> Result<(), StoreError> {
    execute!(conn, "delete from account_devices where account_id = $1", account).map(drop)
}

const fn place(row: &str, read_at: Millis) -> SealContext<'_> {
    SealContext { purpose: Purpose::DeviceList, row, version: read_at.0 }
}
