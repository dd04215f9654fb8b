//! The version of the access rules, which triggers increment with every change of a row that rights depend on. Each
//! change by Telescope stores a proof of the version with which it ends. A version without a valid proof means that
//! such a row was changed with SQL.

use super::access_proof::AccessRow;
use super::conn::{execute, one};
use super::{Conn, StoreError};

/// The version as it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    pub version: i64,
    /// The version that Telescope wrote last, if that is not this one.
    pub foreign_since: Option<i64>,
}

pub async fn find(conn: &mut Conn<'_>) -> Result<Found, StoreError> {
    let (version, sealed, proof) =
        one!(conn, (i64, Option<i64>, Option<String>), "select version, sealed, proof from access_version")?;
    let sealed = sealed.unwrap_or_default();
    let is_ours = sealed == version && conn.is_proven(AccessRow::Version(sealed), proof.as_deref());
    Ok(Found { version, foreign_since: (!is_ours).then_some(sealed) })
}

/// Remembers the version with which a change begins.
pub(super) async fn begin(conn: &mut Conn<'_>) -> Result<(), StoreError> {
    if conn.keys.is_some() {
        conn.access = Some(find(conn).await?);
    }
    Ok(())
}

/// Proves the version with which a change ends. An earlier change with SQL stays unproven until it is recorded, see
/// [`accept`].
pub(super) async fn seal(conn: &mut Conn<'_>) -> Result<(), StoreError> {
    let Some(before) = conn.access.filter(|before| before.foreign_since.is_none()) else { return Ok(()) };
    let now = find(conn).await?;
    if now.version == before.version { Ok(()) } else { put(conn, now.version).await }
}

/// Proves the present version, although rules were changed with SQL: the caller records that in the same transaction.
pub(super) async fn accept(conn: &mut Conn<'_>) -> Result<(), StoreError> {
    let now = find(conn).await?;
    conn.access = Some(Found { foreign_since: None, ..now });
    put(conn, now.version).await
}

async fn put(conn: &mut Conn<'_>, version: i64) -> Result<(), StoreError> {
    let proof = conn.prove(AccessRow::Version(version))?;
    execute!(conn, "update access_version set sealed = $1, proof = $2", version, proof.as_deref())?;
    Ok(())
}
