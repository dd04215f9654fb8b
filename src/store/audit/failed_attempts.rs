//! Counting unsuccessful attempts in the audit log.

use crate::domain::Millis;
use crate::store::conn::one;
use crate::store::{Conn, StoreError};

/// How many of an actor's attempts at or after `since` have not succeeded. Attempts in progress count, so that
/// concurrent attempts can't exceed a limit.
pub async fn count_unsuccessful(
    conn: &mut Conn<'_>,
    actor: &str,
    code: &str,
    since: Millis,
) -> Result<i64, StoreError> {
    let (begun, done) = one!(
        conn,
        (i64, i64),
        "select count(case when outcome = 'intent' then 1 end), count(case when outcome = 'done' then 1 end)
         from audit_log where actor = $1 and code = $2 and at >= $3",
        actor,
        code,
        since
    )?;
    Ok(begun.saturating_sub(done).max(0))
}
