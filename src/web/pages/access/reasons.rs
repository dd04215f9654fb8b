//! Why a person has a permission or not, as rows of a page.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::RoleId;
use crate::domain::access::{DenyReason, Explained, Source};
use crate::domain::privilege::{AccountPrivilege, SystemPrivilege};
use crate::live::accounts::GroupNames;
use crate::store::{self, Conn, StoreError};
use crate::web::state::State;
use crate::web::words::access as words;
use crate::web::words::privileges::{on_account, on_system};

/// One permission of a person.
pub struct ReasonRow {
    pub name: &'static str,
    pub label: &'static str,
    pub granted: bool,
    pub reasons: Vec<String>,
}

/// The names of roles and groups, of which the policy has only ids.
pub struct Names {
    roles: HashMap<RoleId, String>,
    groups: Arc<GroupNames>,
}

impl Names {
    pub async fn read(app: &State, conn: &mut Conn<'_>) -> Result<Self, StoreError> {
        let roles = store::roles::all(conn).await?;
        Ok(Self {
            roles: roles.into_iter().map(|role| (role.id, role.name)).collect(),
            groups: app.live.accounts.groups(),
        })
    }

    pub fn role(&self, role: RoleId) -> String {
        self.roles.get(&role).cloned().unwrap_or_default()
    }

    pub fn source(&self, source: &Source) -> String {
        match source {
            Source::Administrator => words::ADMIN.into(),
            Source::Owner => words::OWNER.into(),
            Source::Role { role, group } => {
                let group = self.groups.get(group).map(AsRef::as_ref).unwrap_or_default();
                words::granted_in_group(&self.role(*role), group)
            }
            Source::System { role } => words::granted_by(&self.role(*role)),
        }
    }

    pub fn row(&self, one: &Explained<AccountPrivilege>) -> ReasonRow {
        let name = one.privilege.name();
        let label = on_account(one.privilege).0;
        ReasonRow {
            name,
            label,
            granted: one.withheld.is_none(),
            reasons: self.reasons(&one.sources, one.withheld),
        }
    }

    pub fn system_row(&self, one: &Explained<SystemPrivilege>) -> ReasonRow {
        let name = one.privilege.name();
        let label = on_system(one.privilege).0;
        ReasonRow {
            name,
            label,
            granted: one.withheld.is_none(),
            reasons: self.reasons(&one.sources, one.withheld),
        }
    }

    fn reasons(&self, sources: &[Source], withheld: Option<DenyReason>) -> Vec<String> {
        match withheld {
            None => sources.iter().map(|source| self.source(source)).collect(),
            Some(reason) => vec![words::denied(reason).into()],
        }
    }
}
