//! Rows that give a person access carry a proof: a MAC over their values, with a key that the database does not have. A
//! row that was added or changed with SQL has no valid proof, and gives no access: such an owner owns nothing, such a
//! group does not have the account, and the accounts of such a group need approvals.
//!
//! A database that was opened without keys, as by `telescope migrate`, neither makes proofs nor checks them.

use super::invites::listed;
use super::{Conn, StoreError};
use crate::domain::invite::Invite;
use crate::domain::proxy::{ProxyChoice, ProxySelection};
use crate::domain::reveal::RevealRequest;
use crate::domain::{AccountId, Email, GroupId, Millis, RoleId, UserId};

/// A row that gives access.
#[derive(Clone, Copy, Debug)]
pub(super) enum AccessRow<'a> {
    Administrator(UserId, &'a Email),
    /// Issuer and subject.
    Identity(&'a str, &'a str, UserId),
    /// The last part is the source of the membership.
    RoleMember(RoleId, UserId, &'a str),
    GroupPrivilege(GroupId, RoleId, &'a str),
    SystemPrivilege(RoleId, &'a str),
    Owner(AccountId, &'a Email),
    AccountGroup(AccountId, GroupId),
    /// The secrets of a group's accounts are shown without approval.
    NoApproval(GroupId),
    /// The secrets of a group's accounts are shown without identity confirmation.
    NoConfirmation(GroupId),
    /// Approvals of a group are not needed in an emergency.
    Emergency(GroupId),
    /// What accounts connect through.
    Proxy(ProxySelection),
    /// An open request, or an approval with the number of the audit entry that recorded it.
    Request(&'a RevealRequest, Option<i64>),
    /// An invite, with its state, its link and its browser.
    Invite(&'a Invite),
    /// The version of the access rules after Telescope's last change.
    Version(i64),
}

impl AccessRow<'_> {
    fn parts(&self) -> Vec<String> {
        match *self {
            Self::Administrator(user, email) => {
                vec!["administrator".into(), user.to_string(), email.to_string()]
            }
            Self::Identity(issuer, subject, user) => {
                vec!["identity".into(), issuer.into(), subject.into(), user.to_string()]
            }
            Self::RoleMember(role, user, source) => {
                vec!["role member".into(), role.to_string(), user.to_string(), source.into()]
            }
            Self::GroupPrivilege(group, role, privilege) => {
                vec!["group privilege".into(), group.to_string(), role.to_string(), privilege.into()]
            }
            Self::SystemPrivilege(role, privilege) => {
                vec!["system privilege".into(), role.to_string(), privilege.into()]
            }
            Self::Owner(account, owner) => {
                vec!["account owner".into(), account.to_string(), owner.to_string()]
            }
            Self::AccountGroup(account, group) => {
                vec!["account group".into(), account.to_string(), group.to_string()]
            }
            Self::NoApproval(group) => vec!["group without approval".into(), group.to_string()],
            Self::NoConfirmation(group) => vec!["group without confirmation".into(), group.to_string()],
            Self::Emergency(group) => vec!["group with emergency access".into(), group.to_string()],
            Self::Proxy(selection) => proxy_parts(selection),
            Self::Request(request, entry) => request_parts(request, entry),
            Self::Invite(invite) => invite_parts(invite),
            Self::Version(version) => vec!["access version".into(), version.to_string()],
        }
    }
}

fn proxy_parts(selection: ProxySelection) -> Vec<String> {
    let choice = match selection.choice() {
        ProxyChoice::Direct => "direct".to_owned(),
        ProxyChoice::Proxy(id) => id.to_string(),
    };
    match selection {
        ProxySelection::Account(account, _) => vec!["proxy of account".into(), account.to_string(), choice],
        ProxySelection::Group(group, _) => vec!["proxy of group".into(), group.to_string(), choice],
        ProxySelection::Default(_) => vec!["default proxy".into(), choice],
    }
}

fn request_parts(request: &RevealRequest, entry: Option<i64>) -> Vec<String> {
    let decided_by = request.decided_by.as_ref().map(|(user, _)| user.to_string());
    let number = |value: Option<i64>| value.map(|value| value.to_string()).unwrap_or_default();
    vec![
        "reveal request".into(),
        request.id.to_string(),
        request.account.to_string(),
        request.kind.name().into(),
        request.requester.to_string(),
        request.reason.clone(),
        request.created.0.to_string(),
        request.expires.0.to_string(),
        request.state.name().into(),
        decided_by.unwrap_or_default(),
        number(request.decided_at.map(|Millis(at)| at)),
        request.note.clone().unwrap_or_default(),
        number(entry),
    ]
}

fn invite_parts(invite: &Invite) -> Vec<String> {
    vec![
        "invite".into(),
        invite.id.to_string(),
        invite.kind.name().into(),
        invite.creator.to_string(),
        invite.person.to_string(),
        invite.phone.as_ref().map(|phone| phone.digits().to_owned()).unwrap_or_default(),
        invite.comment.clone(),
        listed(&invite.groups),
        invite.created.0.to_string(),
        invite.hours.to_string(),
        invite.expires.0.to_string(),
        invite.turn.to_string(),
        invite.token_hash.clone(),
        invite.state.name().into(),
        invite.browser.clone().unwrap_or_default(),
        invite.account.map(|account| account.to_string()).unwrap_or_default(),
    ]
}

impl Conn<'_> {
    /// The proof of a row that is about to be written; none in a database that was opened without keys.
    pub(super) fn prove(&self, row: AccessRow<'_>) -> Result<Option<String>, StoreError> {
        let Some(keys) = &self.keys else { return Ok(None) };
        let parts = row.parts();
        let parts: Vec<&[u8]> = parts.iter().map(String::as_bytes).collect();
        Ok(Some(keys.access_mac(&parts)?))
    }

    /// Whether Telescope wrote this row.
    pub(super) fn is_proven(&self, row: AccessRow<'_>, proof: Option<&str>) -> bool {
        let Some(keys) = &self.keys else { return true };
        let parts = row.parts();
        let parts: Vec<&[u8]> = parts.iter().map(String::as_bytes).collect();
        proof.is_some_and(|proof| keys.proves_access(proof, &parts))
    }
}
