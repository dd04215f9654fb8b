//! Using an approval, and making it valid again where what it was used for did not happen.

use crate::domain::reveal::RequestState;
use crate::domain::{Millis, RevealId};
use crate::store::conn::execute;
use crate::store::{Conn, StoreError};

/// Marks an approval as used. False if it was already used or has expired.
pub async fn spend(conn: &mut Conn<'_>, id: RevealId, now: Millis) -> Result<bool, StoreError> {
    let touched = execute!(
        conn,
        "update reveal_requests set state = $2 where id = $1 and state = $3 and expires > $4",
        id,
        RequestState::Used,
        RequestState::Approved,
        now
    )?;
    Ok(touched > 0)
}

/// Marks a used approval as not used, unless it has expired.
pub async fn give_back(conn: &mut Conn<'_>, id: RevealId, now: Millis) -> Result<(), StoreError> {
    execute!(
        conn,
        "update reveal_requests set state = $2 where id = $1 and state = $3 and expires > $4",
        id,
        RequestState::Approved,
        RequestState::Used,
        now
    )
    .map(drop)
}
