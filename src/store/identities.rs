//! Who the identity providers say that people are: an issuer's subject belongs to one person for good.

use super::access_proof::AccessRow;
use super::conn::{all, execute, first};
use super::{Conn, StoreError};
use crate::domain::{Millis, UserId};

/// The person to whom the issuer's subject belongs.
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

/// Binds the issuer's subject to a person. [`unique`](super::unique) says `identities.issuer_subject` if it
/// belongs to a person already.
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

/// The subjects that an issuer has given to a person: more than one means that the address changed hands.
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

/// Forgets every subject of a person: the next identity that signs in with the address is bound to it. How many there were.
pub async fn forget(conn: &mut Conn<'_>, user: UserId) -> Result<u64, StoreError> {
    execute!(conn, "delete from identities where user_id = $1", user)
}
