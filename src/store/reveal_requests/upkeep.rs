//! Requests that Telescope did not write, and requests that are kept no longer.

use super::{Row, all_genuine, requests};
use crate::domain::reveal::RequestState;
use crate::domain::{Email, Millis, RevealId};
use crate::store::conn::{all, execute, first};
use crate::store::{Conn, StoreError};

/// Open requests that Telescope did not leave so, with who made them.
pub(in crate::store) async fn foreign(conn: &mut Conn<'_>) -> Result<Vec<(RevealId, Email)>, StoreError> {
    let open = requests!(
        all,
        conn,
        "where state = $1 or state = $2 order by reveal_requests.id",
        RequestState::Waiting,
        RequestState::Approved
    )?;
    let requests = all_genuine(conn, open).await?;
    let over = requests.into_iter().filter(|request| request.state == RequestState::Expired);
    Ok(over.map(|request| (request.id, request.person)).collect())
}

/// Ends every open request.
pub(in crate::store) async fn expire_open(conn: &mut Conn<'_>) -> Result<(), StoreError> {
    execute!(
        conn,
        "update reveal_requests set state = $1 where state = $2 or state = $3",
        RequestState::Expired,
        RequestState::Waiting,
        RequestState::Approved
    )
    .map(drop)
}

/// Deletes closed requests that were made before then. Returns how many.
pub async fn forget_before(conn: &mut Conn<'_>, then: Millis) -> Result<u64, StoreError> {
    execute!(
        conn,
        "delete from reveal_requests where created < $1 and state <> $2 and state <> $3",
        then,
        RequestState::Waiting,
        RequestState::Approved
    )
}

/// Whether there is a request that was made before then.
pub async fn any_before(conn: &mut Conn<'_>, then: Millis) -> Result<bool, StoreError> {
    Ok(first!(conn, (RevealId,), "select id from reveal_requests where created < $1 limit 1", then)?
        .is_some())
}
