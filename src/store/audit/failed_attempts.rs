//! Unsuccessful attempts, as the audit log has them.

use crate::domain::Millis;
use crate::store::conn::one;
use crate::store::{Conn, StoreError};

/// How often an actor began something at or after `since` that was refused. What is under way counts too, so that many
/// tries at once are as many; what was never sent, or has no known outcome, does not.
pub async fn count_unsuccessful(
    conn: &mut Conn<'_>,
    actor: &str,
    code: &str,
    since: Millis,
) -> Result<i64, StoreError> {
    let (begun, other) = one!(
        conn,
        (i64, i64),
        "select count(case when outcome = 'intent' then 1 end), 
         count(case when outcome in ('done', 'not-sent', 'unknown') then 1 end)
         from audit_log where actor = $1 and code = $2 and at >= $3",
        actor,
        code,
        since
    )?;
    Ok(begun.saturating_sub(other).max(0))
}
