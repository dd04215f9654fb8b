//! What the audit log calls the people and things in rows.

use std::collections::HashMap;

use crate::domain::proxy::{ProxyChoice, ProxySelection};
use crate::domain::{AccountId, Email, GroupId, Identifier, ProxyId, RoleId, UserId};
use crate::store::conn::all;
use crate::store::{Conn, StoreError, groups, roles, users};

/// The names of people, roles and groups, and the numbers of accounts; the id of one that has none.
pub(super) struct Names {
    people: HashMap<UserId, Email>,
    roles: HashMap<RoleId, String>,
    groups: HashMap<GroupId, String>,
    accounts: HashMap<AccountId, Identifier>,
    proxies: HashMap<ProxyId, String>,
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
            proxies: all!(conn, (ProxyId, String), "select id, name from proxies")?.into_iter().collect(),
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

    /// What was selected for accounts to connect through.
    pub(super) fn selection(&self, selection: ProxySelection) -> String {
        let through = match selection.choice() {
            ProxyChoice::Direct => "no proxy".to_owned(),
            ProxyChoice::Proxy(id) => {
                format!("“{}”", self.proxies.get(&id).cloned().unwrap_or_else(|| id.to_string()))
            }
        };
        match selection {
            ProxySelection::Account(id, _) => format!("{through} for {}", self.account(id)),
            ProxySelection::Group(id, _) => format!("{through} for group “{}”", self.group(id)),
            ProxySelection::Default(_) => format!("{through} as the default"),
        }
    }
}
