//! The rows of all tables that give access.

use super::Foreign;
use super::names::Names;
use crate::domain::audit::ForeignRow;
use crate::domain::proxy::ProxySelection;
use crate::domain::{AccountId, Email, GroupId, RoleId, UserId};
use crate::store::access_proof::AccessRow;
use crate::store::conn::{all, execute};
use crate::store::key_check::Proven;
use crate::store::{Conn, StoreError, groups, proxies};

pub(super) struct Stored {
    key: Key,
    proof: Option<String>,
}

enum Key {
    Administrator(UserId, Email),
    Identity(String, String, UserId),
    RoleMember(RoleId, UserId, String),
    GroupPrivilege(GroupId, RoleId, String),
    SystemPrivilege(RoleId, String),
    Owner(AccountId, Email),
    AccountGroup(AccountId, GroupId),
    NoApproval(GroupId),
    NoConfirmation(GroupId),
    Emergency(GroupId),
    Proxy(ProxySelection),
}

/// All of them.
pub(super) async fn read(conn: &mut Conn<'_>) -> Result<Vec<Stored>, StoreError> {
    let mut found = Vec::new();
    let mut add = |key, proof| found.push(Stored { key, proof });
    let rows = all!(
        conn,
        (UserId, Email, Option<String>),
        "select id, email, admin_proof from users where admin = true"
    )?;
    rows.into_iter().for_each(|(id, email, proof)| add(Key::Administrator(id, email), proof));
    let rows = all!(
        conn,
        (String, String, UserId, Option<String>),
        "select issuer, subject, user_id, proof from identities"
    )?;
    rows.into_iter()
        .for_each(|(issuer, subject, user, proof)| add(Key::Identity(issuer, subject, user), proof));
    let rows = all!(
        conn,
        (RoleId, UserId, String, Option<String>),
        "select role_id, user_id, source, proof from role_members"
    )?;
    rows.into_iter().for_each(|(role, user, source, proof)| add(Key::RoleMember(role, user, source), proof));
    let rows = all!(
        conn,
        (GroupId, RoleId, String, Option<String>),
        "select group_id, role_id, privilege, proof from group_role_privileges"
    )?;
    rows.into_iter()
        .for_each(|(group, role, name, proof)| add(Key::GroupPrivilege(group, role, name), proof));
    let rows = all!(
        conn,
        (RoleId, String, Option<String>),
        "select role_id, privilege, proof from role_system_privileges"
    )?;
    rows.into_iter().for_each(|(role, name, proof)| add(Key::SystemPrivilege(role, name), proof));
    read_of_accounts(conn, &mut found).await?;
    Ok(found)
}

/// What accounts and their groups say.
async fn read_of_accounts(conn: &mut Conn<'_>, found: &mut Vec<Stored>) -> Result<(), StoreError> {
    let mut add = |key, proof| found.push(Stored { key, proof });
    let sql = "select id, owner, owner_proof from accounts where owner is not null";
    let rows = all!(conn, (AccountId, Email, Option<String>), sql)?;
    rows.into_iter().for_each(|(id, owner, proof)| add(Key::Owner(id, owner), proof));
    let sql = "select account_id, group_id, proof from account_group_members";
    let rows = all!(conn, (AccountId, GroupId, Option<String>), sql)?;
    rows.into_iter().for_each(|(account, group, proof)| add(Key::AccountGroup(account, group), proof));
    let sql = "select id, no_approval_proof from account_groups where reveals_need_approval = false";
    let rows = all!(conn, (GroupId, Option<String>), sql)?;
    rows.into_iter().for_each(|(id, proof)| add(Key::NoApproval(id), proof));
    let sql = "select id, no_confirmation_proof from account_groups where confirm_identity = false";
    let rows = all!(conn, (GroupId, Option<String>), sql)?;
    rows.into_iter().for_each(|(id, proof)| add(Key::NoConfirmation(id), proof));
    let sql = "select id, emergency_proof from account_groups where emergency_access = true";
    let rows = all!(conn, (GroupId, Option<String>), sql)?;
    rows.into_iter().for_each(|(id, proof)| add(Key::Emergency(id), proof));
    for (selection, proof) in proxies::stored(conn).await? {
        add(Key::Proxy(selection), proof);
    }
    Ok(())
}

impl Stored {
    fn row(&self) -> AccessRow<'_> {
        match &self.key {
            Key::Administrator(user, email) => AccessRow::Administrator(*user, email),
            Key::Identity(issuer, subject, user) => AccessRow::Identity(issuer, subject, *user),
            Key::RoleMember(role, user, source) => AccessRow::RoleMember(*role, *user, source),
            Key::GroupPrivilege(group, role, name) => AccessRow::GroupPrivilege(*group, *role, name),
            Key::SystemPrivilege(role, name) => AccessRow::SystemPrivilege(*role, name),
            Key::Owner(account, owner) => AccessRow::Owner(*account, owner),
            Key::AccountGroup(account, group) => AccessRow::AccountGroup(*account, *group),
            Key::NoApproval(group) => AccessRow::NoApproval(*group),
            Key::NoConfirmation(group) => AccessRow::NoConfirmation(*group),
            Key::Emergency(group) => AccessRow::Emergency(*group),
            Key::Proxy(selection) => AccessRow::Proxy(*selection),
        }
    }

    /// Since when rows of this kind carry proofs.
    pub(super) const fn proven_since(&self) -> Proven {
        match &self.key {
            Key::Administrator(..)
            | Key::Identity(..)
            | Key::RoleMember(..)
            | Key::GroupPrivilege(..)
            | Key::SystemPrivilege(..)
            // There were none before.
            | Key::Proxy(_) => Proven::Rights,
            Key::Owner(..) | Key::AccountGroup(..) | Key::NoApproval(_) | Key::Emergency(_) => {
                Proven::Accounts
            }
            Key::NoConfirmation(_) => Proven::Confirmations,
        }
    }

    pub(super) fn is_proven(&self, conn: &Conn<'_>) -> bool {
        conn.is_proven(self.row(), self.proof.as_deref())
    }

    pub(super) async fn prove(&self, conn: &mut Conn<'_>) -> Result<(), StoreError> {
        let proof = conn.prove(self.row())?;
        let proof = proof.as_deref();
        match &self.key {
            Key::Administrator(user, _) => {
                execute!(conn, "update users set admin_proof = $2 where id = $1", *user, proof)
            }
            Key::Identity(issuer, subject, _) => execute!(
                conn,
                "update identities set proof = $3 where issuer = $1 and subject = $2",
                issuer.as_str(),
                subject.as_str(),
                proof
            ),
            Key::RoleMember(role, user, source) => execute!(
                conn,
                "update role_members set proof = $4 where role_id = $1 and user_id = $2 and source = $3",
                *role,
                *user,
                source.as_str(),
                proof
            ),
            Key::GroupPrivilege(group, role, name) => execute!(
                conn,
                "update group_role_privileges set proof = $4
                 where group_id = $1 and role_id = $2 and privilege = $3",
                *group,
                *role,
                name.as_str(),
                proof
            ),
            Key::SystemPrivilege(role, name) => execute!(
                conn,
                "update role_system_privileges set proof = $3 where role_id = $1 and privilege = $2",
                *role,
                name.as_str(),
                proof
            ),
            Key::Owner(account, _) => {
                execute!(conn, "update accounts set owner_proof = $2 where id = $1", *account, proof)
            }
            Key::AccountGroup(account, group) => execute!(
                conn,
                "update account_group_members set proof = $3 where account_id = $1 and group_id = $2",
                *account,
                *group,
                proof
            ),
            Key::NoApproval(group) => {
                execute!(
                    conn,
                    "update account_groups set no_approval_proof = $2 where id = $1",
                    *group,
                    proof
                )
            }
            Key::NoConfirmation(group) => {
                execute!(
                    conn,
                    "update account_groups set no_confirmation_proof = $2 where id = $1",
                    *group,
                    proof
                )
            }
            Key::Emergency(group) => {
                execute!(conn, "update account_groups set emergency_proof = $2 where id = $1", *group, proof)
            }
            Key::Proxy(selection) => return proxies::put_proof(conn, *selection).await,
        }
        .map(drop)
    }

    pub(super) async fn remove(&self, conn: &mut Conn<'_>) -> Result<(), StoreError> {
        match &self.key {
            Key::Administrator(user, _) => {
                execute!(conn, "update users set admin = false, admin_proof = null where id = $1", *user)
            }
            Key::Identity(issuer, subject, _) => execute!(
                conn,
                "delete from identities where issuer = $1 and subject = $2",
                issuer.as_str(),
                subject.as_str()
            ),
            Key::RoleMember(role, user, source) => execute!(
                conn,
                "delete from role_members where role_id = $1 and user_id = $2 and source = $3",
                *role,
                *user,
                source.as_str()
            ),
            Key::GroupPrivilege(group, role, name) => execute!(
                conn,
                "delete from group_role_privileges where group_id = $1 and role_id = $2 and privilege = $3",
                *group,
                *role,
                name.as_str()
            ),
            Key::SystemPrivilege(role, name) => execute!(
                conn,
                "delete from role_system_privileges where role_id = $1 and privilege = $2",
                *role,
                name.as_str()
            ),
            Key::Owner(account, _) => {
                execute!(conn, "update accounts set owner = null, owner_proof = null where id = $1", *account)
            }
            Key::AccountGroup(account, group) => {
                return groups::take_out(conn, *group, *account).await.map(drop);
            }
            Key::NoApproval(group) => return groups::set_needs_approval(conn, *group, true).await,
            Key::NoConfirmation(group) => return groups::set_needs_confirmation(conn, *group, true).await,
            Key::Emergency(group) => return groups::set_emergency_access(conn, *group, false).await,
            Key::Proxy(selection) => return proxies::remove(conn, *selection).await,
        }
        .map(drop)
    }

    pub(super) fn named(&self, names: &Names) -> Foreign {
        let (row, what) = match &self.key {
            Key::Administrator(_, email) => (ForeignRow::Administrator, email.to_string()),
            Key::Identity(issuer, subject, user) => {
                (ForeignRow::Identity, format!("{} ({subject} of {issuer})", names.person(*user)))
            }
            Key::RoleMember(role, user, _) => {
                (ForeignRow::RoleMember, format!("{} in “{}”", names.person(*user), names.role(*role)))
            }
            Key::GroupPrivilege(group, role, name) => {
                let (role, group) = (names.role(*role), names.group(*group));
                (ForeignRow::GroupPrivilege, format!("{name} for role “{role}” in group “{group}”"))
            }
            Key::SystemPrivilege(role, name) => {
                (ForeignRow::SystemPrivilege, format!("{name} for role “{}”", names.role(*role)))
            }
            Key::Owner(account, owner) => {
                (ForeignRow::Owner, format!("{owner} of {}", names.account(*account)))
            }
            Key::AccountGroup(account, group) => {
                let (account, group) = (names.account(*account), names.group(*group));
                (ForeignRow::AccountGroup, format!("{account} in group “{group}”"))
            }
            Key::NoApproval(group) => (ForeignRow::NoApproval, format!("in group “{}”", names.group(*group))),
            Key::NoConfirmation(group) => {
                (ForeignRow::NoConfirmation, format!("in group “{}”", names.group(*group)))
            }
            Key::Emergency(group) => {
                (ForeignRow::EmergencyAccess, format!("in group “{}”", names.group(*group)))
            }
            Key::Proxy(selection) => (ForeignRow::Proxy, names.selection(*selection)),
        };
        Foreign { row, what }
    }
}
