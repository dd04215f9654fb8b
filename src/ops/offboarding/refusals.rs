//! What an access manager may not do about a person who leaves.

use crate::domain::access::{Policy, PolicyChange, Principal, Refusal, Subject, authorize_change, decide};
use crate::domain::device::DeviceError;
use crate::domain::error::ErrorCode;
use crate::domain::invite::Invite;
use crate::domain::privilege::can;
use crate::domain::{Account, RoleId};
use crate::ops::access::stripping;
use crate::ops::users::{self, UserChange};
use crate::ops::{App, OpError, accounts, invites};
use crate::store::users::User;
use crate::store::{self, Conn};

/// What the actor may not do with an account.
#[derive(Debug, Default)]
pub struct AccountRefusals {
    /// End its devices.
    pub devices: Option<ErrorCode>,
    /// Change its two-step password.
    pub password: Option<ErrorCode>,
    /// Take it from its owner.
    pub owner: Option<ErrorCode>,
}

/// Why nothing of a person may be taken back by this actor: people don't off-board themselves, nor the last administrator.
pub(super) async fn of_person(
    conn: &mut Conn<'_>,
    actor: &Principal,
    user: Option<&User>,
) -> Result<Option<ErrorCode>, OpError> {
    let Some(user) = user else { return Ok(None) };
    if matches!(actor, Principal::User(person) if person.id == user.id) {
        return Ok(Some(ErrorCode::OwnUser));
    }
    let is_last = user.admin && !user.disabled && store::users::count_other_admins(conn, user.id).await? == 0;
    Ok(is_last.then_some(ErrorCode::LastAdministrator))
}

pub(super) async fn of_change(
    app: &App,
    conn: &mut Conn<'_>,
    actor: &Principal,
    user: &User,
    change: UserChange,
) -> Result<Option<ErrorCode>, OpError> {
    refused(users::check(app, conn, actor, user, change).await)
}

pub(super) fn of_role(
    rules: &Policy,
    actor: &Principal,
    user: &User,
    (role, by_page): (RoleId, bool),
) -> Option<ErrorCode> {
    let subject = Subject { id: user.id, admin: user.admin };
    match authorize_change(rules, actor, PolicyChange::Take(subject, role)) {
        Err(why) => Some(why.into()),
        Ok(()) => (!by_page).then_some(ErrorCode::RoleFromProvider),
    }
}

pub(super) fn of_invite(rules: &Policy, actor: &Principal, invite: &Invite) -> Option<ErrorCode> {
    (!invites::manages(rules, actor, invite)).then_some(ErrorCode::AdministratorsOnly)
}

pub(super) async fn of_account(
    conn: &mut Conn<'_>,
    (actor, rules): (&Principal, &Policy),
    account: &Account,
) -> Result<AccountRefusals, OpError> {
    let owner = stripping::of_owner(conn, rules, actor, account).await?;
    Ok(AccountRefusals {
        devices: of_devices(rules, actor, account),
        password: of_password(rules, actor, account),
        owner: owner.map(ErrorCode::from),
    })
}

fn of_devices(rules: &Policy, actor: &Principal, account: &Account) -> Option<ErrorCode> {
    if account.identifier.is_bot() {
        return Some(DeviceError::OfBot.into());
    }
    decide::<can::ManageSessions>(rules, actor, account).err().map(Refusal::into)
}

fn of_password(rules: &Policy, actor: &Principal, account: &Account) -> Option<ErrorCode> {
    let is_bot = accounts::phone_of(account).err().map(|error| error.code());
    is_bot.or_else(|| decide::<can::EditTwoFactorPassword>(rules, actor, account).err().map(Refusal::into))
}

/// The refusal that an operation would answer with; other failures are failures.
fn refused(result: Result<(), OpError>) -> Result<Option<ErrorCode>, OpError> {
    match result {
        Ok(()) => Ok(None),
        Err(OpError::Refused(code) | OpError::Invalid { code, .. }) => Ok(Some(code)),
        Err(error) => Err(error),
    }
}
