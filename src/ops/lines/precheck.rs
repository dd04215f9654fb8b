//! What is known of a line before it is begun, without asking Telegram.

use super::authorized::AuthorizedAction;
use crate::domain::access::{Policy, PolicyChange, Principal, Refusal, authorize_change};
use crate::domain::device::DeviceError;
use crate::domain::error::{ErrorCode, GoneKind, TwoStepFault};
use crate::domain::job_line::{Action, LineFault};
use crate::domain::{Account, DesiredState, GroupId, Stage};
use crate::ops::access::stripping;
use crate::ops::accounts::{edit, phone_of};
use crate::ops::{App, OpError, offboarding};
use crate::store::users::User;
use crate::store::{self, Conn, StoreError};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Precheck {
    Ready,
    /// It may be refused for this reason. It is tried all the same.
    MayFail(ErrorCode),
    /// There is nothing to do.
    Unchanged,
    /// It can't be done, or not by this person. It is left out.
    Refused(ErrorCode),
}

impl Precheck {
    /// Whether the line becomes part of the job.
    pub const fn is_included(&self) -> bool {
        match self {
            Self::Ready | Self::MayFail(_) => true,
            Self::Unchanged | Self::Refused(_) => false,
        }
    }
}

/// Checks an action on an account that exists.
pub(super) async fn of(
    app: &App,
    conn: &mut Conn<'_>,
    (rules, actor): (&Policy, &Principal),
    account: &Account,
    action: &Action,
) -> Result<Precheck, OpError> {
    match AuthorizedAction::for_account(rules, actor, account, action) {
        Err(Refusal::NotVisible) => return Ok(Precheck::Refused(LineFault::SubjectGone.into())),
        Err(refusal) => return Ok(Precheck::Refused(refusal.into())),
        Ok(_) => {}
    }
    if is_done(app, account, action) {
        return Ok(Precheck::Unchanged);
    }
    if let Some(why) = refused(app, conn, (rules, actor), account, action).await? {
        return Ok(Precheck::Refused(why));
    }
    Ok(obstacle(app, conn, account, action).await?.map_or(Precheck::Ready, Precheck::MayFail))
}

/// The same for what is done about a person.
pub(super) async fn of_person(
    app: &App,
    conn: &mut Conn<'_>,
    (rules, actor): (&Policy, &Principal),
    user: Option<&User>,
    action: &Action,
) -> Result<Precheck, OpError> {
    let gone = Precheck::Refused(LineFault::SubjectGone.into());
    let (Some(user), Action::Person(about)) = (user, action) else { return Ok(gone) };
    if let Err(why) = AuthorizedAction::for_person(rules, actor, user.id, action) {
        return Ok(Precheck::Refused(why));
    }
    if offboarding::is_done(app, conn, user, about).await? {
        return Ok(Precheck::Unchanged);
    }
    let refused = offboarding::refused(app, conn, (rules, actor), user, about).await?;
    Ok(refused.map_or(Precheck::Ready, Precheck::Refused))
}

/// Whether there is nothing to do about a person.
pub(super) async fn is_person_done(
    app: &App,
    conn: &mut Conn<'_>,
    user: &User,
    action: &Action,
) -> Result<bool, StoreError> {
    let Action::Person(about) = action else { return Ok(false) };
    offboarding::is_done(app, conn, user, about).await
}

/// Whether there is nothing to do for this account.
pub(super) fn is_done(app: &App, account: &Account, action: &Action) -> bool {
    match action {
        // A client that could not run is started again.
        Action::Connect => {
            let entry = app.live.accounts.get(account.id);
            account.wanted == DesiredState::Connected
                && entry.is_some_and(|entry| !entry.snapshot.stage.can_connect())
        }
        Action::Disconnect => account.wanted == DesiredState::Disconnected,
        Action::ChangeOwner { owner } => account.owner == *owner,
        Action::AddGroup { group, .. } => account.groups.contains(group),
        Action::RemoveGroup { group, .. } => !account.groups.contains(group),
        Action::EndOtherDevices | Action::NewTwoStepPassword | Action::Person(_) => false,
    }
}

/// Why it can't be done, beyond the privileges that it takes.
async fn refused(
    app: &App,
    conn: &mut Conn<'_>,
    (rules, actor): (&Policy, &Principal),
    account: &Account,
    action: &Action,
) -> Result<Option<ErrorCode>, OpError> {
    if account.wanted == DesiredState::Removed {
        return Ok(Some(ErrorCode::AlreadyBeingRemoved));
    }
    match action {
        Action::Connect | Action::Disconnect | Action::Person(_) => Ok(None),
        Action::ChangeOwner { owner } => {
            let changed = (owner.as_ref(), account.groups.as_slice());
            match edit::authorize(app, conn, actor, account.id, changed).await {
                Ok(_) => Ok(None),
                Err(OpError::Invalid { code, .. } | OpError::Refused(code)) => Ok(Some(code)),
                Err(error) => Err(error),
            }
        }
        Action::AddGroup { group, .. } => {
            if is_gone(conn, *group).await? {
                return Ok(Some(ErrorCode::Gone { kind: GoneKind::Group }));
            }
            Ok(authorize_change(rules, actor, PolicyChange::Join(account, *group)).err().map(ErrorCode::from))
        }
        Action::RemoveGroup { group, .. } => {
            Ok(stripping::of_group(conn, rules, actor, *group).await?.map(ErrorCode::from))
        }
        Action::EndOtherDevices => {
            Ok(account.identifier.is_bot().then(|| ErrorCode::from(DeviceError::OfBot)))
        }
        Action::NewTwoStepPassword => Ok(phone_of(account).err().map(|error| error.code())),
    }
}

async fn is_gone(conn: &mut Conn<'_>, group: GroupId) -> Result<bool, StoreError> {
    Ok(store::groups::get(conn, group).await?.is_none())
}

/// What would refuse it at the moment. That may be over when the line is begun.
async fn obstacle(
    app: &App,
    conn: &mut Conn<'_>,
    account: &Account,
    action: &Action,
) -> Result<Option<ErrorCode>, StoreError> {
    match action {
        Action::Connect
        | Action::Disconnect
        | Action::ChangeOwner { .. }
        | Action::AddGroup { .. }
        | Action::RemoveGroup { .. }
        | Action::Person(_) => Ok(None),
        Action::EndOtherDevices => Ok(device_obstacle(app, account).map(ErrorCode::from)),
        Action::NewTwoStepPassword => password_obstacle(app, conn, account).await,
    }
}

fn is_ready(app: &App, account: &Account) -> bool {
    app.live.accounts.get(account.id).is_some_and(|entry| entry.snapshot.stage == Stage::Ready)
}

fn device_obstacle(app: &App, account: &Account) -> Option<DeviceError> {
    if !is_ready(app, account) {
        return Some(DeviceError::NotLoggedIn);
    }
    let from = app.live.devices.get(account.id)?.ends_others_from()?;
    (from > app.clock.now()).then_some(DeviceError::TooFresh { from: Some(from) })
}

async fn password_obstacle(
    app: &App,
    conn: &mut Conn<'_>,
    account: &Account,
) -> Result<Option<ErrorCode>, StoreError> {
    if !is_ready(app, account) {
        return Ok(Some(ErrorCode::TwoStep { fault: TwoStepFault::NotReady }));
    }
    if store::secrets::is_two_step_unsettled(conn, account.id).await? {
        return Ok(Some(ErrorCode::TwoStep { fault: TwoStepFault::Unsettled }));
    }
    Ok(match store::secrets::two_step_password(conn, account.id).await? {
        None => Some(LineFault::NoStoredPassword.into()),
        Some(fact) => fact.rejected_at.map(|_| LineFault::StoredPasswordWrong.into()),
    })
}
