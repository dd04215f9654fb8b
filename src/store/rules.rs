//! The rows of the access policy, and the version that shows whether any of them has changed.

use super::conn::{all, one};
use super::{Conn, StoreError};
use crate::domain::access::PolicyRows;
use crate::domain::privilege::{AccountPrivilege, SystemPrivilege};
use crate::domain::{GroupId, RoleId, UserId};

/// The present version; triggers increment it with every change.
pub async fn version(conn: &mut Conn<'_>) -> Result<i64, StoreError> {
    let (version,) = one!(conn, (i64,), "select version from access_version")?;
    Ok(version)
}

/// Every rule. Unknown privileges are ignored and logged.
pub async fn load(conn: &mut Conn<'_>) -> Result<PolicyRows, StoreError> {
    let version = version(conn).await?;
    let members = all!(conn, (UserId, RoleId), "select distinct user_id, role_id from role_members")?;
    let cells = all!(
        conn,
        (GroupId, RoleId, String),
        "select group_id, role_id, privilege from group_role_privileges"
    )?;
    let cells = cells.into_iter().filter_map(|(group, role, name)| {
        Some((group, role, known(&name, AccountPrivilege::from_name(&name))?))
    });
    let system = all!(conn, (RoleId, String), "select role_id, privilege from role_system_privileges")?;
    let system = system
        .into_iter()
        .filter_map(|(role, name)| Some((role, known(&name, SystemPrivilege::from_name(&name))?)));
    Ok(PolicyRows { version, members, cells: cells.collect(), system: system.collect() })
}

fn known<P>(name: &str, privilege: Option<P>) -> Option<P> {
    if privilege.is_none() {
        tracing::warn!(name, "ignored a rule with an unknown privilege");
    }
    privilege
}
