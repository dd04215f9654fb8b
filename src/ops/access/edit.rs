//! A single edit: its check, its change and its audit entry.

mod group;
mod role;

use std::collections::HashMap;

use super::{Failed, stripping};
use crate::domain::access::{EscalationError, Moved, Policy, PolicyChange, Principal, authorize_change};
use crate::domain::audit::{AuditEntry, AuditEvent, Outcome};
use crate::domain::error::{ErrorCode, GoneKind, NameKind};
use crate::domain::privilege::{AccountPrivileges, SystemPrivileges};
use crate::domain::{AccountId, Email, GroupId, Millis, RoleId, UserId, name};
use crate::ops::{Applied, OpError};
use crate::store::tx::Recorded;
use crate::store::{Conn, StoreError, Tx};

/// The longest name of a role or a group, in characters.
pub const MAX_NAME: usize = 60;

/// A reference to a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserRef {
    Id(UserId),
    /// The person with this address, who may not have signed in yet.
    Email(Email),
}

/// One change to roles, groups or their members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Create a role with this id and name.
    AddRole(RoleId, String),
    RenameRole(RoleId, String),
    DeleteRole(RoleId),
    /// Set a role's privileges for the accounts of a group.
    Cell(GroupId, RoleId, AccountPrivileges),
    /// Set a role's system privileges.
    System(RoleId, SystemPrivileges),
    Give(UserRef, RoleId),
    Take(UserRef, RoleId),
    /// Create a group with this id and name.
    AddGroup(GroupId, String),
    RenameGroup(GroupId, String),
    DeleteGroup(GroupId),
    /// Require a second person's approval to show secrets of the group's accounts, or stop requiring it. Takes effect
    /// for every later reveal, including those already requested.
    NeedApproval(GroupId, bool),
    /// Let people who may log in to a group's accounts see a login code without approval in an emergency, or no longer.
    AllowEmergency(GroupId, bool),
    PutIn(AccountId, GroupId),
    TakeOut(AccountId, GroupId),
}

impl Edit {
    /// Whether the edit gives people the privileges that roles have in a group. Such an edit is authorized by the rules
    /// as earlier edits of the batch left them; all others by the rules from before the batch, because actors can't
    /// change their own rights.
    pub(super) const fn gives_what_cells_say(&self) -> bool {
        matches!(self, Self::PutIn(..))
    }
}

/// Who makes the edits, under which policy, and when.
pub(super) struct EditContext<'a> {
    pub actor: &'a Principal,
    pub rules: &'a Policy,
    pub at: Millis,
}

/// The result of one edit.
pub(super) struct EditMade {
    pub applied: Applied<(), Failed>,
    pub recorded: Option<Recorded>,
}

type Done = Result<EditMade, OpError>;

/// Nothing to change.
const fn unchanged() -> Done {
    Ok(EditMade { applied: Applied::Done(()), recorded: None })
}

/// Rejected because the edit itself is invalid, which is not recorded.
const fn rejected(failed: Failed) -> Done {
    Ok(EditMade { applied: Applied::Rejected(failed), recorded: None })
}

impl EditContext<'_> {
    /// Makes one edit. If it moves an account between groups, that is added to `moved`.
    pub(super) async fn make(
        &self,
        conn: &mut Tx<'_>,
        edit: &Edit,
        moved: &mut HashMap<AccountId, Moved>,
    ) -> Done {
        match edit {
            Edit::AddRole(id, name) => self.add_role(conn, *id, name).await,
            Edit::RenameRole(role, name) => self.rename_role(conn, *role, name).await,
            Edit::DeleteRole(role) => self.delete_role(conn, *role).await,
            Edit::Cell(group, role, set) => self.set_cell(conn, *group, *role, *set).await,
            Edit::System(role, set) => self.set_system(conn, *role, *set).await,
            Edit::Give(who, role) => self.give(conn, who, *role).await,
            Edit::Take(who, role) => self.take(conn, who, *role).await,
            Edit::AddGroup(id, name) => self.add_group(conn, *id, name).await,
            Edit::RenameGroup(group, name) => self.rename_group(conn, *group, name).await,
            Edit::DeleteGroup(group) => self.delete_group(conn, *group, moved).await,
            Edit::NeedApproval(group, needed) => self.need_approval(conn, *group, *needed).await,
            Edit::AllowEmergency(group, allowed) => self.allow_emergency(conn, *group, *allowed).await,
            Edit::PutIn(account, group) => self.put_in(conn, *account, *group, moved).await,
            Edit::TakeOut(account, group) => self.take_out(conn, *account, *group, moved).await,
        }
    }

    fn authorize(&self, change: PolicyChange<'_>) -> Result<(), EscalationError> {
        authorize_change(self.rules, self.actor, change)
    }

    /// Why people whose roles are `affected` may not lose what those give them; none if they may.
    async fn authorize_stripping(
        &self,
        conn: &mut Conn<'_>,
        affected: impl Fn(&[RoleId]) -> bool,
    ) -> Result<Option<EscalationError>, StoreError> {
        stripping::of_roles(conn, self.rules, self.actor, affected).await
    }

    fn entry(&self, event: AuditEvent) -> AuditEntry {
        AuditEntry::done(self.at, self.actor, event)
    }

    async fn record(&self, tx: &mut Tx<'_>, entry: AuditEntry) -> Done {
        Ok(EditMade { applied: Applied::Done(()), recorded: Some(tx.record(&entry).await?) })
    }

    /// Attempts to give or take more than the actor is allowed to are recorded, too.
    async fn refuse(&self, tx: &mut Tx<'_>, entry: AuditEntry, what: String, why: EscalationError) -> Done {
        let failed = Failed { what, field: None, error: why.into() };
        let entry = AuditEntry { outcome: Outcome::Failed, ..entry }.because(failed.why());
        let recorded = Some(tx.record(&entry).await?);
        Ok(EditMade { applied: Applied::Rejected(failed), recorded })
    }
}

/// A name that a role or a group may have, in its one spelling.
fn checked(text: &str) -> Result<String, Failed> {
    name::clean(text, MAX_NAME).ok_or_else(|| {
        let error = ErrorCode::NameInvalid { max: MAX_NAME };
        Failed { what: text.trim().to_owned(), field: Some("name"), error }
    })
}

/// A name that a new group may have.
pub(crate) fn group_name(name: &str) -> Result<String, ErrorCode> {
    checked(name).map_err(|failed| failed.error)
}

fn taken(name: &str, kind: NameKind) -> Failed {
    Failed { what: name.to_owned(), field: Some("name"), error: ErrorCode::NameTaken { kind } }
}

fn gone(kind: GoneKind) -> Done {
    rejected(Failed { what: kind.name().to_owned(), field: None, error: ErrorCode::Gone { kind } })
}
