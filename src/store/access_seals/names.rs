//! What the audit log calls the people and things in rows.

use std::collections::HashMap;

use crate::domain::{AccountId, Email, GroupId, Identifier, RoleId, UserId};
use crate::store::conn::all;
use crate::store::{Conn, StoreError, groups, roles, users};

/// The names of people, roles and groups, and the numbers of accounts; the id of one that has none.
pub(super) struct Names {
    people: HashMap<UserId, Email>,
    roles: HashMap<RoleId, String>,
    groups: HashMap<GroupId, String>,
    accounts: HashMap<AccountId, Identifier>,
}

impl Names {
    pub(super) async fn read(conn: &mut Conn<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            people: users::addresses(conn).await?,
            roles: roles::all(conn).await?.into_iter().map(|role| (role.id, role.name)).collect(),
            groups: groups::all(conn).await?.into_iter().map(|group| (group.id, group.name)).collect(),
            accounts: all!(conn, (AccountId, Identifier), "select id, phone from accounts")?
                .into_iter()
                .collect(),
        })
    }

    pub(super) fn person(&self, id: UserId) -> String {
        self.people.get(&id).map_or_else(|| id.to_string(), ToString::to_string)
    }

    pub(super) fn account(&self, id: AccountId) -> String {
        self.accounts.get(&id).map_or_else(|| id.to_string(), ToString::to_string)
    }

    pub(super) fn role(&self, id: RoleId) -> String {
        self.roles.get(&id).cloned().unwrap_or_else(|| id.to_string())
    }

    pub(super) fn group(&self, id: GroupId) -> String {
        self.groups.get(&id).cloned().unwrap_or_else(|| id.to_string())
    }
}
