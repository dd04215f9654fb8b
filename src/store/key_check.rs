//! Checks that the configured master key is the one that this database was used with.
//!
//! For each key that was ever used, the database has a sealed empty value. If a key can't open it, the server refuses to
//! start before it changes anything: otherwise some secrets would be sealed with a wrong key.

use super::conn::one;
use super::{Conn, StoreError, meta};
use crate::crypto::{KeyError, Keys, Purpose, SealContext, Sealed};
use crate::domain::Secret;

/// The `meta` key with the ids of all known master keys, separated by spaces.
const KNOWN: &str = "key_ids";

/// Checks the configured keys, and registers a new one. [`StoreError::Open`] tells the operator what is wrong with them.
/// To be called inside a change, at startup.
pub async fn check(conn: &mut Conn<'_>, keys: &Keys) -> Result<(), StoreError> {
    let known = meta::get(conn, KNOWN).await?.unwrap_or_default();
    let known: Vec<&str> = known.split(' ').filter(|id| !id.is_empty()).collect();
    let mut given = vec![keys.id()];
    given.extend(keys.old_id());
    for id in &given {
        if known.contains(id) {
            try_key(conn, keys, id).await?;
        }
    }
    if !known.is_empty() {
        if keys.old_id().is_some_and(|old| !known.contains(&old)) {
            return Err(refuse(
                "TWO_FACTOR_ENCRYPTION_KEY_OLD is not a key that this database was used with.",
            ));
        }
        if !given.iter().any(|id| known.contains(id)) {
            return Err(refuse(
                "TWO_FACTOR_ENCRYPTION_KEY is not the key that this database was used with. Put that one back; \
                 if you want to change it, put the former one into TWO_FACTOR_ENCRYPTION_KEY_OLD.",
            ));
        }
    }
    refuse_lost_secrets(conn, keys).await?;
    let new: Vec<&str> = given.into_iter().filter(|id| !known.contains(id)).collect();
    if new.is_empty() {
        return Ok(());
    }
    for id in &new {
        let nothing = keys.seal_with(id, &place(id), &Secret::default())?;
        meta::set(conn, &name(id), &nothing.to_string()).await?;
    }
    meta::set(conn, KNOWN, &[known, new].concat().join(" ")).await
}

/// A key with a known id must open the value that it sealed: an id has only 32 bits, and the row may be damaged.
async fn try_key(conn: &mut Conn<'_>, keys: &Keys, id: &str) -> Result<(), StoreError> {
    let sealed = meta::get(conn, &name(id)).await?.ok_or(KeyError::Form)?;
    let opened = sealed.parse().and_then(|sealed: Sealed| keys.open(&place(id), &sealed));
    match opened {
        Ok(_) => Ok(()),
        Err(error) => Err(refuse(&format!(
            "The master key {id} does not open what it sealed in this database: {error}."
        ))),
    }
}

/// Refuses to start if a secret is sealed with a key that is not configured.
async fn refuse_lost_secrets(conn: &mut Conn<'_>, keys: &Keys) -> Result<(), StoreError> {
    let (lost,) = one!(
        conn,
        (i64,),
        "select count(*) from sealed_secrets where key_id <> $1 and key_id <> $2",
        keys.id(),
        keys.old_id().unwrap_or_default()
    )?;
    if lost == 0 {
        return Ok(());
    }
    Err(refuse(&format!(
        "{lost} stored secrets are sealed with a key that is not in the settings. \
         Put it into TWO_FACTOR_ENCRYPTION_KEY_OLD."
    )))
}

fn place(id: &str) -> SealContext<'_> {
    SealContext { purpose: Purpose::KeyCheck, row: id, version: 1 }
}

fn name(id: &str) -> String {
    format!("key_check.{id}")
}

fn refuse(sentence: &str) -> StoreError {
    StoreError::Open(sentence.to_owned())
}
