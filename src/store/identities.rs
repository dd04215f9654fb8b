//! Identities at identity providers: an issuer's subject always belongs to the same person.

use super::access_proof::AccessRow;
use super::conn::{all, execute, first};
use super::{Conn, StoreError};
use crate::domain::{Millis, UserId};

/// The person with this subject.
pub async fn find(conn: &mut Conn<'_>, issuer: &str, subject: &str) -> Result<Option<UserId>, StoreError> {
    let row = first!(
        conn,
        (UserId, Option<String>),
        "select user_id, proof from identities where issuer = $1 and subject = $2",
        issuer,
        subject
    )?;
    let genuine = row.filter(|(user, proof)| {
        conn.is_proven(AccessRow::Identity(issuer, subject, *user), proof.as_deref())
    });
    Ok(genuine.map(|(user, _)| user))
}

/// Binds a subject to a person. If it belongs to a person already, [`unique`](super::unique) returns
/// `identities.issuer_subject`.
pub async fn bind(
    conn: &mut Conn<'_>,
    issuer: &str,
    subject: &str,
    user: UserId,
    now: Millis,
) -> Result<(), StoreError> {
    let proof = conn.prove(AccessRow::Identity(issuer, subject, user))?;
    execute!(
        conn,
        "insert into identities (issuer, subject, user_id, created, proof) values ($1, $2, $3, $4, $5)",
        issuer,
        subject,
        user,
        now,
        proof.as_deref()
    )?;
    Ok(())
}

/// A person's subjects at an issuer: more than one means that the address was reassigned.
pub async fn subjects(conn: &mut Conn<'_>, issuer: &str, user: UserId) -> Result<Vec<String>, StoreError> {
    let rows = all!(
        conn,
        (String,),
        "select subject from identities where issuer = $1 and user_id = $2 order by created, subject",
        issuer,
        user
    )?;
    Ok(rows.into_iter().map(|(subject,)| subject).collect())
}

/// Forgets the subjects that this issuer gave to a person.
pub async fn forget_issuer(conn: &mut Conn<'_>, issuer: &str, user: UserId) -> Result<u64, StoreError> {
    execute!(conn, "delete from identities where issuer = $1 and user_id = $2", issuer, user)
}

/// Deletes every subject of a person: the next identity that signs in with the address is bound to it. Returns how many.
pub async fn forget(conn: &mut Conn<'_>, user: UserId) -> Result<u64, StoreError> {
    execute!(conn, "delete from identities where user_id = $1", user)
}
