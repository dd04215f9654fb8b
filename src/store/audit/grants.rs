//! Who granted whom rights recently, according to the audit log.

use crate::domain::Millis;
use crate::domain::access::recent_grants::GRANTS;
use crate::domain::audit::{AuditEvent, Outcome};
use crate::store::conn::all;
use crate::store::{Conn, StoreError};

/// The grants since `since` and who made them, the oldest first.
pub async fn grants_since(
    conn: &mut Conn<'_>,
    since: Millis,
) -> Result<Vec<(String, AuditEvent)>, StoreError> {
    let [given, taken, renamed, deleted, system, admin, no_admin] = GRANTS.map(|kind| kind.code());
    let rows = all!(
        conn,
        (String, String, Option<String>),
        "select actor, code, details from audit_log where at >= $1 and outcome = $2
         and code in ($3, $4, $5, $6, $7, $8, $9) order by seq",
        since,
        Outcome::Done,
        given,
        taken,
        renamed,
        deleted,
        system,
        admin,
        no_admin
    )?;
    let read = |(actor, code, details): (String, String, Option<String>)| {
        (actor, AuditEvent::read(&code, details.as_deref()))
    };
    Ok(rows.into_iter().map(read).collect())
}
