//! The action of a line with the permits that it needs. Without those it can't be made, as for a page.

use crate::domain::access::{Permit, Policy, Principal, Refusal, SystemPermit, decide, decide_system};
use crate::domain::error::ErrorCode;
use crate::domain::job_line::{Action, LineFault};
use crate::domain::offboarding::PersonAction;
use crate::domain::privilege::can;
use crate::domain::{Account, Email, GroupId, UserId};
use crate::ops::access::Edit;
use crate::ops::two_step::{NewPassword, TwoStepChange};
use crate::ops::{App, OpError, access, accounts, devices, offboarding, two_step};

pub(super) enum AuthorizedAction {
    Connect(Permit<can::ManageConnectionState>),
    Disconnect(Permit<can::ManageConnectionState>),
    ChangeOwner(Permit<can::View>, SystemPermit<can::ManageAccess>, Option<Email>),
    AddGroup(Permit<can::View>, SystemPermit<can::ManageAccess>, GroupId),
    RemoveGroup(Permit<can::View>, SystemPermit<can::ManageAccess>, GroupId),
    EndOtherDevices(Permit<can::ManageSessions>),
    NewTwoStepPassword(Permit<can::EditTwoFactorPassword>),
    Person(SystemPermit<can::ManageAccess>, UserId, PersonAction),
}

impl AuthorizedAction {
    /// The action, if this person may do it.
    pub(super) fn for_account(
        rules: &Policy,
        actor: &Principal,
        account: &Account,
        action: &Action,
    ) -> Result<Self, Refusal> {
        let view = || decide::<can::View>(rules, actor, account);
        let access = || decide_system::<can::ManageAccess>(rules, actor);
        Ok(match action {
            Action::Connect => Self::Connect(decide(rules, actor, account)?),
            Action::Disconnect => Self::Disconnect(decide(rules, actor, account)?),
            Action::ChangeOwner { owner } => Self::ChangeOwner(view()?, access()?, owner.clone()),
            Action::AddGroup { group, .. } => Self::AddGroup(view()?, access()?, *group),
            Action::RemoveGroup { group, .. } => Self::RemoveGroup(view()?, access()?, *group),
            Action::EndOtherDevices => Self::EndOtherDevices(decide(rules, actor, account)?),
            Action::NewTwoStepPassword => Self::NewTwoStepPassword(decide(rules, actor, account)?),
            Action::Person(_) => return Err(Refusal::NotVisible),
        })
    }

    /// The action on a person, if this one may do it. What else it takes is decided when it is done.
    pub(super) fn for_person(
        rules: &Policy,
        actor: &Principal,
        user: UserId,
        action: &Action,
    ) -> Result<Self, ErrorCode> {
        match action {
            Action::Person(about) => {
                let permit = decide_system::<can::ManageAccess>(rules, actor)?;
                Ok(Self::Person(permit, user, about.clone()))
            }
            Action::Connect
            | Action::Disconnect
            | Action::ChangeOwner { .. }
            | Action::AddGroup { .. }
            | Action::RemoveGroup { .. }
            | Action::EndOtherDevices
            | Action::NewTwoStepPassword => Err(LineFault::SubjectGone.into()),
        }
    }

    /// Does it, with the function that a page would call.
    pub(super) async fn perform(&self, app: &App) -> Result<(), OpError> {
        match self {
            Self::Connect(permit) => accounts::connect(app, permit.grant()).await,
            Self::Disconnect(permit) => accounts::disconnect(app, permit.grant()).await,
            Self::ChangeOwner(view, access, owner) => {
                accounts::change_owner(app, view.grant(), access.grant(), owner.as_ref()).await
            }
            Self::AddGroup(view, access, group) => {
                edit(app, access, Edit::PutIn(view.grant().account(), *group)).await
            }
            Self::RemoveGroup(view, access, group) => {
                edit(app, access, Edit::TakeOut(view.grant().account(), *group)).await
            }
            Self::EndOtherDevices(permit) => devices::end_others(app, permit.grant()).await,
            Self::NewTwoStepPassword(permit) => {
                let wanted =
                    TwoStepChange { before: None, after: NewPassword::Generated, hint: String::new() };
                two_step::change(app, permit.grant(), wanted).await
            }
            Self::Person(permit, user, about) => {
                offboarding::perform(app, permit.grant(), *user, about).await
            }
        }
    }
}

async fn edit(app: &App, access: &SystemPermit<can::ManageAccess>, edit: Edit) -> Result<(), OpError> {
    let mut report = access::save(app, access.grant(), &[edit], None).await?;
    report.failed.pop().map_or(Ok(()), |failed| Err(OpError::Refused(failed.error)))
}
