//! The rows of the access policy, and the version that shows whether any of them has changed.

use super::conn::{all, one};
use std::collections::BTreeSet;

use super::access_proof::AccessRow;
use super::{Conn, StoreError};
use crate::domain::access::{PolicyRows, PolicyVersion};
use crate::domain::privilege::{AccountPrivilege, SystemPrivilege};
use crate::domain::{GroupId, RoleId, UserId};

/// The present version; triggers change it with every change of the rules.
pub async fn version(conn: &mut Conn<'_>) -> Result<PolicyVersion, StoreError> {
    let (number, stamp) = one!(conn, (i64, i64), "select version, stamp from access_version")?;
    Ok(PolicyVersion { number, stamp })
}

/// Every rule. A privilege that this program does not know gives nothing, and is said in the log; a row that Telescope
/// did not write gives nothing either.
pub async fn load(conn: &mut Conn<'_>) -> Result<PolicyRows, StoreError> {
    let version = version(conn).await?;
    let members = all!(
        conn,
        (UserId, RoleId, String, Option<String>),
        "select user_id, role_id, source, proof from role_members"
    )?;
    let cells = all!(
        conn,
        (GroupId, RoleId, String, Option<String>),
        "select group_id, role_id, privilege, proof from group_role_privileges"
    )?;
    let system = all!(
        conn,
        (RoleId, String, Option<String>),
        "select role_id, privilege, proof from role_system_privileges"
    )?;
    let members = members.into_iter().filter(|(user, role, source, proof)| {
        conn.is_proven(AccessRow::RoleMember(*role, *user, source), proof.as_deref())
    });
    let cells = cells.into_iter().filter(|(group, role, name, proof)| {
        conn.is_proven(AccessRow::GroupPrivilege(*group, *role, name), proof.as_deref())
    });
    let system = system.into_iter().filter(|(role, name, proof)| {
        conn.is_proven(AccessRow::SystemPrivilege(*role, name), proof.as_deref())
    });
    let cells = cells.filter_map(|(group, role, name, _)| {
        Some((group, role, known(&name, AccountPrivilege::from_name(&name))?))
    });
    let system =
        system.filter_map(|(role, name, _)| Some((role, known(&name, SystemPrivilege::from_name(&name))?)));
    Ok(PolicyRows {
        version,
        members: members.map(|(user, role, ..)| (user, role)).collect::<BTreeSet<_>>().into_iter().collect(),
        cells: cells.collect(),
        system: system.collect(),
    })
}

fn known<P>(name: &str, privilege: Option<P>) -> Option<P> {
    if privilege.is_none() {
        tracing::warn!(name, "ignored a rule with an unknown privilege");
    }
    privilege
}
